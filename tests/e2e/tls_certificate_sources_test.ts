/**
 * Where certificates and their keys come from: directories, key files, and blocks of the configuration. One stud has a
 * directory, chosen by names, beside files whose keys are elsewhere, and blocks.
 */

import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { within } from "../support/eventually.ts";
import { Shared } from "../support/shared.ts";
import { startError } from "../support/start_error.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };

const shared = new Shared(() => Sources.start());

shared.test(
  NEEDS,
  "--pem-dir-glob chooses the files; listed files go before them",
  async (sources) => {
    await expectCertificates(sources.site, { n1: "n1", n2: "n2", n3: "three", unknown: "three" });
    const directory = ["--pem-dir", `${sources.folder.path}/pem`];
    const line = await startError([BY_OPENSSL, ...directory, "--pem-dir-glob", "*.key"]);
    assertStringIncludes(line, "*.key matches none of its 4 files");
  },
);

shared.test(NEEDS, "--private-key files find their certificates in any order", async ({ site }) => {
  const got = { one: "one", two: "two", three: "three", unknown: "three" };
  await expectCertificates(site, got);
});

shared.test(
  NEEDS,
  "pem-file blocks name certificate and key, and mix with plain files",
  async ({ site }) => {
    const got = { first: "first", last: "last", plain: "plain" };
    await expectCertificates(site, got);
  },
);

shared.test(
  NEEDS,
  "--pem-dir serves all its 150 files, and the first by name is the default",
  async () => {
    using folder = new Folder();
    const names = Array.from({ length: 150 }, (_, at) => `n${String(at).padStart(3, "0")}`);
    const made = new Map<string, string>();
    // In the folder the first is neither the first nor the last.
    for (const name of [...names.slice(70), ...names.slice(0, 70)]) {
      const pem = await makeSelfSigned(`${name}.example`, new Date());
      made.set(name, pem);
      folder.write(`pem/${name}.pem`, pem);
    }
    await using site = await TlsSite.start(["--pem-dir", `${folder.path}/pem`, "-n", "2"]);
    const waiting = [...made];
    await Promise.all(Array.from({ length: 3 }, async () => {
      for (let next; (next = waiting.pop()) !== undefined;) await expectTrusted(site.port, ...next);
    }));
    await expectCertificates(site, { unknown: "n000", n149: "n149", n000: "n000" });
  },
);

/** A stud with certificates from everywhere. */
class Sources extends SharedTlsSite {
  static async start(): Promise<Sources> {
    const folder = new Folder();
    const authority = await Authority.make();
    for (const file of ["1.pem", "2.pem", "3.crt"]) {
      await addTo(folder, authority, `pem/${file}`, `n${file[0]}`);
    }
    folder.write("pem/README", "no certificate");
    const pairs = new Map<string, { certificate: string; key: string }>();
    for (const name of ["one", "two", "three", "first", "last"]) {
      const keyType = name === "two" || name === "last" ? "rsa" : "ec";
      const { certificate, key } = await authority.issue({ names: [`${name}.example`], keyType });
      pairs.set(name, {
        certificate: folder.write(`${name}.crt`, certificate),
        key: folder.write(`${name}.key`, key),
      });
    }
    const block = (name: string) => {
      const { certificate, key } = pairs.get(name)!;
      return `pem-file = {\n cert = ${certificate}\n private-key = "${key}"\n}\n`;
    };
    const plain = await addTo(folder, authority, "plain.pem", "plain");
    const blocks = `${block("first")}pem-file = "${plain}"\n${block("last")}`;
    const listed = ["one", "two", "three"].map((name) => pairs.get(name)!);
    const files = listed.map(({ certificate }) => `pem-file = "${certificate}"\n`);
    const site = await TlsSite.start([
      ...["--config", folder.write("stud.conf", blocks + files.join(""))],
      ...listed.toReversed().flatMap(({ key }) => ["--private-key", key]),
      ...["--pem-dir", `${folder.path}/pem`, "--pem-dir-glob", "*.pem"],
    ]);
    return new Sources(site, folder);
  }
}

/** Puts a certificate for `NAME.example` with its key into a file, and returns its path. */
async function addTo(
  folder: Folder,
  authority: Authority,
  file: string,
  name: string,
): Promise<string> {
  return folder.write(file, (await authority.issue({ names: [`${name}.example`] })).pem);
}

/** Fails unless a client that asks for `NAME.example` gets that certificate. */
async function expectTrusted(port: number, name: string, pem: string): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  using client = await Deno.startTls(conn, { hostname: `${name}.example`, caCerts: [pem] });
  await within(15_000, `the handshake for ${name}`, client.handshake());
}

/** For each name (without `.example`) that a client asks for, whose certificate it must get. */
async function expectCertificates(
  site: TlsSite,
  expected: Readonly<Record<string, string>>,
): Promise<void> {
  for (const [asked, got] of Object.entries(expected)) {
    const { served, certificate, report } = await site.handshake(`${asked}.example`);
    assertEquals([asked, served, certificate], [asked, true, `${got}.example`], report);
  }
}
