/** A stud on the host's OpenSSL with a folder of files of the test's own, before an answering backend. */

import type { Backend } from "./backend.ts";
import { answering, type Handshake, handshake } from "./handshake.ts";
import type { Shareable } from "./shared.ts";
import { BY_OPENSSL, endShared, Stud, type StudEnvironment } from "./stud.ts";

/** A folder for a test's files. Use it with `using`. */
export class Folder implements Disposable {
  readonly path = Deno.makeTempDirSync({ prefix: "stud-test-" });

  /** Writes a file and returns its path. */
  write(name: string, content: string | Uint8Array): string {
    const path = `${this.path}/${name}`;
    if (name.includes("/")) Deno.mkdirSync(path.replace(/\/[^/]*$/, ""), { recursive: true });
    if (typeof content === "string") Deno.writeTextFileSync(path, content);
    else Deno.writeFileSync(path, content);
    return path;
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.path, { recursive: true });
  }
}

/** How stud is started otherwise than usual. */
export interface TlsSiteOptions extends StudEnvironment {
  readonly env?: Record<string, string>;
  /** So many frontends, one for each of the tests that share the site. Default: 1. */
  readonly frontends?: number;
}

/** One of the frontends that have blocks. */
export interface OwnFrontend {
  readonly port: number;
  /** As that of the site. */
  handshake(serverName: string | undefined, args?: readonly string[]): Promise<Handshake>;
}

/** stud and its backend. Use it with `await using`. */
export class TlsSite implements Shareable {
  readonly stud: Stud;
  readonly #backend: Backend;
  #names: readonly string[] = [];
  #turn = 0;

  private constructor(stud: Stud, backend: Backend) {
    this.stud = stud;
    this.#backend = backend;
  }

  /**
   * Starts stud with a configuration file that has a block for each of these frontends, by names of the test's, and
   * what else belongs into it. Tests that share the site choose a frontend by its name ({@linkcode at}).
   */
  static async startFrontends(
    folder: Folder,
    blocks: Readonly<Record<string, string>>,
    { general = "", args = [] }: { readonly general?: string; readonly args?: readonly string[] } =
      {},
  ): Promise<TlsSite> {
    const frontends = Object.values(blocks)
      .map((block) => `frontend = {\n host = 127.0.0.1\n port = 0\n${block}\n}\n`);
    const file = folder.write("frontends.conf", `${general}\n${frontends.join("")}`);
    const site = await TlsSite.start(["--config", file, ...args], { frontends: 0 });
    site.#names = Object.keys(blocks);
    return site;
  }

  /** Starts stud with these arguments, which give the certificates too. */
  static async start(
    args: readonly string[],
    { env = {}, frontends = 1, ...how }: TlsSiteOptions = {},
  ): Promise<TlsSite> {
    const backend = answering();
    try {
      const where = Array.from({ length: frontends }, () => ["-f", "127.0.0.1,0"]).flat();
      const common = [BY_OPENSSL, ...where, "-b", backend.address];
      return new TlsSite(await Stud.start([...common, ...args], env, how), backend);
    } catch (error) {
      await backend[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Of its frontend; tests that share the site have another one each, as far as there are. */
  get port(): number {
    const { ports } = this.stud;
    return ports[this.#turn % ports.length]!;
  }

  /** The frontend of this name. */
  at(name: string): OwnFrontend {
    const port = this.stud.ports[this.#names.indexOf(name)];
    if (port === undefined) throw new Error(`no frontend ${name}`);
    return { port, handshake: (serverName, args) => handshake(port, serverName, args) };
  }

  /** Connections that came to the backend. */
  get accepted(): number {
    return this.#backend.accepted;
  }

  /** One connection of `openssl s_client`, by name (undefined: none). */
  handshake(serverName: string | undefined, args: readonly string[] = []): Promise<Handshake> {
    return handshake(this.port, serverName, args);
  }

  /**
   * For the next of the tests that share it: nothing was printed, nobody came to the backend. It has another frontend,
   * for stud writes one line a minute of each reason why handshakes fail at a frontend.
   */
  forget(): void {
    this.#turn++;
    this.stud.forget();
    this.#backend.accepted = 0;
  }

  /** After one of the tests that share it: its connections end. */
  settle(): Promise<void> {
    return endShared(this.#backend, this.stud);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stud[Symbol.asyncDispose]();
    await this.#backend[Symbol.asyncDispose]();
  }
}

/** What the tests of a file share if the site has files. The class of the test that extends it says which. */
export abstract class SharedTlsSite implements Shareable {
  protected constructor(readonly site: TlsSite, readonly folder: Folder) {}

  forget(): void {
    this.site.forget();
  }

  settle(): Promise<void> {
    return this.site.settle();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.site[Symbol.asyncDispose]();
    this.folder[Symbol.dispose]();
  }
}
