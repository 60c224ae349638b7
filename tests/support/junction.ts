/** Where a stud that tests share finds its backend: each test says where the next connections go. */

import { closeQuietly } from "./backend.ts";
import { Wire } from "./wire.ts";

/** A listening address. Use it with `await using`. */
export class Junction implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #running: Promise<void>;
  readonly #waiting: PromiseWithResolvers<Deno.Conn>[] = [];
  readonly #wires: Wire[] = [];

  /** Listens on a port of 127.0.0.1, or on a unix socket. */
  constructor(path?: string) {
    this.#listener = path === undefined
      ? Deno.listen({ hostname: "127.0.0.1", port: 0 })
      : Deno.listen({ transport: "unix", path });
    this.#running = this.#run();
  }

  /** As `--backend` takes it. */
  get address(): string {
    const { addr } = this.#listener;
    if (addr.transport === "unix") return addr.path;
    const { hostname, port } = addr as Deno.NetAddr;
    return `${hostname},${port}`;
  }

  /** The next connection for which nothing else is said goes to this port of 127.0.0.1, by this wire. */
  lead(port: number): Wire {
    const client = Promise.withResolvers<Deno.Conn>();
    this.#waiting.push(client);
    const wire = new Wire(port, { client: client.promise });
    this.#wires.push(wire);
    return wire;
  }

  /** Ends all connections. Those that come next need another lead. */
  async settle(): Promise<void> {
    for (const { reject } of this.#waiting.splice(0)) reject(new Error("no connection came"));
    for (const wire of this.#wires.splice(0)) await wire[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    closeQuietly(this.#listener);
    await this.settle();
    await this.#running;
  }

  async #run(): Promise<void> {
    for await (const conn of this.#listener) {
      const next = this.#waiting.shift();
      if (next === undefined) closeQuietly(conn);
      else next.resolve(conn);
    }
  }
}
