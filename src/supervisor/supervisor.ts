/**
 * The parent process: starts the workers, keeps them running, ends them in order, writes the log. It never
 * touches traffic, and it outlives whatever happens to a worker.
 */

import type { WorkerTotals } from "../control/messages.ts";
import type { Logger } from "../log/log.ts";
import { type ListenAddress, pause, type Runtime } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import type { Plan } from "./plan.ts";
import type { StopSignals } from "./stop_signals.ts";
import { WorkerSlot } from "./worker_slot.ts";

/** Runs workers by a plan until a signal ends them. */
export class Supervisor {
  readonly #runtime: Runtime;
  readonly #plan: Plan;
  readonly #frontends: readonly ListenAddress[];
  readonly #signals: StopSignals;
  readonly #log: Logger;
  readonly #slots: readonly WorkerSlot[];
  /** Called once the workers serve. */
  onServing: () => void = () => {};
  /** Called for HUP, before anything else is done about it. */
  onHangUp: () => void = () => {};

  /** `frontends` as `claimPorts` gave them. */
  constructor(
    runtime: Runtime,
    plan: Plan,
    frontends: readonly ListenAddress[],
    signals: StopSignals,
    log: Logger,
  ) {
    this.#runtime = runtime;
    this.#plan = plan;
    this.#frontends = frontends;
    this.#signals = signals;
    this.#log = log;
    this.#slots = Array.from({ length: plan.workers }, (_, place) => {
      const configuration = { ...plan.configuration, frontends, index: place + 1 };
      return new WorkerSlot(runtime, configuration, log);
    });
  }

  /** Resolves when everything has ended. Throws {@linkcode StartupError} if a worker cannot start. */
  async run(): Promise<void> {
    this.#signals.onHangUp = () => {
      this.onHangUp();
      this.#log.warning("SIGHUP: this release does not reload; start stud again to apply changes");
    };
    try {
      const started = Promise.all(this.#slots.map((slot) => slot.start()));
      started.catch(() => {}); // A signal may have ended the wait for it.
      const first = await Promise.race([started, this.#signals.stop]);
      if (typeof first !== "string") {
        this.#announce(first[0]!);
        this.onServing();
      }
    } catch (error) {
      await this.#killAll();
      throw error;
    }
    if (await this.#signals.stop === "drain") await this.#drain();
    await this.#killAll();
    this.#log.info("stopped{totals}", { totals: describeTotals(this.#slots) });
  }

  #announce(library: string): void {
    const { configuration, workers, tlsBecause } = this.#plan;
    const [backend] = configuration.backend;
    this.#log.info("{workers} on {frontends}, backend {backend}, TLS by {library}", {
      workers: workers === 1 ? "1 worker serves" : `${workers} workers serve`,
      frontends: this.#frontends.map(formatSocketAddress).join(" and "),
      backend: backend?.kind === "tcp" ? formatSocketAddress(backend) : backend?.path,
      library: tlsBecause === undefined ? library : `${library} because of ${tlsBecause}`,
    });
  }

  async #drain(): Promise<void> {
    const limit = this.#plan.configuration.timeouts.drain;
    this.#log.info("draining: no new clients, up to {limit} s for those that are here", { limit });
    const drained = Promise.all(this.#slots.map((slot) => slot.drain()));
    // Workers keep the limit themselves; a worker that cannot is ended a little later.
    const overdue = pause(this.#runtime.clock, limit * 1000 + GRACE);
    await Promise.race([drained, overdue, this.#signals.hurry]);
  }

  async #killAll(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.kill()));
  }
}

function describeTotals(slots: readonly WorkerSlot[]): string {
  const totals = slots.flatMap((slot) => slot.totals);
  if (totals.length === 0) return "";
  const sum = (count: (totals: WorkerTotals) => number) =>
    totals.reduce((total, each) => total + count(each), 0);
  return `: ${sum((each) => each.accepted)} connections, ` +
    `${sum((each) => each.handshakesFailed)} handshakes failed, ` +
    `${sum((each) => each.backendsFailed)} backend failures`;
}

/** Milliseconds. */
const GRACE = 3_000;
