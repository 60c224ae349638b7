/**
 * Keeps the status served where the settings say, through reloads and a takeover. While the settings say nowhere, it
 * loads and does nothing. A fault of its own is logged, and never touches the workers.
 */

import type { LogSettings } from "../config/settings.ts";
import { PortInUseError, StartupError } from "../errors.ts";
import type { LineSink, Logger } from "../log/log.ts";
import { pause, type Runtime } from "../runtime/runtime.ts";
import { isSameData } from "../same_data.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import type { Collector } from "./collector.ts";
import type { RecentLines } from "./recent_lines.ts";
import type { StatusServer, StatusServerOptions } from "./server.ts";
import type { StatusSource } from "./source.ts";
import type { ReloadStatus } from "./status.ts";
import type { Staples, StatusSubject } from "./subject.ts";

/** Where to serve, and which clients. */
export type StatusPlace = Pick<StatusServerOptions, "address" | "names">;

/** A supervisor that also takes commands. */
export interface CommandedSubject extends StatusSubject {
  reloadNow(): Promise<Omit<ReloadStatus, "time">>;
  setLogLevel(level: LogSettings["level"]): Promise<void>;
}

/** What the commands of a unix socket need besides the supervisor. */
export interface StatusCommands {
  /** False if stud is ending already. */
  drain(): boolean;
  /** Opens the log files again. */
  reopen(): Promise<void>;
}

/** Serves the status. */
export class StatusService {
  readonly #runtime: Runtime;
  readonly #version: string;
  readonly #startedAt: Date;
  #place: StatusPlace | undefined;
  #server: StatusServer | undefined;
  /** What a reload has opened, until it succeeds. */
  #next:
    | { readonly place: StatusPlace | undefined; readonly server: StatusServer | undefined }
    | undefined;
  #collector: Collector | undefined;
  #lines: RecentLines | undefined;
  #subject: CommandedSubject | undefined;
  #staples: () => Staples = () => new Map();
  #commands: StatusCommands | undefined;
  #log: Logger | undefined;
  #over = false;

  constructor(runtime: Runtime, version: string) {
    this.#runtime = runtime;
    this.#version = version;
    this.#startedAt = runtime.clock.date();
  }

  /** A sink that also shows the lines in the status, once that is served. */
  tap(sink: LineSink): LineSink {
    return (level, text, about) => {
      this.#lines?.take(level, text);
      sink(level, text, about);
    };
  }

  /** Opens the first address. Rejects with {@linkcode StartupError}. */
  async open(place: StatusPlace | undefined): Promise<void> {
    await this.prepare(place);
    this.commit();
  }

  /**
   * Opens the first address once a predecessor has left it, and logs it if that takes too long.
   */
  async openWhenFree(place: StatusPlace | undefined): Promise<void> {
    const { clock } = this.#runtime;
    for (const start = clock.now(); !this.#over;) {
      try {
        return await this.open(place);
      } catch (error) {
        const isWaiting = error instanceof PortInUseError && clock.now() - start < TAKEOVER_LIMIT;
        if (!isWaiting) {
          const { message: reason } = error as Error;
          return this.#log?.error("{reason}", { reason }, { event: "status_failed" });
        }
        await pause(clock, TAKEOVER_PAUSE);
      }
    }
  }

  /**
   * Makes the unix socket again if it is no longer at its path. What another process has there stays, and is logged.
   * Never rejects.
   */
  async renew(): Promise<void> {
    const [former, place] = [this.#server, this.#place];
    if (former === undefined || place === undefined || !("path" in former.address)) return;
    const isStale = () => this.#over || this.#server !== former;
    if (await former.isThere() || isStale()) return;
    const { path } = former.address;
    try {
      const next = await this.#listen(place);
      // A reload may have moved it meanwhile.
      if (isStale()) return await next.close();
      this.#server = next;
      void former.close();
      this.#log?.warning(
        "{path}: this socket was removed or replaced; status is served on it again",
        { path },
      );
    } catch (error) {
      const { message: reason } = error as Error;
      this.#log?.error("{reason}", { reason }, { event: "status_failed" });
    }
  }

  /** Opens a new address, if it is one, beside the present one. Rejects with {@linkcode StartupError}. */
  async prepare(place: StatusPlace | undefined): Promise<void> {
    await this.discard();
    if (isSameData(place, this.#place)) return;
    const server = place === undefined ? undefined : await this.#listen(place);
    this.#next = { place, server };
  }

  /** Drops what was prepared, if something was. */
  async discard(): Promise<void> {
    const next = this.#next;
    this.#next = undefined;
    await next?.server?.close();
  }

  /** Serves on what was prepared alone, if something was. */
  commit(): void {
    const next = this.#next;
    this.#next = undefined;
    if (next === undefined) return;
    void this.#server?.close();
    ({ place: this.#place, server: this.#server } = next);
    if (this.#over) void this.#server?.close();
    if (this.#server === undefined) this.#forget();
    else this.#announce();
  }

  /** Tells about this supervisor from now on. */
  watch(
    subject: CommandedSubject,
    staples: () => Staples,
    commands: StatusCommands,
    log: Logger,
  ): void {
    this.#subject = subject;
    this.#staples = staples;
    this.#commands = commands;
    const isFirst = this.#log === undefined;
    this.#log = log;
    this.#collector?.watch(subject, staples);
    if (isFirst) this.#announce();
  }

  /** A reload has ended. */
  reloaded(report: Omit<ReloadStatus, "time">): void {
    this.#collector?.reloaded(report);
  }

  /** Files are no longer what was read from them. */
  changed(paths: readonly string[]): void {
    this.#collector?.changed(paths);
  }

  /** Ends it. Never rejects. */
  async close(): Promise<void> {
    this.#over = true;
    this.#forget();
    await Promise.all([this.#server?.close(), this.#next?.server?.close()]);
    this.#server = undefined;
    this.#next = undefined;
  }

  /** What serves it is loaded only now. */
  async #listen(place: StatusPlace): Promise<StatusServer> {
    const [{ StatusServer }, collector] = await Promise.all([
      import("./server.ts"),
      this.#collect(),
    ]);
    const source = this.#source(collector);
    try {
      return await StatusServer.open({ ...place, platform: this.#runtime, source });
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      const Fault = error instanceof PortInUseError ? PortInUseError : StartupError;
      throw new Fault(`--status: ${error.message}`, { cause: error });
    }
  }

  async #collect(): Promise<Collector> {
    const [{ Collector }, { RecentLines }] = await Promise.all([
      import("./collector.ts"),
      import("./recent_lines.ts"),
    ]);
    if (this.#collector !== undefined) return this.#collector;
    const { clock, files, processes: { pid }, version: runtime } = this.#runtime;
    this.#lines = new RecentLines(clock);
    const [version, startedAt, lines] = [this.#version, this.#startedAt, this.#lines];
    this.#collector = new Collector({ clock, files, pid, version, runtime, startedAt, lines });
    if (this.#subject !== undefined) this.#collector.watch(this.#subject, this.#staples);
    return this.#collector;
  }

  #forget(): void {
    this.#collector?.stop();
    this.#collector = undefined;
    this.#lines = undefined;
  }

  #announce(): void {
    if (this.#server === undefined) return;
    const { address } = this.#server;
    const where = "path" in address ? address.path : formatSocketAddress(address);
    this.#log?.info("status is served on {where}", { where });
  }

  #source(collector: Collector): StatusSource {
    const subject = () => {
      if (this.#subject === undefined) throw new Error("stud is starting");
      return this.#subject;
    };
    const { clock } = this.#runtime;
    const time = () => clock.date().toISOString();
    return {
      status: () => collector.status(),
      families: () => collector.families(),
      get unready() {
        return collector.unready;
      },
      connections: async (filter, limit) => ({
        time: time(),
        ...await subject().fleet.connections(filter, limit),
      }),
      reload: async () => ({ time: time(), ...await subject().reloadNow() }),
      drain: () => this.#commands?.drain() ?? false,
      reopen: async () => await this.#commands?.reopen(),
      setLogLevel: (level) => subject().setLogLevel(level),
      trace: (cidr, seconds) => subject().fleet.trace(cidr, seconds),
      disconnect: (filter) => subject().fleet.disconnect(filter),
    };
  }
}

// In milliseconds.
const TAKEOVER_LIMIT = 10_000;
const TAKEOVER_PAUSE = 50;
