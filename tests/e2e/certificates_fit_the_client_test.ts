/** A client gets, by its name, the closest certificate that it can verify; by `openssl s_client`, in both versions. */

import { assertEquals } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { NO_AUTHORITIES } from "../support/handshake.ts";
import { Shared } from "../support/shared.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

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
    args: [
      ...["s_client", "-connect", `127.0.0.1:${port}`, "-servername", name, ...NO_AUTHORITIES],
      ...args,
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  return /^subject=CN ?= ?(.*)$/m.exec(text)?.[1] ?? /alert number \d+/.exec(text)?.[0] ?? text;
}

/** Which type of certificate is for the exact names, and which for the wildcard. */
const TYPES = [["ec", "rsa"], ["rsa", "ec"]] as const;

const shared = new Shared(() => Names.start());

for (const [exact, wildcard] of TYPES) {
  shared.test(
    { tools: ["openssl"], linux: true },
    `an exact ${exact} name and a wildcard of ${wildcard}: each client gets what it can verify`,
    async ({ site }) => {
      const { port } = site.at(exact);
      const type = { ec: "ECDSA", rsa: "RSA" };
      for (const [what, args] of Object.entries(ONLY)) {
        const isExact = what.startsWith(type[exact]);
        assertEquals(await shown(port, "a.example", args), isExact ? "exact" : "wildcard");
        assertEquals(await shown(port, "b.example", args), isExact ? "b.example" : "wildcard");
        assertEquals(await shown(port, "c.example", args), isExact ? "default" : "wildcard");
        assertEquals(await shown(port, "no.where", args), isExact ? "default" : "alert number 40");
      }
      for (const version of ["-tls1_2", "-tls1_3"]) {
        assertEquals(await shown(port, "a.example", [version]), "exact");
        assertEquals(await shown(port, "c.example", [version]), "wildcard");
      }
    },
  );
}

/** A stud with a frontend for each of {@linkcode TYPES}, by the type of its exact names. */
class Names extends SharedTlsSite {
  static async start(): Promise<Names> {
    const folder = new Folder();
    const authority = await Authority.make();
    const frontends: Record<string, string> = {};
    for (const [exact, wildcard] of TYPES) {
      const line = async (commonName: string, keyType: "rsa" | "ec", names: string[]) => {
        const { pem } = await authority.issue({ commonName, keyType, names });
        return `pem-file = "${folder.write(`${exact}/${commonName}`, pem)}"\n`;
      };
      frontends[exact] = [
        await line("exact", exact, ["a.example"]),
        await line("b.example", exact, []),
        await line("wildcard", wildcard, ["*.example"]),
        await line("default", exact, ["other.test"]),
      ].join("");
    }
    return new Names(await TlsSite.startFrontends(folder, frontends), folder);
  }
}
