/**
 * Ciphers, cipher suites and groups: what stud allows, in whose order, and what DH parameters add. One stud has a frontend
 * for each list of ciphers; groups are the same for all frontends, so another stud has those.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { Shared } from "../support/shared.ts";
import { runTool } from "../support/tool_process.ts";
import { Folder, SharedTlsSite, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const NAME = "one.example";
const AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256";
const AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384";
const SUITE128 = "TLS_AES_128_GCM_SHA256";
const SUITE256 = "TLS_AES_256_GCM_SHA384";
const CHACHA20 = "TLS_CHACHA20_POLY1305_SHA256";

/** Keys of a frontend, and which cipher a client with these arguments gets; undefined: it is refused. */
const CASES: readonly (readonly [
  keys: string,
  clients: readonly (readonly [args: string[], cipher: string | undefined])[],
])[] = [
  [`ciphers = "${AES128}"`, [
    [["-tls1_2"], AES128],
    [["-tls1_2", "-cipher", AES256], undefined],
    [["-tls1_3"], SUITE256],
  ]],
  [`ciphersuites = "${SUITE128}:${CHACHA20}"`, [
    [["-tls1_3", "-ciphersuites", CHACHA20], CHACHA20],
    [["-tls1_3", "-ciphersuites", SUITE128], SUITE128],
    [["-tls1_3", "-ciphersuites", SUITE256], undefined],
    [["-tls1_2", "-cipher", AES256], AES256],
  ]],
  [`ciphers = "${AES256}:${AES128}" prefer-server-ciphers = on`, [
    [["-tls1_2", "-cipher", `${AES128}:${AES256}`], AES256],
    [["-tls1_2", "-cipher", `${AES256}:${AES128}`], AES256],
    [["-tls1_2", "-cipher", AES128], AES128],
  ]],
  [`ciphers = "${AES256}:${AES128}"`, [
    [["-tls1_2", "-cipher", `${AES128}:${AES256}`], AES128],
    [["-tls1_2", "-cipher", `${AES256}:${AES128}`], AES256],
  ]],
  [`ciphersuites = "${SUITE128}:${SUITE256}" prefer-server-ciphers = on`, [
    [["-tls1_3", "-ciphersuites", `${SUITE128}:${SUITE256}`], SUITE128],
    [["-tls1_3", "-ciphersuites", `${SUITE256}:${SUITE128}`], SUITE128],
  ]],
  [`ciphers = "${AES128}" ciphersuites = "${SUITE128}:${SUITE256}"`, [
    [["-tls1_3", "-ciphersuites", `${SUITE128}:${SUITE256}`], SUITE128],
    [["-tls1_3", "-ciphersuites", `${SUITE256}:${SUITE128}`], SUITE256],
  ]],
];

const frontends = new Shared(() => Ciphers.start());
const groups = new Shared(() => Groups.start());

for (const [keys, clients] of CASES) {
  frontends.test(NEEDS, `${keys} settles the ciphers`, async ({ site }) => {
    for (const [args, expected] of clients) {
      const { served, cipher, report } = await site.at(keys).handshake(NAME, args);
      const wanted = [args, expected !== undefined, expected];
      assertEquals([args, served, cipher], wanted, report);
    }
  });
}

frontends.test(
  NEEDS,
  "DH PARAMETERS in the PEM file make DHE ciphers work, and nothing else does",
  async ({ site }) => {
    const args = ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"];
    const { served, group, cipher, report } = await site.at("DH").handshake(NAME, args);
    assertEquals([served, group, cipher], [true, "DH", "DHE-RSA-AES128-GCM-SHA256"], report);
    const without = await site.at("RSA").handshake(NAME, args);
    assert(!without.served, without.report);
  },
);

frontends.test(NEEDS, "without --ecdh-curve each usual group alone is enough", async ({ site }) => {
  for (const groups of ["P-256", "X25519", "P-384"]) {
    const { served, report } = await site.at("").handshake(NAME, ["-tls1_3", "-groups", groups]);
    assert(served, report);
  }
});

frontends.test(
  NEEDS,
  "what stud allows by itself has forward secrecy and authenticated encryption",
  async ({ site }) => {
    const frontend = site.at("RSA");
    for (const cipher of ["AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "AES256-SHA", "PSK"]) {
      const { served, report } = await frontend.handshake(NAME, ["-tls1_2", "-cipher", cipher]);
      assert(!served, report);
    }
    for (const cipher of ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"]) {
      const client = await frontend.handshake(NAME, ["-tls1_2", "-cipher", cipher]);
      assertEquals([client.served, client.cipher], [true, cipher], client.report);
    }
  },
);

groups.test(
  NEEDS,
  "a client without a cipher in common is refused, and the log says so",
  async (one) => {
    for (const args of [["-tls1_2", "-cipher", AES256], ["-tls1_3", "-ciphersuites", SUITE256]]) {
      const { served, stderr, report } = await one.site.at("ECDSA").handshake(NAME, args);
      assert(!served && stderr.includes("alert number 40"), report);
    }
    await one.site.stud.output(
      /handshake failed: no cipher suite in common that fits the certificate \(client 127\.0\.0\.1:\d+ .* for one\.example[;)]/,
    );
  },
);

groups.test(NEEDS, "--ecdh-curve settles the groups of the key exchange", async ({ site }) => {
  const frontend = site.at("RSA");
  for (const version of ["-tls1_2", "-tls1_3"]) {
    // The first key share of this client is for X25519, so that TLS 1.3 needs no second hello.
    const cases = { "X25519": "X25519", "P-384": "ECDH", "P-256:P-384": "ECDH" };
    for (const [groups, expected] of Object.entries(cases)) {
      const client = await frontend.handshake(NAME, [version, "-groups", groups]);
      assertEquals([groups, client.served], [groups, true], client.report);
      // OpenSSL calls curves ECDH, and names them behind it; later versions name them alone.
      const found = client.group === expected || /secp384r1/i.test(client.stdout);
      assert(found, client.report);
    }
    const refused = await frontend.handshake(NAME, [version, "-groups", "P-256"]);
    assert(!refused.served, refused.report);
  }
  await site.stud.output(/handshake failed: no key exchange group in common \(client /);
});

groups.test(NEEDS, "--ecdh-curve does not touch the curve of the certificate", async ({ site }) => {
  for (const version of ["-tls1_2", "-tls1_3"]) {
    // The curve of the certificate, P-256, is no group of stud's.
    const args = [version, "-groups", "P-256:X25519"];
    const { served, group, report } = await site.at("ECDSA").handshake(NAME, args);
    assertEquals([served, group], [true, "X25519"], report);
  }
});

/** A stud with a certificate for {@linkcode NAME}, and a frontend for each of {@linkcode CASES} and for other certificates. */
class Ciphers extends SharedTlsSite {
  static async start(): Promise<Ciphers> {
    const folder = new Folder();
    const authority = await Authority.make();
    const general = `pem-file = "${await certificate(folder, authority, "ec")}"`;
    const rsa = await certificate(folder, authority, "rsa");
    const withParameters = folder.write("dh", Deno.readTextFileSync(rsa) + await dhParameters());
    const site = await TlsSite.startFrontends(folder, {
      ...Object.fromEntries(CASES.map(([keys]) => [keys, keys])),
      "": "",
      "RSA": `pem-file = "${rsa}"`,
      "DH": `pem-file = "${withParameters}"`,
    }, { general });
    return new Ciphers(site, folder);
  }
}

/** A stud whose command line gives groups and ciphers, and a frontend for each type of certificate. */
class Groups extends SharedTlsSite {
  static async start(): Promise<Groups> {
    const folder = new Folder();
    const authority = await Authority.make();
    const site = await TlsSite.startFrontends(folder, {
      "RSA": `pem-file = "${await certificate(folder, authority, "rsa")}"`,
      "ECDSA": `pem-file = "${await certificate(folder, authority, "ec")}"`,
    }, {
      args: [
        ...["--ecdh-curve", "P-384:X25519", "-c", `${AES128}:ECDHE-RSA-AES128-GCM-SHA256`],
        ...["--ciphersuites", SUITE128],
      ],
    });
    return new Groups(site, folder);
  }
}

/** Issues a certificate for {@linkcode NAME} and puts it into a file. */
async function certificate(
  folder: Folder,
  authority: Authority,
  keyType: "rsa" | "ec",
): Promise<string> {
  return folder.write(keyType, (await authority.issue({ names: [NAME], keyType })).pem);
}

async function dhParameters(): Promise<string> {
  const group = ["-pkeyopt", "group:ffdhe2048"];
  const made = await runTool("openssl", ["genpkey", "-genparam", "-algorithm", "DH", ...group]);
  assertEquals(made.status?.code, 0, made.report());
  return /-----BEGIN DH PARAMETERS-----[^]*-----END DH PARAMETERS-----\n/.exec(made.stdout)![0];
}
