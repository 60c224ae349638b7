/** Keys that only an OpenSSL engine has (-e), here in a PKCS #11 token; and engines that cannot be used. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority } from "../support/authority.ts";
import { startError, startErrorInProcess } from "../support/start_error.ts";
import { testWith } from "../support/tools.ts";
import { Folder, TlsSite } from "../support/tls_site.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { runStud, type StudResult } from "../support/stud.ts";
import { missingForTokens, Token } from "../support/token.ts";

const missing = await missingForTokens();
const NEEDS = { tools: ["openssl"], linux: true, missing, notOnNode: true };

const VERSIONS = ["-tls1_2", "-tls1_3", "-tls1_2", "-tls1_3"];

testWith(NEEDS, "2 workers serve with an RSA key in a token that an option names", async () => {
  await using held = await Held.make({ one: "rsa" });
  await using site = await held.start(["-n", "2"]);
  for (const version of VERSIONS) {
    const { served, report } = await site.handshake("one.example", [version]);
    assert(served, report);
  }
});

testWith(
  NEEDS,
  "pem-file blocks name the keys of several certificates, RSA and ECDSA, for 1 worker",
  async () => {
    await using held = await Held.make({ one: "rsa", two: "ec" });
    await using site = await held.startWithBlocks();
    for (const name of ["one", "two"]) {
      for (const version of VERSIONS) {
        const client = await site.handshake(`${name}.example`, [version]);
        const { served, certificate, report } = client;
        assertEquals([served, certificate], [true, `${name}.example`], report);
      }
    }
  },
);

testWith(
  { ...NEEDS, root: true },
  "RSA and ECDSA keys of one name are in reach of workers that are nobody, and of later ones",
  async () => {
    using token = await Token.make();
    using folder = new Folder();
    const authority = await Authority.make();
    const types = ["rsa", "ec"] as const;
    const blocks = await Promise.all(types.map(async (keyType) => {
      const names = ["both.example"];
      const { certificate, key } = await authority.issue({ names, commonName: keyType, keyType });
      return { file: folder.write(keyType, certificate), key };
    }));
    const uris: string[] = [];
    for (const [at, { key }] of blocks.entries()) uris.push(await token.import(types[at]!, key));
    token.share();
    const other = folder.write("other", (await authority.issue({ names: ["other.example"] })).pem);
    const text = blocks.map(({ file }, at) => block(file, uris[at]!)).join("");
    const configuration = folder.write("stud.conf", `${text}pem-file = ${other}\n`);
    const args = ["-e", "pkcs11", "--config", configuration, "--user", "nobody", "-n", "2"];
    await using site = await TlsSite.start(args, { env: token.env });
    const assertServes = async () => {
      for (const [keyType, cipher] of [["rsa", "ECDHE+aRSA"], ["ec", "ECDHE+aECDSA"]] as const) {
        for (const version of [["-tls1_2", "-cipher", cipher], ["-tls1_3", ...SIGNED[keyType]]]) {
          const client = await site.handshake("both.example", version);
          assertEquals([client.served, client.certificate], [true, keyType], client.report);
        }
      }
    };
    await assertServes();
    const [worker] = site.stud.workers();
    Deno.kill(worker!, "SIGKILL");
    await site.stud.output(/serves again/);
    await assertServes();
  },
);

/** What a client of TLS 1.3 says to be shown such a certificate. */
const SIGNED = {
  rsa: ["-sigalgs", "rsa_pss_rsae_sha256"],
  ec: ["-sigalgs", "ecdsa_secp256r1_sha256"],
} as const;

// In the test's process the command keeps libraries open.
testWith(
  { ...NEEDS, keepsResources: true },
  "-t looks at keys in tokens, and says what is wrong with them",
  async () => {
    await using held = await Held.make({ one: "ec" });
    const { env } = held.token;
    const prefix = ["env", ...Object.entries(env).map(([name, value]) => `${name}=${value}`)];
    const test = (uri: string, ...more: string[]) => [
      ...["-t", ...more, "--private-key", uri, held.files.get("one")!],
    ];
    const engine = ["-e", "pkcs11"];
    const good = await runStud(test(held.uris.get("one")!, ...engine), undefined, { prefix });
    assertEquals(good.code, 0, good.stderr);
    const { key } = await held.authority.issue({ names: ["other.example"] });
    const other = await held.token.import("other", key);
    const faults: readonly (readonly [args: string[], ...words: string[]])[] = [
      [test(other, ...engine), "does not belong to the certificate"],
      [test(held.token.uri("nosuch"), ...engine), "object not found"],
      [test(held.token.uri("one", "9999"), ...engine), "PIN incorrect"],
    ];
    for (const [args, ...words] of faults) {
      judge(await runStud(args, undefined, { prefix }), words);
    }
    // It is found before there is an engine.
    judge(await runInProcess(test(held.uris.get("one")!)), ["name it with -e"]);

    function judge({ code, stderr }: StudResult, words: readonly string[]): void {
      assertEquals(code, 1, stderr);
      const line = /^stud: (?!warning).*/m.exec(stderr)?.[0] ?? "";
      for (const word of [held.files.get("one")!, "the private key", ...words]) {
        assertStringIncludes(line, word);
      }
      // Neither stud nor the engine tells the PIN.
      assert(!/pin-value|9999/.test(stderr), stderr);
    }
  },
);

testWith(
  { ...NEEDS, root: true },
  "a token out of reach of the worker's user ends handshakes, not the worker",
  async () => {
    await using held = await Held.make({ one: "ec" });
    await using site = await held.start(["--user", "nobody"]);
    const workers = site.stud.workers();
    for (const version of ["-tls1_2", "-tls1_3"]) {
      const { stderr, report } = await site.handshake("one.example", [version]);
      assert(stderr.includes("alert number 80"), report);
    }
    await site.stud.output(/handshake failed: the engine failed: object handle invalid \(client /i);
    assertEquals(site.stud.workers(), workers);
  },
);

testWith(
  { tools: ["openssl"], linux: true, notOnNode: true, keepsResources: true },
  "an engine that cannot be used is a start error",
  async () => {
    const faults: readonly (readonly [id: string, ...words: string[]])[] = [
      ["nosuch", "could not load the shared library"],
      ["/no/such/engine.so", "could not load the shared library"],
      ["dynamic", "but not the device that it drives"],
    ];
    for (const [id, ...words] of faults) {
      const args = ["--self-signed", "-f", "127.0.0.1,0", "-e", id];
      const lines = [await startErrorInProcess(["-t", ...args])];
      // A start finds the same, in a worker.
      if (id === "dynamic") lines.push(await startError(args));
      for (const line of lines) {
        for (const word of [`-e/--ssl-engine ${id}: `, ...words]) assertStringIncludes(line, word);
      }
    }
  },
);

testWith(
  { tools: ["openssl"], linux: true, notOnNode: true },
  "-e auto takes whatever engines there are",
  async () => {
    await using site = await TlsSite.start(["-e", "auto", "--self-signed=one.example"]);
    const { served, report } = await site.handshake("one.example");
    assert(served, report);
  },
);

/** Certificates for `NAME.example` in files, whose keys are in a token. */
class Held implements AsyncDisposable {
  readonly files = new Map<string, string>();
  readonly uris = new Map<string, string>();
  readonly #folder = new Folder();

  private constructor(readonly token: Token, readonly authority: Authority) {}

  static async make(keys: Readonly<Record<string, "rsa" | "ec">>): Promise<Held> {
    const held = new Held(await Token.make(), await Authority.make());
    for (const [name, keyType] of Object.entries(keys)) {
      const order = { names: [`${name}.example`], keyType };
      const { certificate, key } = await held.authority.issue(order);
      held.files.set(name, held.#folder.write(name, certificate));
      held.uris.set(name, await held.token.import(name, key));
    }
    return held;
  }

  /** A stud with the only certificate. */
  start(args: readonly string[]): Promise<TlsSite> {
    const keys = [...this.uris.values()].flatMap((uri) => ["--private-key", uri]);
    return this.#start([...args, ...keys, ...this.files.values()]);
  }

  startWithBlocks(): Promise<TlsSite> {
    const blocks = [...this.files].map(([name, file]) => block(file, this.uris.get(name)!));
    return this.#start(["--config", this.#folder.write("stud.conf", blocks.join(""))]);
  }

  #start(args: readonly string[]): Promise<TlsSite> {
    return TlsSite.start(["-e", "pkcs11", ...args], { env: this.token.env });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.token[Symbol.dispose]();
    this.#folder[Symbol.dispose]();
    return Promise.resolve();
  }
}

function block(certificate: string, uri: string): string {
  return `pem-file = {\n  cert = "${certificate}"\n  private-key = "${uri}"\n}\n`;
}
