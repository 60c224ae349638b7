/**
 * The parent process: starts the workers, keeps them running, answers signals, writes the log. It never
 * touches traffic, and it outlives whatever happens to a worker.
 */

import type { WorkerTotals } from "../control/messages.ts";
import type { Logger } from "../log/log.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import type { Plan } from "./plan.ts";
import { WorkerSlot } from "./worker_slot.ts";

/** Runs workers by a plan until a signal ends them. */
export class Supervisor {
  readonly #runtime: Runtime;
  readonly #plan: Plan;
  readonly #log: Logger;
  readonly #slots: readonly WorkerSlot[];
  #terminated = false;
  #onStop = Promise.withResolvers<"drain" | "now">();
  #onHurry = Promise.withResolvers<void>();

  /** Answers signals from here on, so that none can hit a program that is half started. */
  constructor(runtime: Runtime, plan: Plan, log: Logger) {
    this.#runtime = runtime;
    this.#plan = plan;
    this.#log = log;
    this.#slots = Array.from({ length: plan.workers }, (_, place) => {
      return new WorkerSlot(runtime, { ...plan.configuration, index: place + 1 }, log);
    });
    const { processes } = runtime;
    processes.onSignal("SIGTERM", () => this.#terminate());
    processes.onSignal("SIGINT", () => this.#hurry());
    processes.onSignal("SIGHUP", () => this.#hangUp());
  }

  /** Resolves when everything has ended. Throws {@linkcode StartupError} if a worker cannot start. */
  async run(): Promise<void> {
    try {
      const started = Promise.all(this.#slots.map((slot) => slot.start()));
      const stop = await Promise.race([started, this.#onStop.promise]);
      if (typeof stop !== "string") this.#announce();
      else started.catch(() => {});
    } catch (error) {
      await this.#killAll();
      throw error;
    }
    if (await this.#onStop.promise === "drain") await this.#drain();
    await this.#killAll();
    this.#log.info("stopped{totals}", { totals: describeTotals(this.#slots) });
  }

  #announce(): void {
    const { configuration, workers } = this.#plan;
    const [backend] = configuration.backend;
    this.#log.info("{workers} on {frontends}, backend {backend} (rustls, TLS 1.2 and 1.3)", {
      workers: workers === 1 ? "1 worker serves" : `${workers} workers serve`,
      frontends: configuration.frontends.map(formatSocketAddress).join(" and "),
      backend: backend?.kind === "tcp" ? formatSocketAddress(backend) : backend?.path,
    });
  }

  #terminate(): void {
    if (this.#terminated) return this.#hurry();
    this.#terminated = true;
    this.#onStop.resolve("drain");
  }

  #hurry(): void {
    this.#onStop.resolve("now");
    this.#onHurry.resolve();
  }

  #hangUp(): void {
    // The terminal is gone, and with it whoever could have ended us with Ctrl-C.
    if (this.#runtime.processes.onTerminal) return this.#hurry();
    this.#log.warning("SIGHUP: this release does not reload; start stud again to apply changes");
  }

  async #drain(): Promise<void> {
    const limit = this.#plan.configuration.timeouts.drain;
    this.#log.info("draining: no new clients, up to {limit} s for those that are here", { limit });
    const drained = Promise.all(this.#slots.map((slot) => slot.drain()));
    // Workers keep the limit themselves; a worker that cannot is ended a little later.
    const overdue = new Promise<void>((resolve) => {
      this.#runtime.clock.after(limit * 1000 + GRACE, resolve);
    });
    await Promise.race([drained, overdue, this.#onHurry.promise]);
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
