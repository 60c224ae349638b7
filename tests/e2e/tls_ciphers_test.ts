/** Ciphers, cipher suites and groups: what stud allows, in whose order, and what DH parameters add. */

import { assert, assertEquals } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { testWith } from "../support/tools.ts";
import { runTool } from "../support/tool_process.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const NAME = "one.example";
const AES128 = "ECDHE-ECDSA-AES128-GCM-SHA256";
const AES256 = "ECDHE-ECDSA-AES256-GCM-SHA384";
const SUITE128 = "TLS_AES_128_GCM_SHA256";
const SUITE256 = "TLS_AES_256_GCM_SHA384";
const CHACHA20 = "TLS_CHACHA20_POLY1305_SHA256";

/** Options of stud, and which cipher a client with these arguments gets; undefined: it is refused. */
const CASES: readonly (readonly [
  options: string[],
  clients: readonly (readonly [args: string[], cipher: string | undefined])[],
])[] = [
  [["-c", AES128], [
    [["-tls1_2"], AES128],
    [["-tls1_2", "-cipher", AES256], undefined],
    [["-tls1_3"], SUITE256],
  ]],
  [["--ciphersuites", `${SUITE128}:${CHACHA20}`], [
    [["-tls1_3", "-ciphersuites", CHACHA20], CHACHA20],
    [["-tls1_3", "-ciphersuites", SUITE128], SUITE128],
    [["-tls1_3", "-ciphersuites", SUITE256], undefined],
    [["-tls1_2", "-cipher", AES256], AES256],
  ]],
  [["-c", `${AES256}:${AES128}`, "-O"], [
    [["-tls1_2", "-cipher", `${AES128}:${AES256}`], AES256],
    [["-tls1_2", "-cipher", `${AES256}:${AES128}`], AES256],
    [["-tls1_2", "-cipher", AES128], AES128],
  ]],
  [["-c", `${AES256}:${AES128}`], [
    [["-tls1_2", "-cipher", `${AES128}:${AES256}`], AES128],
    [["-tls1_2", "-cipher", `${AES256}:${AES128}`], AES256],
  ]],
  [["--ciphersuites", `${SUITE128}:${SUITE256}`, "-O"], [
    [["-tls1_3", "-ciphersuites", `${SUITE128}:${SUITE256}`], SUITE128],
    [["-tls1_3", "-ciphersuites", `${SUITE256}:${SUITE128}`], SUITE128],
  ]],
  [["-c", AES128, "--ciphersuites", `${SUITE128}:${SUITE256}`], [
    [["-tls1_3", "-ciphersuites", `${SUITE128}:${SUITE256}`], SUITE128],
    [["-tls1_3", "-ciphersuites", `${SUITE256}:${SUITE128}`], SUITE256],
  ]],
];

for (const [options, clients] of CASES) {
  testWith(NEEDS, `${options.join(" ")} settles the ciphers`, async () => {
    await using one = await One.start(options);
    for (const [args, expected] of clients) {
      const { served, cipher, report } = await one.site.handshake(NAME, args);
      const wanted = [args, expected !== undefined, expected];
      assertEquals([args, served, cipher], wanted, report);
    }
  });
}

testWith(NEEDS, "a client without a cipher in common is refused, and the log says so", async () => {
  await using one = await One.start(["-c", AES128, "--ciphersuites", SUITE128]);
  for (const args of [["-tls1_2", "-cipher", AES256], ["-tls1_3", "-ciphersuites", SUITE256]]) {
    const { served, stderr, report } = await one.site.handshake(NAME, args);
    assert(!served && stderr.includes("alert number 40"), report);
  }
  await one.site.stud.output(
    /handshake failed: no cipher suite in common that fits the certificate \(client 127\.0\.0\.1:\d+ .* for one\.example[;)]/,
  );
});

testWith(NEEDS, "--ecdh-curve settles the groups of the key exchange", async () => {
  await using one = await One.start(["--ecdh-curve", "P-384:X25519"], { keyType: "rsa" });
  for (const version of ["-tls1_2", "-tls1_3"]) {
    // The first key share of this client is for X25519, so that TLS 1.3 needs no second hello.
    const cases = { "X25519": "X25519", "P-384": "ECDH", "P-256:P-384": "ECDH" };
    for (const [groups, expected] of Object.entries(cases)) {
      const client = await one.site.handshake(NAME, [version, "-groups", groups]);
      assertEquals([groups, client.served], [groups, true], client.report);
      // OpenSSL calls curves ECDH, and names them behind it; later versions name them alone.
      const found = client.group === expected || /secp384r1/i.test(client.stdout);
      assert(found, client.report);
    }
    const refused = await one.site.handshake(NAME, [version, "-groups", "P-256"]);
    assert(!refused.served, refused.report);
  }
  await one.site.stud.output(/handshake failed: no key exchange group in common \(client /);
});

testWith(NEEDS, "--ecdh-curve does not touch the curve of the certificate", async () => {
  await using one = await One.start(["--ecdh-curve", "X25519"]);
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const { served, group, report } = await one.site.handshake(NAME, [version]);
    assertEquals([served, group], [true, "X25519"], report);
  }
});

testWith(
  NEEDS,
  "without --ecdh-curve each usual group alone is enough",
  async () => {
    await using one = await One.start([]);
    for (const groups of ["P-256", "X25519", "P-384"]) {
      const { served, report } = await one.site.handshake(NAME, ["-tls1_3", "-groups", groups]);
      assert(served, report);
    }
  },
);

testWith(
  NEEDS,
  "DH PARAMETERS in the PEM file make DHE ciphers work, and nothing else does",
  async () => {
    const args = ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"];
    const parameters = await runTool("openssl", [
      "genpkey",
      "-genparam",
      "-algorithm",
      "DH",
      "-pkeyopt",
      "group:ffdhe2048",
    ]);
    assertEquals(parameters.status?.code, 0, parameters.report());
    const given = /-----BEGIN DH PARAMETERS-----[^]*-----END DH PARAMETERS-----\n/;
    const text = given.exec(parameters.stdout)![0];
    {
      await using one = await One.start([], { keyType: "rsa", more: text });
      const { served, group, cipher, report } = await one.site.handshake(NAME, args);
      assertEquals([served, group, cipher], [true, "DH", "DHE-RSA-AES128-GCM-SHA256"], report);
    }
    await using one = await One.start([], { keyType: "rsa" });
    const { served, report } = await one.site.handshake(NAME, args);
    assert(!served, report);
  },
);

testWith(
  NEEDS,
  "what stud allows by itself has forward secrecy and authenticated encryption",
  async () => {
    await using one = await One.start([], { keyType: "rsa" });
    for (const cipher of ["AES128-GCM-SHA256", "ECDHE-RSA-AES128-SHA", "AES256-SHA", "PSK"]) {
      const { served, report } = await one.site.handshake(NAME, ["-tls1_2", "-cipher", cipher]);
      assert(!served, report);
    }
    for (const cipher of ["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305"]) {
      const client = await one.site.handshake(NAME, ["-tls1_2", "-cipher", cipher]);
      assertEquals([client.served, client.cipher], [true, cipher], client.report);
    }
  },
);

/** A stud with one certificate. */
class One implements AsyncDisposable {
  private constructor(readonly site: TlsSite, readonly folder: Folder) {}

  static async start(
    args: readonly string[],
    { keyType = "ec", more = "" }: { readonly keyType?: "rsa" | "ec"; readonly more?: string } = {},
  ): Promise<One> {
    const folder = new Folder();
    const authority = await Authority.make();
    const { pem } = await authority.issue({ names: [NAME], keyType });
    return new One(await TlsSite.start([...args, folder.write("one", pem + more)]), folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}
