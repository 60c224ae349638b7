/**
 * Lets listening sockets be closed without losing a client. Of the sockets that share a port the kernel gives new
 * connections to any, and those in the queue of a socket that closes are reset; so the kernel is told first to
 * give them to the sockets that stay. Sockets join the end of their group when they begin to listen: those that
 * stay are the latest ones. When one closes, the last of the group takes its place, so that the places of those that
 * stay shrink from the end: before the others close, only the places are left that stay right until the last has. If
 * it is the latest ones that close, because a reload has failed, those that stay keep their places.
 */

import type { Logger } from "../log/log.ts";
import type { Runtime, SocketAddress, Steering } from "../runtime/runtime.ts";
import { countListeners } from "../wire/listener_tables.ts";

/** A worker that can tell the kernel, because it listens on these addresses itself. */
export interface Steerer {
  steer(address: SocketAddress, steering: Steering | null): Promise<void>;
}

/** What is about to change. */
export interface HandoverOptions {
  readonly by: Steerer;
  readonly addresses: readonly SocketAddress[];
  /** How many sockets stay on each address. */
  readonly latest: number;
  /** Those that stay were there first. */
  readonly areFirst?: boolean;
  /** Whether clients are steered by their address (`--steer-by-client`). */
  readonly byClient: Steering["byClient"];
}

/** Does handovers, one at a time. */
export class Handover {
  readonly #runtime: Pick<Runtime, "files" | "clock">;
  readonly #log: Logger;
  #last: Promise<unknown> = Promise.resolve();

  constructor(runtime: Pick<Runtime, "files" | "clock">, log: Logger) {
    this.#runtime = runtime;
    this.#log = log;
  }

  /**
   * Steers new connections to the latest sockets while `close` closes the others. Where steering is not
   * possible, `close` is all that happens. Rejects if `close` does.
   */
  run(options: HandoverOptions, close: () => Promise<unknown>): Promise<void> {
    const turn = this.#last.then(() => this.#run(options, close));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** How many sockets of whatever processes listen on an address; 0 where nobody can tell. */
  async count(address: SocketAddress): Promise<number> {
    const file = address.host.includes(":") ? "/proc/net/tcp6" : "/proc/net/tcp";
    const table = await this.#runtime.files.readText(file, Infinity).catch(() => "");
    return countListeners(table, address);
  }

  async #run(options: HandoverOptions, close: () => Promise<unknown>): Promise<void> {
    const { by, addresses, latest, byClient, areFirst = false } = options;
    const steered: Steered[] = [];
    for (const address of addresses) {
      const others = await this.count(address) - latest;
      if (others <= 0 || latest === 0) continue;
      const first = areFirst ? 0 : others;
      const done = await this.#steer(by, address, { first, count: latest, byClient });
      if (done) steered.push({ address, first });
    }
    let narrowing: Promise<unknown> = Promise.resolve();
    const disarm = this.#runtime.clock.after(BEFORE_THEY_CLOSE, () => {
      narrowing = Promise.all(steered.map(({ address, first }) => {
        const count = latest - first + 1;
        return count > 0 && first > 1 && this.#steer(by, address, { first, count, byClient });
      }));
    });
    try {
      await close();
    } finally {
      disarm();
      await narrowing;
      const after = byClient ? { first: 0, count: latest, byClient } : null;
      await Promise.all(steered.map(({ address }) => this.#steer(by, address, after)));
    }
  }

  async #steer(by: Steerer, address: SocketAddress, steering: Steering | null): Promise<boolean> {
    try {
      await by.steer(address, steering);
      return true;
    } catch (error) {
      this.#log.debug("{reason}", { reason: (error as Error).message });
      return false;
    }
  }
}

/** An address on which the latest sockets get the new connections, and how many there are before them. */
interface Steered {
  readonly address: SocketAddress;
  readonly first: number;
}

/**
 * Milliseconds until all but those places are left out: shortly before the sockets close, which wait for a second
 * (frontend.ts), since fewer workers get all new clients then.
 */
const BEFORE_THEY_CLOSE = 700;
