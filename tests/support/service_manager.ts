/** What a service manager hears from its service (sd_notify(3)): a stand-in for systemd's socket. */

import { eventually } from "./eventually.ts";

/** A notify socket. Use it with `using`. */
export class ServiceManager implements Disposable {
  readonly #folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
  readonly #socket: Deno.DatagramConn;
  /** Assignments in the order heard, with the number of the message in front: `1 READY=1`. */
  readonly heard: string[] = [];

  constructor() {
    this.#socket = Deno.listenDatagram({ transport: "unixpacket", path: this.path });
    this.#listen();
  }

  /** NOTIFY_SOCKET. */
  get path(): string {
    return `${this.#folder}/notify`;
  }

  /** Waits for an assignment. */
  async hears(pattern: RegExp, times = 1): Promise<void> {
    const count = () => this.heard.filter((line) => pattern.test(line)).length;
    await eventually(`${times} like ${pattern}`, () => count() >= times, 10_000, () => this.heard);
  }

  [Symbol.dispose](): void {
    this.#socket.close();
    Deno.removeSync(this.#folder, { recursive: true });
  }

  async #listen(): Promise<void> {
    try {
      for await (const [bytes] of this.#socket) {
        this.heard.push(...new TextDecoder().decode(bytes).trimEnd().split("\n"));
      }
    } catch {
      // Closed.
    }
  }
}
