/**
 * All workers that serve by one configuration. They change to another one together and in place: connections stay, and
 * so do listening sockets where possible.
 */

import {
  MAX_LISTENERS,
  type ServingBy,
  type WorkerCounters,
  type WorkerFrontend,
  type WorkerState,
} from "../control/messages.ts";
import { CertificatesRefused, StartupError } from "../errors.ts";
import type { AccessOutput } from "../log/access_output.ts";
import type { Logger } from "../log/log.ts";
import type { Runtime, SocketAddress } from "../runtime/runtime.ts";
import type { Handover } from "./handover.ts";
import { ENGINES } from "../tls/engines.ts";
import { LONGEST_ALONE } from "./restart_pace.ts";
import { SlotRecord } from "./slot_record.ts";
import type { WorkerProcess } from "./worker_process.ts";
import { WorkerSlot, type WorkerSlotOptions } from "./worker_slot.ts";

/** What every generation needs. */
export interface GenerationOptions {
  readonly handover: Handover;
  readonly log: Logger;
  /** Where lines of the access log go. */
  readonly accessLog?: AccessOutput | undefined;
  readonly trace?: WorkerSlotOptions["trace"];
  /** What is known of the workers of a slot. */
  readonly recordOf?: (index: number) => SlotRecord;
}

/** A number of workers. */
export class Generation {
  readonly #handover: Handover;
  readonly #slots: readonly WorkerSlot[];
  #state: WorkerState;

  constructor(
    runtime: Runtime,
    state: WorkerState,
    { handover, log, accessLog, trace, recordOf = (index) => new SlotRecord(index) }:
      GenerationOptions,
  ) {
    this.#handover = handover;
    this.#state = state;
    const options = {
      ...{ log, accessLog, trace, state: () => this.#state },
      handOver: (successor: WorkerProcess, close: () => Promise<void>) =>
        this.#handOver(successor, this.addresses, this.#socketsEach, close),
      hasNoWorker: () => this.#hasNoWorker(),
      hasNoRecentWorker: () => this.#hasNoRecentWorker(runtime.clock.now()),
    };
    const length = state.configuration.workers;
    this.#slots = Array.from({ length }, (_, place) => {
      const index = place + 1;
      return new WorkerSlot(runtime, { ...options, index, record: recordOf(index) });
    });
  }

  /**
   * Starts the workers and returns their TLS library. Rejects with {@linkcode StartupError} if one cannot serve.
   * `isFirst`: no others listen on these addresses, so the tables of sockets need not be read.
   */
  async start({ isFirst = false } = {}): Promise<ServingBy> {
    const listeners = isFirst ? 1 : await this.#listenersNeeded();
    // It may have been updated meanwhile.
    this.#state = { ...this.#state, listeners };
    const [servingBy] = await Promise.all(this.#slots.map((slot) => slot.start()));
    // Later workers use the same library as the first ones, even if another has been installed meanwhile.
    this.#state = { ...this.#state, missing: servingBy!.missing };
    return servingBy!;
  }

  /** The state that its workers serve by. */
  get state(): WorkerState {
    return this.#state;
  }

  /** The addresses where they listen. */
  get addresses(): readonly SocketAddress[] {
    return addressesOf(this.#state.configuration.frontends);
  }

  /** Every live worker, including those that leave. */
  get alive(): WorkerProcess[] {
    return this.#slots.flatMap(({ alive }) => [...alive]);
  }

  /** Its slots, in the order of their indexes. */
  get slots(): readonly Pick<WorkerSlot, "alive" | "current">[] {
    return this.#slots;
  }

  /**
   * Changes all workers to another state. Rejects with {@linkcode StartupError} if one of them cannot, and then nothing
   * has changed; with {@linkcode CertificatesRefused} if all refuse the same.
   */
  async change(state: WorkerState): Promise<void> {
    const next = this.#withFindings(state);
    const prepared = await Promise.allSettled(this.#slots.map((slot) => slot.prepare(next)));
    const refused = prepared.find((one) => one.status === "rejected");
    if (refused !== undefined) {
      for (const slot of this.#slots) slot.forget();
      const { message } = refused.reason as Error;
      throw commonRefusal(prepared) ?? new StartupError(message, { cause: refused.reason });
    }
    this.#state = next;
    const reopened = prepared.flatMap((one) => one.status === "fulfilled" ? one.value : []);
    const commit = async () => {
      await Promise.all(this.#slots.map((slot) => slot.commit()));
    };
    await this.#handOver(this.#anyWorker(), unique(reopened), this.#sockets, commit);
  }

  /** Updates all workers, and all later ones, to a state that needs no preparation. */
  update(state: WorkerState): void {
    this.#state = this.#withFindings(state);
    for (const worker of this.alive) worker.update(this.#state);
  }

  /** Makes the former workers of the same addresses stop listening. Their clients may go on. */
  async succeed(former: Generation): Promise<void> {
    const close = () => former.#retire();
    const shared = this.addresses.filter((address) =>
      former.addresses.some((other) => isSame(address, other))
    );
    await this.#handOver(this.#anyWorker(), shared, this.#sockets, close);
  }

  /** Makes its own workers stop listening, in favour of the former ones, because not all of its workers could start. */
  async yieldTo(former: Generation): Promise<void> {
    const close = async () => {
      await Promise.all(this.#slots.map((slot) => slot.withdraw()));
    };
    const shared = former.addresses.filter((address) =>
      this.addresses.some((other) => isSame(address, other))
    );
    await former.#handOver(former.#anyWorker(), shared, former.#sockets, close, true);
  }

  /**
   * Asks all to drain within `seconds`, and resolves when none is left. If workers of another program already listen on
   * the same addresses, they get the new connections.
   */
  async drain(seconds: number): Promise<void> {
    const [address] = this.addresses;
    const others = address === undefined ? 0 : await this.#handover.count(address) - this.#sockets;
    const by = this.#anyWorker();
    const gone = () => this.#slots.map((slot) => slot.drain(seconds, others > 0));
    if (others <= 0 || by === undefined) return void await Promise.all(gone());
    let all: Promise<void>[] = [];
    const close = async () => {
      all = gone();
      await Promise.all(this.#slots.map((slot) => slot.current?.stoppedAccepting));
    };
    await this.#handOver(by, this.addresses, others, close);
    await Promise.all(all);
  }

  /** Ends all at once and resolves when they are gone. */
  async kill(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.kill()));
  }

  /** Resolves when no worker is left. */
  async gone(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.gone()));
  }

  /** The counters of workers that ended in order. */
  get totals(): readonly WorkerCounters[] {
    return this.#slots.flatMap((slot) => slot.totals);
  }

  /** The state with what this generation has found out at its start. */
  #withFindings(state: WorkerState): WorkerState {
    const { missing, listeners } = this.#state;
    return { ...state, missing, listeners };
  }

  /** How many sockets a worker has on each address. The platform's own listeners have one. */
  get #socketsEach(): number {
    const { configuration: { tls }, missing, listeners = 1 } = this.#state;
    return missing !== undefined || ENGINES[tls.library].platformSockets ? 1 : listeners;
  }

  /** The same for all workers together. */
  get #sockets(): number {
    return this.#slots.length * this.#socketsEach;
  }

  /**
   * While former workers close their sockets, clients can be kept away from these only if at least as many stay
   * (handover.ts). So fewer workers than before open several each.
   */
  async #listenersNeeded(): Promise<number> {
    const others = Math.max(1, ...await this.#handover.counts(this.addresses));
    return Math.min(Math.ceil(others / this.#slots.length), MAX_LISTENERS);
  }

  async #retire(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.retire()));
  }

  #hasNoWorker(): boolean {
    return this.#slots.every(({ current }) => current === undefined);
  }

  /** No worker is left, and none was started in the last second, so that many that fail take turns. */
  #hasNoRecentWorker(now: number): boolean {
    return this.#hasNoWorker() &&
      this.#slots.every(({ launchedAt }) => now - launchedAt >= LONGEST_ALONE);
  }

  #anyWorker(): WorkerProcess | undefined {
    return this.#slots.map(({ current }) => current).find((one) => one !== undefined);
  }

  #handOver(
    by: WorkerProcess | undefined,
    addresses: readonly SocketAddress[],
    latest: number,
    close: () => Promise<void>,
    areFirst = false,
  ): Promise<void> {
    // They may all have died meanwhile; then no worker is left to steer to.
    if (by === undefined) return close();
    const { configuration: { steer, steersAlways, tls }, missing } = this.#state;
    const isSteered = steer !== undefined &&
      (steersAlways || !ENGINES[tls.library].sharesSessions || missing !== undefined);
    const byClient = isSteered && steersAlways ? "network" : isSteered;
    return this.#handover.run({ by, addresses, latest, byClient, areFirst }, close);
  }
}

function addressesOf(frontends: readonly WorkerFrontend[]): SocketAddress[] {
  return frontends.map(({ host, port }) => ({ host, port }));
}

/** A refusal by a single worker may be a lie that keeps the former certificate in use, so all must agree. */
function commonRefusal(
  prepared: readonly PromiseSettledResult<unknown>[],
): CertificatesRefused | undefined {
  const refusals = prepared.map((one) => one.status === "rejected" ? one.reason : undefined);
  const [first, ...others] = refusals.filter((one) => one instanceof CertificatesRefused);
  if (first === undefined) return undefined;
  const refused = first.refused.filter(({ fingerprint }) =>
    others.every((other) => other.refused.some((one) => one.fingerprint === fingerprint))
  );
  const all = others.length + 1 === refusals.length && refused.length > 0;
  return all ? new CertificatesRefused(refused) : undefined;
}

function unique(addresses: readonly SocketAddress[]): SocketAddress[] {
  return addresses.filter((one, place) =>
    addresses.findIndex((other) => isSame(one, other)) === place
  );
}

function isSame(one: SocketAddress, other: SocketAddress): boolean {
  return one.host === other.host && one.port === other.port;
}
