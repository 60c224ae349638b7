/**
 * RSA and ECDSA certificates for one name, side by side: every client gets the one it can verify. Each set of certificates
 * has a frontend of one stud.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { curl } from "../support/handshake.ts";
import { Shared } from "../support/shared.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NAME = "both.example";

/** Arguments of s_client, and the certificate it then gets. */
const CLIENTS: readonly (readonly [args: string[], certificate: string])[] = [
  [["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"], "rsa"],
  [["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], "ec"],
  [["-tls1_2", "-sigalgs", "RSA+SHA256:RSA-PSS+SHA256"], "rsa"],
  [["-tls1_2", "-sigalgs", "ECDSA+SHA256"], "ec"],
  [["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256:RSA+SHA256"], "rsa"],
  [["-tls1_3", "-sigalgs", "ecdsa_secp256r1_sha256"], "ec"],
];

/** The same with TLS 1.2 of curl's. */
const CIPHERS: Readonly<Record<string, string>> = {
  "ECDHE-RSA-AES128-GCM-SHA256": "rsa",
  "ECDHE-ECDSA-AES128-GCM-SHA256": "ec",
};

const ORDERS = [["rsa", "ec"], ["ec", "rsa"]] as const;

const shared = new Shared(() => Types.start());

for (const order of ORDERS) {
  shared.test(
    { tools: ["openssl", "curl"], linux: true },
    `of ${order.join(" and ")} certificates for one name each client gets the right one`,
    async ({ site, folder }) => {
      const frontend = site.at(order.join());
      for (const [args, expected] of CLIENTS) {
        const { served, certificate, report } = await frontend.handshake(NAME, args);
        assertEquals([args, served, certificate], [args, true, expected], report);
      }
      for (const [cipher, expected] of Object.entries(CIPHERS)) {
        const args = ["--tls-max", "1.2", "--ciphers", cipher];
        const client = await curl(frontend.port, NAME, `${folder.path}/authority`, args);
        assertEquals(client.stdout, "served\n", client.report());
        assertStringIncludes(client.stderr, cipher);
        assert(new RegExp(`subject: CN=${expected}\\b`).test(client.stderr), client.report());
      }
    },
  );
}

shared.test(
  { tools: ["openssl"], linux: true },
  "clients that ask for no name get the default of either type",
  async ({ site }) => {
    for (const asked of [undefined, "unknown.example"]) {
      for (const [args, expected] of CLIENTS) {
        const { served, certificate, report } = await site.at("default").handshake(asked, args);
        assertEquals([args, served, certificate], [args, true, expected], report);
      }
    }
  },
);

shared.test(
  { tools: ["openssl"], linux: true },
  "a client that can verify only the other type is refused, and the log says why",
  async ({ site }) => {
    const frontend = site.at("ec alone");
    const rsa = ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"];
    const old = await frontend.handshake(NAME, rsa);
    assert(!old.served, old.report);
    await site.stud.output(
      /handshake failed: no cipher suite in common that fits the certificate \(client .* for both\.example[;)]/,
    );
    const args = ["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"];
    assert(!(await frontend.handshake(NAME, args)).served);
    await site.stud.output(
      /handshake failed: no signature scheme in common that fits the certificate \(client .* for both\.example[;)]/,
    );
  },
);

/** A stud with a certificate of each type for {@linkcode NAME}. */
class Types extends SharedTlsSite {
  static async start(): Promise<Types> {
    const folder = new Folder();
    const authority = await Authority.make();
    folder.write("authority", authority.certificate);
    const lines = new Map<string, string>();
    for (const keyType of ["rsa", "ec", "other"] as const) {
      const { pem } = await authority.issue(
        keyType === "other"
          ? { names: ["default.example"] }
          : { names: [NAME], commonName: keyType, keyType },
      );
      lines.set(keyType, `pem-file = "${folder.write(keyType, pem)}"\n`);
    }
    const served = (types: readonly string[]) => types.map((type) => lines.get(type)!).join("");
    const site = await TlsSite.startFrontends(folder, {
      ...Object.fromEntries(ORDERS.map((order) => [order.join(), served([...order, "other"])])),
      "default": served(["rsa", "ec"]),
      "ec alone": served(["ec"]),
    });
    return new Types(site, folder);
  }
}
