/** A PKCS #11 token of SoftHSM's in a folder of its own, and the OpenSSL engine that uses it. */

import { runTool } from "./tool_process.ts";
import { hasTool } from "./tools.ts";
import { Folder } from "./tls_site.ts";

/** Packages of Debian's with what a token needs. */
const PACKAGES = "softhsm2 and libengine-pkcs11-openssl";

/** SoftHSM's library, where distributions put it. */
const MODULES = [
  "/usr/lib/softhsm/libsofthsm2.so",
  "/usr/lib64/softhsm/libsofthsm2.so",
  "/usr/lib/pkcs11/libsofthsm2.so",
];

/** What of it is missing here, for `testWith`; undefined if nothing is. */
export async function missingForTokens(): Promise<string | undefined> {
  if (!hasTool("openssl")) return "openssl";
  const there = hasTool("softhsm2-util") && modulePath() !== undefined;
  if (!there) return PACKAGES;
  const engine = await runTool("openssl", ["engine", "-t", "pkcs11"]);
  return engine.stdout.includes("[ available ]") ? undefined : PACKAGES;
}

/** A token. Use it with `using`. */
export class Token implements Disposable {
  readonly label = "stud";
  readonly pin = "1234";
  readonly #folder: Folder;

  private constructor(folder: Folder) {
    this.#folder = folder;
  }

  static async make(): Promise<Token> {
    const folder = new Folder();
    Deno.mkdirSync(`${folder.path}/tokens`);
    folder.write(
      "softhsm.conf",
      `directories.tokendir = ${folder.path}/tokens\nobjectstore.backend = file\nlog.level = ERROR\n`,
    );
    const token = new Token(folder);
    await token.#manage(["--init-token", "--free", "--so-pin", "12345678"]);
    return token;
  }

  /** What stud needs in its environment. */
  get env(): Record<string, string> {
    return { SOFTHSM2_CONF: this.#configuration, PKCS11_MODULE_PATH: modulePath()! };
  }

  /** Puts a private key (PKCS #8, PEM) into the token and returns its URI, with the PIN. */
  async import(name: string, key: string): Promise<string> {
    const file = this.#folder.write(`${name}.key`, key);
    const id = String(10 + this.#keys++);
    await this.#manage(["--import", file, "--token", this.label, "--label", name, "--id", id]);
    Deno.removeSync(file);
    return this.uri(name);
  }

  /** RFC 7512. */
  uri(name: string, pin = this.pin): string {
    return `pkcs11:token=${this.label};object=${name};type=private?pin-value=${pin}`;
  }

  /** Lets every user of this machine use it: SoftHSM looks into its files at each signature. */
  share(): void {
    for (const path of treeOf(this.#folder.path)) {
      Deno.chmodSync(path, Deno.statSync(path).isDirectory ? 0o777 : 0o666);
    }
  }

  [Symbol.dispose](): void {
    this.#folder[Symbol.dispose]();
  }

  #keys = 0;

  get #configuration(): string {
    return `${this.#folder.path}/softhsm.conf`;
  }

  async #manage(args: readonly string[]): Promise<void> {
    const isNew = args[0] === "--init-token" ? ["--label", this.label] : [];
    const tool = await runTool("env", [
      ...[`SOFTHSM2_CONF=${this.#configuration}`, "softhsm2-util"],
      ...args,
      ...isNew,
      ...["--pin", this.pin],
    ]);
    if (tool.status?.code !== 0) throw new Error(tool.report());
  }
}

function treeOf(path: string): string[] {
  if (!Deno.statSync(path).isDirectory) return [path];
  return [path, ...[...Deno.readDirSync(path)].flatMap(({ name }) => treeOf(`${path}/${name}`))];
}

function modulePath(): string | undefined {
  return MODULES.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}
