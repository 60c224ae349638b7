/** --trace-client: every step of the handshakes of some clients is logged, for some time. */

import { assert, assertEquals } from "../support/assert.ts";
import { testWith } from "../support/tools.ts";
import { TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const NAME = "one.example";

const steps =
  "each step of a client's handshake is a line, others are not traced, and then the trace ends";
testWith(NEEDS, steps, async () => {
  await using site = await TlsSite.start([
    ...[`--self-signed=${NAME}`, "--trace-client=127.0.0.2/31", "--for=15s"],
  ]);
  const { stud } = site;
  const traced = (...args: string[]) => site.handshake(NAME, ["-bind", "127.0.0.2", ...args]);
  const traces = () => stud.stdout.split("trace: ").length - 1;
  await stud.output(/worker 1: tracing handshakes of 127\.0\.0\.2\/31 for 15 s$/m);
  const other = await site.handshake(NAME, ["-tls1_3"]);
  assert(other.served, other.report);
  const good = await traced("-tls1_3");
  assert(good.served, good.report);
  await stud.output(/trace: client 127\.0\.0\.2:\d+ to 127\.0\.0\.1:\d+: accepted$/m);
  await stud.output(
    /trace: client .* for one\.example: gets the certificate \S+ \(one\.example\)$/m,
  );
  await stud.output(/: sent a ClientHello of \d+ bytes: offers TLSv1\.3, .*, JA4 t13d/);
  await stud.output(/: handshake done after \d+\.\d ms: TLSv1\.3, TLS_AES_\w+, [xX]?\w+/);
  await traced("-tls1_3", "-groups", "P-521");
  await stud.output(/: handshake failed after \d+\.\d ms: no-shared-group: .*; the library: no /);
  assert(!stud.stdout.includes("trace: client 127.0.0.1:"), `of another\n${stud.report()}`);
  await stud.output(/worker 1: no longer tracing handshakes of 127\.0\.0\.2\/31$/m, 30_000);
  const before = traces();
  await traced("-tls1_3");
  assertEquals(traces(), before, `after its end\n${stud.report()}`);
});
