/** RSA and ECDSA certificates for one name, side by side: every client gets the one it can verify. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { curl } from "../support/handshake.ts";
import { testWith } from "../support/tools.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";

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

for (const order of [["rsa", "ec"], ["ec", "rsa"]] as const) {
  testWith(
    { tools: ["openssl", "curl"], linux: true },
    `of ${order.join(" and ")} certificates for one name each client gets the right one`,
    async () => {
      using folder = new Folder();
      const authority = await Authority.make();
      const trusted = folder.write("authority", authority.certificate);
      const paths = await Promise.all(order.map(async (keyType) => {
        const { pem } = await authority.issue({ names: [NAME], commonName: keyType, keyType });
        return folder.write(keyType, pem);
      }));
      const other = await authority.issue({ names: ["default.example"] });
      const last = folder.write("default", other.pem);
      await using site = await TlsSite.start([...paths, last]);
      for (const [args, expected] of CLIENTS) {
        const { served, certificate, report } = await site.handshake(NAME, args);
        assertEquals([args, served, certificate], [args, true, expected], report);
      }
      for (const [cipher, expected] of Object.entries(CIPHERS)) {
        const args = ["--tls-max", "1.2", "--ciphers", cipher];
        const client = await curl(site.port, NAME, trusted, args);
        assertEquals(client.stdout, "served\n", client.report());
        assertStringIncludes(client.stderr, cipher);
        assert(new RegExp(`subject: CN=${expected}\\b`).test(client.stderr), client.report());
      }
    },
  );
}

testWith(
  { tools: ["openssl"], linux: true },
  "clients that ask for no name get the default of either type",
  async () => {
    using folder = new Folder();
    const authority = await Authority.make();
    const paths = await Promise.all((["rsa", "ec"] as const).map(async (keyType) => {
      const { pem } = await authority.issue({ names: [NAME], commonName: keyType, keyType });
      return folder.write(keyType, pem);
    }));
    await using site = await TlsSite.start(paths);
    for (const asked of [undefined, "unknown.example"]) {
      for (const [args, expected] of CLIENTS) {
        const { served, certificate, report } = await site.handshake(asked, args);
        assertEquals([args, served, certificate], [args, true, expected], report);
      }
    }
  },
);

testWith(
  { tools: ["openssl"], linux: true },
  "a client that can verify only the other type is refused, and the log says why",
  async () => {
    using folder = new Folder();
    const authority = await Authority.make();
    const { pem } = await authority.issue({ names: [NAME] });
    await using site = await TlsSite.start([folder.write("ec", pem)]);
    const old = await site.handshake(NAME, ["-tls1_2", "-cipher", "ECDHE-RSA-AES128-GCM-SHA256"]);
    assert(!old.served, old.report);
    await site.stud.output(
      /handshake failed: no cipher suite in common that fits the certificate \(client .* for both\.example[;)]/,
    );
    const args = ["-tls1_3", "-sigalgs", "rsa_pss_rsae_sha256"];
    assert(!(await site.handshake(NAME, args)).served);
    await site.stud.output(
      /handshake failed: no signature scheme in common that fits the certificate \(client .* for both\.example[;)]/,
    );
  },
);
