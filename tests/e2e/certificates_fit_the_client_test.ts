/** A client gets, by its name, the closest certificate that it can verify; by `openssl s_client`, in both versions. */

import { assertEquals } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { Backend, echo } from "../support/backend.ts";
import { type PemFile, pemFile } from "../support/certificates.ts";
import { BY_OPENSSL, Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/** What makes a client verify one kind of keys only. */
const ONLY: Readonly<Record<string, readonly string[]>> = {
  "RSA, TLS 1.3": ["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"],
  "ECDSA, TLS 1.3": ["-tls1_3", "-sigalgs", "ecdsa_secp256r1_sha256"],
  "RSA, by schemes": ["-tls1_2", "-sigalgs", "RSA+SHA256:rsa_pss_rsae_sha256"],
  "RSA, by ciphers": ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"],
  "ECDSA, by ciphers": ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"],
};

/** The common name of the certificate that the client is shown, or the alert. */
async function shown(port: number, name: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await new Deno.Command("openssl", {
    args: ["s_client", "-connect", `127.0.0.1:${port}`, "-servername", name, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return /^subject=CN ?= ?(.*)$/m.exec(text)?.[1] ?? /alert number \d+/.exec(text)?.[0] ?? text;
}

for (const [exact, wildcard] of [["ec", "rsa"], ["rsa", "ec"]] as const) {
  testWith(
    { tools: ["openssl"], linux: true },
    `an exact ${exact} name and a wildcard of ${wildcard}: each client gets what it can verify`,
    async () => {
      const authority = await Authority.make();
      const files: PemFile[] = [];
      const issue = async (commonName: string, keyType: "rsa" | "ec", names: string[]) => {
        files.push(pemFile((await authority.issue({ commonName, keyType, names })).pem));
      };
      await issue("exact", exact, ["a.example"]);
      await issue("b.example", exact, []);
      await issue("wildcard", wildcard, ["*.example"]);
      await issue("default", exact, ["other.test"]);
      try {
        await using backend = Backend.serve(echo);
        const pems = files.map(({ path }) => path);
        await using stud = await Stud.start([
          ...["-n", "1", BY_OPENSSL, "-f", "127.0.0.1,0", "-b", backend.address, ...pems],
        ]);
        const type = { ec: "ECDSA", rsa: "RSA" };
        for (const [what, args] of Object.entries(ONLY)) {
          const isExact = what.startsWith(type[exact]);
          assertEquals(await shown(stud.port, "a.example", args), isExact ? "exact" : "wildcard");
          assertEquals(
            await shown(stud.port, "b.example", args),
            isExact ? "b.example" : "wildcard",
          );
          assertEquals(await shown(stud.port, "c.example", args), isExact ? "default" : "wildcard");
          assertEquals(
            await shown(stud.port, "no.where", args),
            isExact ? "default" : "alert number 40",
          );
        }
        for (const version of ["-tls1_2", "-tls1_3"]) {
          assertEquals(await shown(stud.port, "a.example", [version]), "exact");
          assertEquals(await shown(stud.port, "c.example", [version]), "wildcard");
        }
      } finally {
        for (const file of files) file[Symbol.dispose]();
      }
    },
  );
}
