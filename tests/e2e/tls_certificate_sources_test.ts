/** Where certificates and their keys come from: directories, key files, and blocks of the configuration. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { within } from "../support/eventually.ts";
import { startError } from "../support/start_error.ts";
import { testWith } from "../support/tools.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };

testWith(
  NEEDS,
  "--pem-dir serves all its files, and the first by name is the default",
  async () => {
    using folder = new Folder();
    const authority = await Authority.make();
    for (const name of ["b", "c", "a"]) await addTo(folder, authority, `pem/${name}.pem`, name);
    await using site = await TlsSite.start(["--pem-dir", `${folder.path}/pem`]);
    await expectCertificates(site, { a: "a", b: "b", c: "c", unknown: "a" });
  },
);

testWith(NEEDS, "--pem-dir-glob chooses the files; listed files go before them", async () => {
  using folder = new Folder();
  const authority = await Authority.make();
  for (const file of ["1.pem", "2.pem", "3.crt"]) {
    await addTo(folder, authority, `pem/${file}`, `n${file[0]}`);
  }
  folder.write("pem/README", "no certificate");
  const listed = await addTo(folder, authority, "listed.pem", "listed");
  const directory = ["--pem-dir", `${folder.path}/pem`, "--pem-dir-glob"];
  await using site = await TlsSite.start([...directory, "*.pem", listed]);
  const got = { n1: "n1", n2: "n2", n3: "listed", listed: "listed", unknown: "listed" };
  await expectCertificates(site, got);
  await site.stud[Symbol.asyncDispose]();
  const line = await startError([...directory, "*.key"]);
  assertStringIncludes(line, "*.key matches none of its 4 files");
});

testWith(NEEDS, "--private-key files find their certificates in any order", async () => {
  using folder = new Folder();
  const authority = await Authority.make();
  const names = ["one", "two", "three"];
  const issued = await Promise.all(
    names.map((name) =>
      authority.issue({ names: [`${name}.example`], keyType: name === "two" ? "rsa" : "ec" })
    ),
  );
  const certificates = issued.map(({ certificate }, at) => folder.write(names[at]!, certificate));
  const keys = issued.map(({ key }, at) => folder.write(`${names[at]}.key`, key));
  const args = keys.reverse().flatMap((key) => ["--private-key", key]);
  await using site = await TlsSite.start([...args, ...certificates]);
  await expectCertificates(site, { one: "one", two: "two", three: "three", unknown: "three" });
});

testWith(NEEDS, "pem-file blocks name certificate and key, and mix with plain files", async () => {
  using folder = new Folder();
  const authority = await Authority.make();
  const [one, two] = [
    await authority.issue({ names: ["one.example"] }),
    await authority.issue({ names: ["two.example"], keyType: "rsa" }),
  ];
  const plain = await addTo(folder, authority, "plain.pem", "plain");
  const configuration = folder.write(
    "stud.conf",
    `
pem-file = {
  cert = "${folder.write("one.crt", one.certificate)}"
  private-key = "${folder.write("one.key", one.key)}"
}
pem-file = "${plain}"
pem-file = {
  cert = ${folder.write("two.crt", two.certificate)}
  private-key = ${folder.write("two.key", two.key)}
}
`,
  );
  await using site = await TlsSite.start(["--config", configuration]);
  const got = { one: "one", two: "two", plain: "plain", unknown: "two" };
  await expectCertificates(site, got);
});

testWith(NEEDS, "of 300 certificates in a directory each name gets its own", async () => {
  using folder = new Folder();
  const authority = await Authority.make();
  const names = Array.from({ length: 300 }, (_, at) => `n${String(at).padStart(3, "0")}`);
  for (const name of names) await addTo(folder, authority, `pem/${name}.pem`, name);
  await using site = await TlsSite.start(["--pem-dir", `${folder.path}/pem`, "-n", "2"]);
  const waiting = [...names];
  await Promise.all(Array.from({ length: 3 }, async () => {
    for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
      await expectTrusted(site.port, `${name}.example`, authority.certificate);
    }
  }));
  await expectCertificates(site, { unknown: "n000", n299: "n299", n000: "n000" });
});

/** Puts a certificate for `NAME.example` with its key into a file, and returns its path. */
async function addTo(
  folder: Folder,
  authority: Authority,
  file: string,
  name: string,
): Promise<string> {
  return folder.write(file, (await authority.issue({ names: [`${name}.example`] })).pem);
}

/** Fails unless a client that asks for the name gets a certificate that is for it. */
async function expectTrusted(port: number, name: string, authority: string): Promise<void> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  using client = await Deno.startTls(conn, { hostname: name, caCerts: [authority] });
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
