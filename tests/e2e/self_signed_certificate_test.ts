/** `--self-signed[=NAME]`: a certificate for trials, made at the start, with a warning. */

import "reflect-metadata"; // A dependency of the library insists on it.
import { SubjectAlternativeNameExtension, X509Certificate } from "@peculiar/x509";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"] };

testWith(
  NEEDS,
  "--self-signed has all workers serve one certificate for localhost and its addresses, and warns",
  async () => {
    const workers = Deno.build.os === "linux" ? "2" : "1";
    await using stud = await Stud.start(["--self-signed", "-f", "127.0.0.1,0", "-n", workers]);
    await stud.output(/warning: --self-signed: made a certificate for localhost in memory/);
    const served = await Promise.all(
      Array.from({ length: 12 }, () => servedCertificate(stud.port)),
    );
    assertEquals(new Set(served.map(({ serialNumber }) => serialNumber)).size, 1);
    const [certificate] = served;
    assertEquals([certificate!.subject, certificate!.issuer], ["CN=localhost", "CN=localhost"]);
    assertEquals(names(certificate!), ["dns localhost", "ip 127.0.0.1", "ip ::1"]);
    const now = new Date();
    assert(certificate!.notBefore <= now && certificate!.notAfter > now);
  },
);

testWith(
  NEEDS,
  "--self-signed=NAME serves a certificate for that name, another at each start",
  async () => {
    const served = [];
    for (
      const [name, alternative] of [
        ["*.tls.example", "dns *.tls.example"],
        ["2001:db8::7", "ip 2001:db8::7"],
      ] as const
    ) {
      await using stud = await Stud.start([`--self-signed=${name}`, "-f", "127.0.0.1,0"]);
      const certificate = await servedCertificate(stud.port);
      assertEquals(certificate.subject, `CN=${name}`);
      assertEquals(names(certificate), [alternative]);
      assertStringIncludes(stud.stderr, `made a certificate for ${name} in memory`);
      served.push(certificate);
    }
    const [one, other] = served;
    assert(one!.serialNumber !== other!.serialNumber);
    assert(one!.publicKey.toString() !== other!.publicKey.toString());
  },
);

/** The certificate's names, with addresses as RFC 5952 writes them. */
function names(certificate: X509Certificate): string[] {
  const { names } = certificate.getExtension(SubjectAlternativeNameExtension)!;
  return names.items.map(({ type, value }) => {
    if (type !== "ip" || !value.includes(":")) return `${type} ${value}`;
    return `ip ${new URL(`http://[${value}]/`).hostname.slice(1, -1)}`;
  });
}

/** What a client is shown. */
async function servedCertificate(port: number): Promise<X509Certificate> {
  const { stdout, stderr } = await new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${port}`],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const pem = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/.exec(text)?.[0];
  assert(pem !== undefined, text + new TextDecoder().decode(stderr));
  return new X509Certificate(pem);
}
