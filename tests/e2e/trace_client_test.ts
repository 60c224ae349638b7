/** --trace-client: every step of the handshakes of some clients is logged, for some time. */

import { assert } from "../support/assert.ts";
import { testWith } from "../support/tools.ts";
import { TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const NAME = "one.example";

testWith(
  NEEDS,
  "each step of a client's handshake is a line, and then the trace ends",
  async () => {
    await using site = await TlsSite.start([
      ...[`--self-signed=${NAME}`, "--trace-client=127.0.0.0/8", "--for=15s"],
    ]);
    const { stud } = site;
    await stud.output(/worker 1: tracing handshakes of 127\.0\.0\.0\/8 for 15 s$/m);
    const good = await site.handshake(NAME, ["-tls1_3"]);
    assert(good.served, good.report);
    await stud.output(/trace: client 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+: accepted$/m);
    await stud.output(
      /trace: client .* for one\.example: gets the certificate \S+ \(one\.example\)$/m,
    );
    await stud.output(/: sent a ClientHello of \d+ bytes: offers TLSv1\.3, .*, JA4 t13d/);
    await stud.output(/: handshake done after \d+\.\d ms: TLSv1\.3, TLS_AES_\w+, [xX]?\w+/);
    await site.handshake(NAME, ["-tls1_3", "-groups", "P-521"]);
    await stud.output(/: handshake failed after \d+\.\d ms: no-shared-group: .*; the library: no /);
    await stud.output(/worker 1: no longer tracing handshakes of 127\.0\.0\.0\/8$/m, 30_000);
    const before = stud.stdout.split("trace: ").length;
    await site.handshake(NAME, ["-tls1_3"]);
    assert(stud.stdout.split("trace: ").length === before, stud.report());
  },
);

testWith(NEEDS, "clients of other networks are not traced", async () => {
  await using site = await TlsSite.start([`--self-signed=${NAME}`, "--trace-client=192.0.2.0/24"]);
  await site.stud.output(/tracing handshakes of 192\.0\.2\.0\/24 for 600 s/);
  const good = await site.handshake(NAME, ["-tls1_3"]);
  assert(good.served, good.report);
  assert(!site.stud.stdout.includes("trace: "), site.stud.report());
});
