/**
 * TLS versions: which clients are served under --tls-protos, --ssl and neither, and what the log says. Each choice has a
 * frontend of one stud.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Shared } from "../support/shared.ts";
import { startError } from "../support/start_error.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const NAME = "one.example";
const OLD = ["-cipher", "DEFAULT@SECLEVEL=0"];

const VERSIONS: Readonly<Record<string, string[]>> = {
  "TLSv1": ["-tls1", ...OLD],
  "TLSv1.1": ["-tls1_1", ...OLD],
  "TLSv1.2": ["-tls1_2"],
  "TLSv1.3": ["-tls1_3"],
};

/** Keys of a frontend, and the versions that it then speaks. */
const CASES: readonly (readonly [keys: string, versions: string[]])[] = [
  ["", ["TLSv1.2", "TLSv1.3"]],
  ["tls = on", ["TLSv1.2", "TLSv1.3"]],
  ['tls-protos = "TLSv1.3"', ["TLSv1.3"]],
  ['tls-protos = "TLSv1.2"', ["TLSv1.2"]],
  ['tls-protos = "TLSv1.1,TLSv1.2"', ["TLSv1.1", "TLSv1.2"]],
  ['tls-protos = "TLSv1.1 TLSv1.3"', ["TLSv1.1", "TLSv1.3"]],
  ["ssl = on", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]],
];
const WITH_LEVEL = 'tls-protos = "TLSv1.0,TLSv1.2" ciphers = "DEFAULT@SECLEVEL=1"';

const shared = new Shared(() => Versions.start());

for (const [keys, versions] of CASES) {
  const what = keys || "without options";
  shared.test(NEEDS, `${what}: ${versions.join(", ")}`, async ({ site }) => {
    for (const [version, args] of Object.entries(VERSIONS)) {
      const { served, protocol, stderr, report } = await site.at(keys).handshake(NAME, args);
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
  });
}

shared.test(
  NEEDS,
  "the log explains what old versions need, and nothing else",
  async ({ site }) => {
    const explained =
      /warning: (TLSv1\.\d.*) needs? SHA-1 signatures, so OpenSSL's security level is/g;
    await site.stud.everOutput(/TLSv1\.0 and TLSv1\.1 need SHA-1/);
    const found = [...site.stud.history.matchAll(explained)].map(([, versions]) => versions);
    assertEquals(found, ["TLSv1.1", "TLSv1.0 and TLSv1.1"], site.stud.history);
  },
);

shared.test(
  NEEDS,
  "@SECLEVEL in -c stands above the level that old versions would get",
  async ({ site }) => {
    const frontend = site.at(WITH_LEVEL);
    assert(!(await frontend.handshake(NAME, VERSIONS["TLSv1"])).served, site.stud.report());
    assert((await frontend.handshake(NAME, VERSIONS["TLSv1.2"])).served, site.stud.report());
  },
);

shared.test(NEEDS, "a new client is not led back to an old version", async ({ site }) => {
  const frontend = site.at("ssl = on");
  const { served, protocol, report } = await frontend.handshake(NAME);
  assertEquals([served, protocol], [true, "TLSv1.3"], report);
  const back = await frontend.handshake(NAME, [...VERSIONS["TLSv1.1"]!, "-fallback_scsv"]);
  assert(!back.served, back.report);
  await site.stud.output(/handshake failed: the client fell back to an older TLS version/);
});

Deno.test("SSLv3 is refused in words", async () => {
  const line = await startError(["--self-signed", "--tls-protos", "TLSv1.2,SSLv3"]);
  for (const words of ["--tls-protos", "SSLv3 is broken"]) assertStringIncludes(line, words);
});

/** A stud with a frontend for each of {@linkcode CASES}. */
class Versions extends SharedTlsSite {
  static async start(): Promise<Versions> {
    const folder = new Folder();
    const frontends = Object.fromEntries(CASES.map(([keys]) => [keys, keys]));
    const blocks = { ...frontends, [WITH_LEVEL]: WITH_LEVEL };
    const args = [`--self-signed=${NAME}`];
    return new Versions(await TlsSite.startFrontends(folder, blocks, { args }), folder);
  }
}
