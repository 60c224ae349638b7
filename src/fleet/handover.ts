/**
 * Closes listening sockets without losing a client. The kernel gives a new connection to any of the sockets that share
 * a port, and resets those in the queue of a socket that closes. So the kernel is first made to give new connections
 * only to the sockets that stay.
 *
 * A socket joins the end of its group when it begins to listen, so those that stay are the latest ones. When a socket
 * closes, the last of the group moves to its index. The indexes of those that stay therefore shrink from the end.
 * Shortly before the others close, new connections go only to the indexes that stay valid until the last has closed.
 * There are such indexes if at least as many sockets stay as close, so fewer workers than before open several each
 * (generation.ts). If the latest ones close, because a reload has failed, those that stay keep their indexes.
 */

import type { Logger } from "../log/log.ts";
import type { Runtime, SocketAddress, Steering } from "../runtime/runtime.ts";
import { countListeners, hasAllListeners } from "../wire/listener_tables.ts";

/** A worker that can steer, because it listens on these addresses itself. */
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
   * Steers new connections to the latest sockets while `close` closes the others. Where steering is not possible, it
   * only calls `close`. Rejects if `close` does.
   */
  run(options: HandoverOptions, close: () => Promise<unknown>): Promise<void> {
    const turn = this.#last.then(() => this.#run(options, close));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** How many sockets, of any process, listen on an address; 0 where that is unknown. */
  async count(address: SocketAddress): Promise<number> {
    const [count] = await this.counts([address]);
    return count!;
  }

  /** The same for several. Each table is read once. */
  async counts(addresses: readonly SocketAddress[]): Promise<number[]> {
    const tables = new Map<string, Promise<string>>();
    return await Promise.all(addresses.map(async (address) => {
      const file = address.host.includes(":") ? "/proc/net/tcp6" : "/proc/net/tcp";
      const table = tables.get(file) ??
        this.#runtime.files.readBeginning(file, hasAllListeners).catch(() => "");
      tables.set(file, table);
      return countListeners(await table, address);
    }));
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
      const { message: reason } = error as Error;
      this.#log.debug("{reason}", { reason }, { event: "handover_incomplete" });
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
 * Milliseconds until new connections go only to the indexes that stay valid. This is shortly before the sockets close,
 * which wait a little longer (frontend.ts), because fewer workers then get all new clients.
 */
const BEFORE_THEY_CLOSE = 900;
