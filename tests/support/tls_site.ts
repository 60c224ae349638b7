/** A stud on the host's OpenSSL with a folder of files of the test's own, before an answering backend. */

import type { Backend } from "./backend.ts";
import { answering, type Handshake, handshake } from "./handshake.ts";
import { BY_OPENSSL, Stud, type StudEnvironment } from "./stud.ts";

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

/** stud and its backend. Use it with `await using`. */
export class TlsSite implements AsyncDisposable {
  readonly stud: Stud;
  readonly #backend: Backend;
  #turn = 0;

  private constructor(stud: Stud, backend: Backend) {
    this.stud = stud;
    this.#backend = backend;
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
    return this.#backend.endAll();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stud[Symbol.asyncDispose]();
    await this.#backend[Symbol.asyncDispose]();
  }
}
