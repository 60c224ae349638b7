/** Several studs in front of one backend, as machines behind a balancer: they share what a test gives them. */

import { Backend, echo } from "./backend.ts";
import { type PemFile, temporaryPem } from "./certificates.ts";
import { BY_OPENSSL, Stud } from "./stud.ts";

/** What is particular to one of the studs. */
export interface Member {
  readonly args?: readonly string[];
  /** Variables of its environment. */
  readonly env?: Record<string, string>;
  /** Its PEM files instead of the certificate for localhost. */
  readonly pems?: readonly PemFile[];
}

/** Its studs and files end with it. Use it with `await using`. */
export class Fleet implements AsyncDisposable {
  readonly #ending = new AsyncDisposableStack();
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

  /** Connections that came to the backend. */
  get accepted(): number {
    return this.#backend.accepted;
  }

  /** Starts a stud on a port of its own, with the OpenSSL engine unless `args` say otherwise. */
  async start({ args = [BY_OPENSSL], env = {}, pems }: Member = {}): Promise<Stud> {
    const files = (pems ?? [this.pem]).map(({ path }) => path);
    const where = ["-f", "127.0.0.1,0", "-b", this.#backend.address];
    return this.#ending.use(await Stud.start([...where, ...args, ...files], env));
  }

  /** A file with a ticket secret in it, for `--ticket-secret`. */
  ticketSecret(): string {
    const path = Deno.makeTempFileSync({ prefix: "stud-test-" });
    this.#ending.defer(() => Deno.removeSync(path));
    Deno.writeFileSync(path, crypto.getRandomValues(new Uint8Array(48)));
    return path;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync();
  }
}
