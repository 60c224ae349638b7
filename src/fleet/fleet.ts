/**
 * All workers, as one thing that has a state. Callers say which state they want, and the fleet finds the gentlest way
 * there. Former workers belong to it until their last client has gone.
 */

import {
  type Asked,
  MAX_CONNECTIONS,
  type ServingBy,
  type WorkerCounters,
  type WorkerFaults,
  type WorkerState,
} from "../control/messages.ts";
import { needsPreparation } from "../control/worker_state.ts";
import { deferred } from "../deferred.ts";
import { CertificatesRefused, UsageError } from "../errors.ts";
import type {
  ConnectionFilter,
  Disconnected,
  LiveConnection,
  LiveConnections,
  OfAllWorkers,
} from "../live_connection.ts";
import type { AccessOutput } from "../log/access_output.ts";
import type { Logger } from "../log/log.ts";
import type { Runtime, SocketAddress } from "../runtime/runtime.ts";
import { isSameData } from "../same_data.ts";
import { parseNetwork } from "../wire/network.ts";
import { Generation } from "./generation.ts";
import { Handover } from "./handover.ts";
import { mergedFaults } from "./merged_faults.ts";
import { SlotRecord, type WorkerFacts, type WorkerMetrics } from "./slot_record.ts";
import type { WorkerProcess } from "./worker_process.ts";

/** A state that no worker has yet; the fleet numbers the versions. */
export type NextState = Pick<WorkerState, "configuration" | "staples">;

/** The parts of a fleet. */
export interface FleetOptions {
  readonly runtime: Runtime;
  readonly log: Logger;
  /** Where lines of the access log go. */
  readonly accessLog?: AccessOutput | undefined;
  /** The workers of another stud, which these take over from, listen on the same addresses. */
  readonly takesOver?: boolean;
  /** Called when new processes serve, with the TLS library that they use. */
  readonly onServing: (servingBy: ServingBy) => void;
}

/** The workers. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly #handover: Handover;
  /** The last one serves; the others still have clients. */
  readonly #generations = new Set<Generation>();
  readonly #ended: WorkerCounters[] = [];
  /** One for each slot that any generation has had. */
  readonly #records: SlotRecord[] = [];
  #current: Generation;
  #version = 0;
  /** The newest staples that the fleet has received. */
  #staples: WorkerState["staples"];
  #stopping = false;
  #trace: { readonly cidr: string; readonly until: number } | undefined;

  constructor(first: NextState, options: FleetOptions) {
    this.#options = options;
    this.#staples = first.staples;
    this.#handover = new Handover(options.runtime, options.log);
    this.#current = this.#newGeneration(this.#versioned(first));
  }

  /** The state that its workers serve by. */
  get state(): WorkerState {
    return this.#current.state;
  }

  /** The addresses where they listen. */
  get addresses(): readonly SocketAddress[] {
    return this.#current.addresses;
  }

  /** Every live worker. */
  get alive(): WorkerProcess[] {
    return [...this.#generations].flatMap(({ alive }) => alive);
  }

  /** The counters of workers that ended in order. */
  get totals(): readonly WorkerCounters[] {
    return [...this.#ended, ...[...this.#generations].flatMap((one) => one.totals)];
  }

  /** What the workers of each slot have counted, by index. */
  metrics(): readonly WorkerMetrics[] {
    return this.#records.map((record) => record.metrics(this.#aliveIn(record)));
  }

  /** The slots of the generation that serves, in the order of their indexes. */
  workers(): readonly WorkerFacts[] {
    return this.#current.slots.map(({ current }, place) => {
      const record = this.#recordOf(place + 1);
      const { index, restarts, lastEnd } = record;
      const leaving = this.#aliveIn(record).filter((worker) => worker !== current);
      return {
        ...{ index, restarts: { ...restarts }, lastEnd, process: current?.facts },
        leaving: leaving.map(({ facts }) => facts),
      };
    });
  }

  /**
   * The live connections that match of all workers that answer in time, the oldest first.
   * Rejects with `AddressFormatError` if the filter's client is no address.
   */
  async connections(filter: ConnectionFilter, limit: number): Promise<AllConnections> {
    checkFilter(filter);
    const max = Math.min(limit, MAX_CONNECTIONS);
    const { answers, unanswered } = await this.#askAll(async (worker) => {
      const { matching, connections } = await worker.ask("connections", { filter, limit: max });
      const { index } = worker;
      return { matching, connections: connections.map((one) => ({ ...one, worker: index })) };
    });
    return {
      matching: answers.reduce((sum, { matching }) => sum + matching, 0),
      connections: answers.flatMap(({ connections }) => connections)
        .sort((one, other) => other.age - one.age).slice(0, limit),
      unanswered,
    };
  }

  /** Resets the live connections that match. Rejects like {@linkcode Fleet.connections}. */
  async disconnect(filter: ConnectionFilter): Promise<Disconnected> {
    checkFilter(filter);
    const { answers, unanswered } = await this.#askAll((worker) =>
      worker.ask("disconnect", { filter })
    );
    return { disconnected: answers.reduce((sum, { matching }) => sum + matching, 0), unanswered };
  }

  /** Starts the workers. Rejects with {@linkcode StartupError} if one cannot serve. */
  async start(): Promise<void> {
    const { onServing, takesOver = false } = this.#options;
    onServing(await this.#current.start({ isFirst: !takesOver }));
  }

  /**
   * Brings all workers to this state: by an update, by prepare and then commit in all of them, or by new workers where
   * a process cannot change. Resolves with whether there was anything to change. Rejects if the change fails; nothing
   * has changed then. Only one change that needs preparation may run at a time.
   */
  async apply(next: NextState): Promise<boolean> {
    const { state } = this.#current;
    const isNew = !isSameData(state.configuration, next.configuration);
    this.#staples = next.staples;
    if (!needsPreparation(state, { ...state, ...next })) {
      this.#update(next);
      return isNew;
    }
    await this.#change(next);
    // Staples that arrived meanwhile are newer than those that the change began with.
    if (this.#staples !== next.staples) this.#update({ ...this.state, staples: this.#staples });
    return true;
  }

  /**
   * The handshakes that failed in the live workers, and the last failures of backends. A worker that does not answer
   * at once is left out; never rejects.
   */
  async faults(): Promise<WorkerFaults> {
    const { answers } = await this.#askAll((worker) => worker.ask("faults", {}), FAULTS_LIMIT);
    return mergedFaults(answers);
  }

  /**
   * Logs everything about the handshakes of clients in this network (CIDR) for this time, in workers that start later
   * too. Resolves with how many workers do so now; rejects with {@linkcode UsageError} if it is no network.
   */
  async trace(cidr: string, seconds: number): Promise<number> {
    try {
      parseNetwork(cidr);
    } catch (error) {
      throw new UsageError((error as Error).message, { cause: error });
    }
    const { clock } = this.#options.runtime;
    this.#trace = { cidr, until: clock.now() + 1_000 * seconds };
    const order = { cidr, seconds };
    return (await this.#askAll((worker) => worker.ask("trace", order))).answers.length;
  }

  /** The rest of the trace that is under way. */
  #traceLeft(): Asked<"trace"> | undefined {
    const { cidr, until } = this.#trace ?? NO_TRACE;
    const left = until - this.#options.runtime.clock.now();
    return left > 0 ? { cidr, seconds: left / 1_000 } : undefined;
  }

  /** Ends in order: asks all to drain within `seconds`, and resolves when none is left. */
  async drain(seconds: number): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#generations].map((one) => one.drain(seconds)));
  }

  /** Ends all at once and resolves when they are gone. */
  async kill(): Promise<void> {
    this.#stopping = true;
    await Promise.all([...this.#generations].map((one) => one.kill()));
  }

  /** Asks all workers that serve. One that ends meanwhile has no answer, and nothing that could be missed either. */
  async #askAll<Given>(
    ask: (worker: WorkerProcess) => Promise<Given>,
    limit = ASK_LIMIT,
  ): Promise<OfAllWorkers & { readonly answers: readonly Given[] }> {
    const { clock } = this.#options.runtime;
    const late = deferred<undefined>();
    const cancel = clock.after(limit, () => late.resolve(undefined));
    const serving = this.alive.filter(({ hasServed }) => hasServed);
    const answers = await Promise.all(serving.map((worker) => {
      return Promise.race([ask(worker).catch(() => undefined), late.promise]);
    }));
    cancel();
    const silent = serving.filter((worker, index) =>
      answers[index] === undefined && this.alive.includes(worker)
    );
    return {
      answers: answers.filter((answer) => answer !== undefined),
      unanswered: [...new Set(silent.map(({ index }) => index))].sort((one, other) => one - other),
    };
  }

  #recordOf(index: number): SlotRecord {
    while (this.#records.length < index) {
      this.#records.push(new SlotRecord(this.#records.length + 1));
    }
    return this.#records[index - 1]!;
  }

  #aliveIn({ index }: SlotRecord): WorkerProcess[] {
    return [...this.#generations].flatMap(({ slots }) => [...slots[index - 1]?.alive ?? []]);
  }

  #update(next: NextState): void {
    this.#current.update(this.#versioned(next));
    // Former workers keep the backend that they have.
    for (const former of this.#generations) {
      if (former === this.#current) continue;
      former.update(this.#versioned({ ...former.state, staples: next.staples }));
    }
  }

  async #change(next: NextState): Promise<void> {
    const current = this.#current;
    if (canChangeInPlace(current.state, next)) {
      try {
        return await current.change(this.#versioned(next));
      } catch (error) {
        if (error instanceof CertificatesRefused) throw error;
        // New workers may be able to do what these no longer can, such as listening on a low port.
        const { message: reason } = error as Error;
        this.#options.log.debug("new workers are needed: {reason}", { reason });
      }
    }
    await this.#replace(next);
  }

  /** New workers serve from now on; the former ones end once their clients have. */
  async #replace(state: NextState): Promise<void> {
    const former = this.#current;
    const next = this.#newGeneration(this.#versioned(state));
    let servingBy: ServingBy;
    try {
      servingBy = await next.start();
    } catch (error) {
      // New workers that already serve have clients by now.
      await next.yieldTo(former);
      this.#forgetOnceGone(next);
      throw error;
    }
    if (this.#stopping) return;
    this.#current = next;
    this.#options.onServing(servingBy);
    await next.succeed(former);
    this.#forgetOnceGone(former);
  }

  #forgetOnceGone(generation: Generation): void {
    generation.gone().then(() => {
      this.#generations.delete(generation);
      this.#ended.push(...generation.totals);
    });
  }

  #newGeneration(state: WorkerState): Generation {
    const { runtime, log, accessLog } = this.#options;
    const trace = () => this.#traceLeft();
    const recordOf = (index: number) => this.#recordOf(index);
    const options = { handover: this.#handover, log, accessLog, trace, recordOf };
    const generation = new Generation(runtime, state, options);
    this.#generations.add(generation);
    return generation;
  }

  #versioned({ configuration, staples }: NextState): WorkerState {
    return { version: ++this.#version, configuration, staples };
  }
}

function checkFilter({ client }: ConnectionFilter): void {
  if (client !== undefined) parseNetwork(client);
}

/** Those of several workers. */
type AllConnections =
  & LiveConnections<LiveConnection & { readonly worker: number }>
  & OfAllWorkers;

/** Milliseconds that a worker may take to answer a question of the status page. */
const ASK_LIMIT = 2_000;
/** The same for details without which the status is still worth showing. */
const FAULTS_LIMIT = 500;

/**
 * What a running process cannot change: the number of workers, its user, its sandbox, the third-party code it has
 * loaded.
 */
function canChangeInPlace(
  { configuration: from, missing }: WorkerState,
  { configuration: to }: NextState,
): boolean {
  return from.workers === to.workers &&
    (missing === undefined || from.tls.orElse === to.tls.orElse) &&
    isSameData(from.privileges, to.privileges) && isSameData(from.sandbox, to.sandbox) &&
    from.steer === to.steer && from.steersAlways === to.steersAlways &&
    from.tls.library === to.tls.library && from.tls.engine.sslEngine === to.tls.engine.sslEngine &&
    isSameData(from.tls.backend, to.tls.backend);
}

const NO_TRACE = { cidr: "", until: -Infinity };
