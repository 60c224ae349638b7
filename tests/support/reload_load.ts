/** Clients that never stop coming, and transfers that never end, while something happens to the server. */

import { pause } from "./eventually.ts";
import { exchange } from "./ports.ts";
import { connectTls, echoOnce, type Trusted } from "./tls_client.ts";

/** Use it with `await using`: it ends with the test. */
export class ReloadLoad implements AsyncDisposable {
  readonly #port: number;
  readonly #pace: number;
  /** Certificates that the server may show. */
  readonly #trusted: Trusted;
  readonly #running: Promise<void>;
  #stopping = false;
  /** Connections that were made, served and ended in order. */
  connections = 0;
  /** Round trips of the long transfers. */
  rounds = 0;
  /** What went wrong, in words. */
  readonly faults: string[] = [];

  /** `pace`: milliseconds until a client that has gone comes again; the default is as often as they can. */
  constructor(port: number, certificates: readonly Trusted[], { pace = 1 } = {}) {
    this.#port = port;
    this.#pace = pace;
    this.#trusted = { certificate: certificates.map(({ certificate }) => certificate).join("") };
    this.#running = Promise.all([
      ...Array.from({ length: 6 }, () => this.#comeAndGo()),
      ...Array.from({ length: 3 }, () => this.#transfer()),
    ]).then(() => {});
  }

  /** Ends it; resolves when the last client has gone. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #comeAndGo(): Promise<void> {
    while (!this.#stopping) {
      try {
        await echoOnce(this.#port, this.#trusted);
        this.connections++;
      } catch (error) {
        this.faults.push(described("connection", error));
      }
      await pause(this.#pace);
    }
  }

  async #transfer(): Promise<void> {
    try {
      using client = await connectTls(this.#port, this.#trusted);
      for (let round = 0; !this.#stopping; round++) {
        await exchange(client, `${round} `.repeat(2_000));
        this.rounds++;
        await pause(this.#pace + 4);
      }
    } catch (error) {
      this.faults.push(described("transfer", error));
    }
  }
}

/** The time and the place of a fault, to be compared with the server's log. */
function described(client: string, error: unknown): string {
  const trace = error instanceof Error ? error.stack : String(error);
  return `${new Date().toISOString()} ${client}: ${trace}`;
}
