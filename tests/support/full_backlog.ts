/** A backend at which connections hang: its queue is full and nobody accepts. Linux only. */

import { closeQuietly, writeAll } from "./backend.ts";
import { kernel } from "./kernel.ts";
import { SOCKETS } from "./socket_settings.ts";

/** A listening socket that takes no more connections. Use it with `using`. */
export class FullBacklog implements Disposable {
  readonly #listener: Deno.Listener;
  readonly #queue: Deno.Conn[] = [];

  private constructor(listener: Deno.Listener) {
    this.#listener = listener;
  }

  /** As `--backend` takes it. */
  get address(): string {
    return `127.0.0.1,${this.#port}`;
  }

  /** Listens and fills the queue. */
  static async open(): Promise<FullBacklog> {
    const full = new FullBacklog(Deno.listen({ hostname: "127.0.0.1", port: 0 }));
    const address = { host: "127.0.0.1", port: full.#port };
    kernel().tuneListener(address, { sockets: { ...SOCKETS, backlog: 1 } });
    while (await full.#connectOne());
    return full;
  }

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.#queue) closeQuietly(conn);
  }

  get #port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  /** False once a connection hangs. */
  async #connectOne(): Promise<boolean> {
    try {
      const signal = AbortSignal.timeout(300);
      const conn = await Deno.connect({ hostname: "127.0.0.1", port: this.#port, signal });
      this.#queue.push(conn);
      // Connections count from their first octet on (TCP_DEFER_ACCEPT).
      await writeAll(conn, new Uint8Array(1));
      return true;
    } catch {
      return false;
    }
  }
}
