/** Several studs in front of one backend, as machines behind a balancer: they share what a test gives them. */

import { Backend, echo } from "./backend.ts";
import { type PemFile, temporaryPem } from "./certificates.ts";
import { frontendBlocks } from "./frontend_blocks.ts";
import { type ClientOptions, ReturningClient } from "./returning_client.ts";
import type { Shareable } from "./shared.ts";
import { BY_OPENSSL, endShared, Stud } from "./stud.ts";

/** What is particular to one of the studs. */
export interface Member {
  readonly args?: readonly string[];
  /** Variables of its environment. */
  readonly env?: Record<string, string>;
  /** Its PEM files instead of the certificate for localhost. */
  readonly pems?: readonly PemFile[];
  /** Blocks for {@linkcode frontendBlocks}; `args` then name the engine. Default: one frontend, of the command line. */
  readonly frontends?: readonly string[];
}

/** Its studs and files end with it. Use it with `await using`, or as what tests share. */
export class Fleet implements Shareable {
  readonly #ending = new AsyncDisposableStack();
  readonly #studs: Stud[] = [];
  readonly #backend: Backend;
  /** A certificate for localhost. */
  readonly pem: PemFile;

  private constructor(pem: PemFile) {
    this.pem = this.#ending.use(pem);
    this.#backend = this.#ending.use(Backend.serve(echo));
  }

  static async open(): Promise<Fleet> {
    return new Fleet(await temporaryPem());
  }

  /** A fleet that tests share, and what is made for it, studs above all, as fields of it. */
  static async of<Made extends object>(
    make: (fleet: Fleet) => Promise<Made>,
  ): Promise<Fleet & Made> {
    const fleet = await Fleet.open();
    try {
      return Object.assign(fleet, await make(fleet));
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** What ends with it. */
  adopt<Value extends Disposable>(value: Value): Value {
    return this.#ending.use(value);
  }

  /** Connections that came to the backend. */
  get accepted(): number {
    return this.#backend.accepted;
  }

  /** Starts a stud on a port of its own, with the OpenSSL engine unless `args` say otherwise. */
  async start({ args = [BY_OPENSSL], env = {}, pems, frontends }: Member = {}): Promise<Stud> {
    const files = (pems ?? [this.pem]).map(({ path }) => path);
    const where = frontends === undefined ? ["-f", "127.0.0.1,0"] : this.#blocks(frontends);
    const all = [...where, "-b", this.#backend.address, ...args, ...files];
    const stud = this.#ending.use(await Stud.start(all, env));
    this.#studs.push(stud);
    return stud;
  }

  #blocks(frontends: readonly string[]): string[] {
    return ["--config", this.adopt(frontendBlocks(frontends)).path];
  }

  /** A client that trusts the certificate for localhost. */
  client(version: ClientOptions["version"], args?: readonly string[]): ReturningClient {
    return new ReturningClient({ version, trusted: this.pem, args });
  }

  /** A file with a ticket secret in it, for `--ticket-secret`. */
  ticketSecret(): string {
    const path = Deno.makeTempFileSync({ prefix: "stud-test-" });
    this.#ending.defer(() => Deno.removeSync(path));
    Deno.writeFileSync(path, crypto.getRandomValues(new Uint8Array(48)));
    return path;
  }

  forget(): void {
    for (const stud of this.#studs) stud.forget();
    this.#backend.accepted = 0;
  }

  settle(): Promise<void> {
    return endShared(this.#backend, ...this.#studs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync();
  }
}
