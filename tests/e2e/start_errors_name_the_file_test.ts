/** Faults in the PEM file: each is one line that names the file and the cause, with status 1. */

import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { pemFile, temporaryPem } from "../support/certificates.ts";
import { startError, startErrorInProcess } from "../support/start_error.ts";
import { byLibrary, Stud } from "../support/stud.ts";
import { connectTls } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

/** Refuses a file with this text, naming the file and every one of the words. */
async function refuses(text: string, ...words: string[]): Promise<void> {
  using file = pemFile(text);
  const line = await startErrorInProcess([file.path]);
  assert(line.startsWith(`${file.path}: `), line);
  for (const word of words) assertStringIncludes(line, word);
}

Deno.test("a PEM file that is empty, or no PEM at all, is refused", async () => {
  await refuses("", "empty");
  await refuses("\n\n", "empty");
  await refuses("certificate\n", "not a PEM file");
});

Deno.test("a truncated PEM file is refused", async () => {
  using pem = await temporaryPem();
  await refuses(pem.certificate.slice(0, 200), "CERTIFICATE", "no end", "truncated");
  await refuses(pem.text.slice(0, -30), "PRIVATE KEY", "no end", "truncated");
});

Deno.test("a PEM file without a key, or without a certificate, is refused", async () => {
  using pem = await temporaryPem();
  await refuses(pem.certificate, "no private key");
  await refuses(pem.text.slice(pem.certificate.length), "no certificate");
});

testWith(
  { tools: ["openssl"] },
  "an encrypted key is refused with the way to decrypt it",
  async () => {
    using pem = await temporaryPem();
    const { stdout } = await new Deno.Command("openssl", {
      args: ["pkey", "-aes256", "-passout", "pass:secret", "-in", pem.path],
      stderr: "null",
    }).output();
    const encrypted = new TextDecoder().decode(stdout);
    assertStringIncludes(encrypted, "BEGIN ENCRYPTED PRIVATE KEY");
    await refuses(`${pem.certificate}${encrypted}`, "encrypted", "openssl pkey -in ");
  },
);

Deno.test("the key of another certificate is refused", async () => {
  using pem = await temporaryPem();
  const other = await makeSelfSigned("localhost", new Date());
  const itsKey = other.slice(other.indexOf("-----BEGIN PRIVATE KEY"));
  await refuses(`${pem.certificate}${itsKey}`, "does not belong to the certificate");
});

testWith(
  { tools: ["openssl"], keepsResources: true },
  "a key that the TLS library does not take is refused by name, by -t too",
  async () => {
    const folder = await Deno.makeTempDir();
    const [key, certificate] = [`${folder}/key.pem`, `${folder}/certificate.pem`];
    // Some of Node's have a lower security level than those of systems.
    const weakBits = byLibrary({ rustls: 1024, openssl: 1024, node: 512 });
    const order =
      `req -x509 -newkey rsa:${weakBits} -nodes -subj /CN=short -keyout ${key} -out ${certificate}`;
    await new Deno.Command("openssl", { args: order.split(" "), stderr: "null" }).output();
    using file = pemFile(Deno.readTextFileSync(certificate) + Deno.readTextFileSync(key));
    await Deno.remove(folder, { recursive: true });
    const args = ["-f", "127.0.0.1,0", file.path];
    for (const line of [await startError(args), await startErrorInProcess(["-t", ...args])]) {
      const refusal = byLibrary({
        rustls: "rustls cannot serve",
        openssl: "the certificate: OpenSSL refuses it: ee key too small",
      });
      assert(line.startsWith(`${file.path}: ${refusal}`), line);
    }
  },
);

Deno.test("a damaged certificate and a damaged key are refused", async () => {
  using pem = await temporaryPem();
  const key = pem.text.slice(pem.certificate.length);
  await refuses(damaged(pem.certificate) + key, "certificate 1 in it (line 1) is damaged");
  await refuses(pem.certificate + damaged(key), "the private key (line ", ") is damaged");
});

Deno.test("a PEM file that is missing or a directory is refused", async () => {
  assertEquals(await startError(["/no/such/cert.pem"]), "/no/such/cert.pem: no such file");
  assertEquals(await startErrorInProcess(["/etc"]), "/etc: is a directory, not a file");
});

testWith(
  { tools: ["setpriv"], root: true, linux: true },
  "a PEM file that may not be read is refused",
  async () => {
    using pem = await temporaryPem();
    Deno.chownSync(pem.path, 65_534, 65_534);
    // Root without the right to read what belongs to others.
    const prefix = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
    assertEquals(await startError([pem.path], { prefix }), `${pem.path}: permission denied`);
  },
);

Deno.test("an expired certificate is served, with a warning", async () => {
  using pem = pemFile(await makeSelfSigned("localhost", new Date("2020-01-01")));
  await using backend = Backend.serve(echo);
  await using stud = await Stud.start(["-f", "127.0.0.1,0", "-b", backend.address, pem.path]);
  await stud.output(/ warning: \S+: the certificate expired on 2020-12-31T/);
  assertStringIncludes(stud.stderr, pem.path);
  // The client, and nobody else, finds fault with it.
  const refusal = await connectTls(stud.port, pem).then((conn) => conn.close(), String);
  assert(/expired/i.test(String(refusal)), String(refusal));
});

/** The block's octets stop being DER. */
function damaged(block: string): string {
  const [first, , ...rest] = block.split("\n");
  return [first, "AAAA", ...rest].join("\n");
}
