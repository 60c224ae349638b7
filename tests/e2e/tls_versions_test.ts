/** TLS versions: which clients are served under --tls-protos, --ssl and neither, and what the log says. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { startError } from "../support/start_error.ts";
import { testWith } from "../support/tools.ts";
import { TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const NAME = "one.example";
const OLD = ["-cipher", "DEFAULT@SECLEVEL=0"];

const VERSIONS: Readonly<Record<string, string[]>> = {
  "TLSv1": ["-tls1", ...OLD],
  "TLSv1.1": ["-tls1_1", ...OLD],
  "TLSv1.2": ["-tls1_2"],
  "TLSv1.3": ["-tls1_3"],
};

/** Options of stud, and the versions that it then speaks. */
const CASES: readonly (readonly [options: string[], versions: string[]])[] = [
  [[], ["TLSv1.2", "TLSv1.3"]],
  [["--tls"], ["TLSv1.2", "TLSv1.3"]],
  [["--tls-protos", "TLSv1.3"], ["TLSv1.3"]],
  [["--tls-protos", "TLSv1.2"], ["TLSv1.2"]],
  [["--tls-protos", "TLSv1.1,TLSv1.2"], ["TLSv1.1", "TLSv1.2"]],
  [["--tls-protos", "TLSv1.1 TLSv1.3"], ["TLSv1.1", "TLSv1.3"]],
  [["--ssl"], ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]],
];

for (const [options, versions] of CASES) {
  const what = options.join(" ") || "without options";
  testWith(NEEDS, `${what}: ${versions.join(", ")}`, async () => {
    await using site = await start(options);
    for (const [version, args] of Object.entries(VERSIONS)) {
      const { served, protocol, stderr, report } = await site.handshake(NAME, args);
      assertEquals([version, served], [version, versions.includes(version)], report);
      // protocol_version; of lower versions that stud offers, it is the client that does not want them.
      if (versions.every((allowed) => allowed > version)) {
        assertStringIncludes(stderr, "alert number 70", report);
      }
      if (served) assertEquals(protocol, version, report);
    }
    if (versions.length < 4) {
      await site.stud.output(
        /handshake failed: the client offers no TLS version that stud allows \(client 127\.0\.0\.1:\d+ .* for one\.example[;)]/,
      );
    }
    const explained =
      /warning: TLSv1\.\d.* needs? SHA-1 signatures, so OpenSSL's security level is/;
    const old = versions.some((version) => version === "TLSv1" || version === "TLSv1.1");
    assertEquals(explained.test(site.stud.stderr), old, site.stud.report());
  });
}

testWith(NEEDS, "@SECLEVEL in -c stands above the level that old versions would get", async () => {
  await using site = await start(["--ssl", "-c", "DEFAULT@SECLEVEL=1"]);
  assert(!(await site.handshake(NAME, VERSIONS["TLSv1.1"])).served, site.stud.report());
  assert((await site.handshake(NAME, VERSIONS["TLSv1.2"])).served, site.stud.report());
  assert(!site.stud.stderr.includes("SHA-1"), site.stud.report());
});

testWith(NEEDS, "a new client is not led back to an old version", async () => {
  await using site = await start(["--ssl"]);
  const { served, protocol, report } = await site.handshake(NAME);
  assertEquals([served, protocol], [true, "TLSv1.3"], report);
  const back = await site.handshake(NAME, [...VERSIONS["TLSv1.1"]!, "-fallback_scsv"]);
  assert(!back.served, back.report);
  await site.stud.output(/handshake failed: the client fell back to an older TLS version/);
});

Deno.test("SSLv3 is refused in words, wherever it is asked for", async () => {
  for (const list of ["SSLv3", "TLSv1.2,SSLv3", "sslv3 TLSv1.3"]) {
    const line = await startError(["--self-signed", "--tls-protos", list]);
    for (const words of ["--tls-protos", "SSLv3 is broken"]) {
      assertStringIncludes(line, words);
    }
  }
});

function start(options: readonly string[]): Promise<TlsSite> {
  return TlsSite.start([...options, `--self-signed=${NAME}`]);
}
