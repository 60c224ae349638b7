/**
 * The platform for `-t`: where a start would open, make, claim or listen, it only checks. A start on it fails with the
 * same error as a real one. What a running stud already holds, its pidfile and its ports, is no fault, because that
 * stud may be the one to reload. It is reported as a note instead.
 */

import type { Settings } from "../config/settings.ts";
import { PortInUseError, StartupError } from "../errors.ts";
import type {
  HttpServer,
  HttpServerOptions,
  LogHandle,
  Network,
  PidFile,
  Runtime,
  SocketAddress,
} from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import { hasAllListeners, listenerOn, type ListenerTables } from "../wire/listener_tables.ts";
import { missingCapability } from "../plan/capabilities.ts";
import { type Plan, refuseRootWorkers } from "../plan/plan.ts";
import { LOG_SOCKET, syslogWarning } from "./syslog_warning.ts";
import { workersOf } from "./takeover.ts";

/** A start without side effects. */
export class Rehearsal {
  /** Like the original platform, but without side effects. */
  readonly runtime: Runtime;
  /** What a start would find, and a reload may not. */
  readonly notes: string[] = [];
  readonly #platform: Runtime;
  readonly #settings: Settings;

  constructor(platform: Runtime, settings: Settings) {
    this.#platform = platform;
    this.#settings = settings;
    const service = Object.assign(Object.create(platform.service), {
      openLog: (path: string) => this.#openLog(path),
      claimPidFile: (path: string) => this.#claimPidFile(path),
    });
    const network: Partial<Network> = {
      probe: (address) => this.#probe(address),
      reserve: () => Promise.resolve(undefined),
      serveHttp: (options) => this.#serveHttp(options),
    };
    this.runtime = Object.create(platform, {
      service: { value: service },
      network: { value: Object.assign(Object.create(platform.network), network) },
    });
  }

  /** Notes what would fail only at a start, or only later. */
  async look(plan: Plan): Promise<void> {
    const { service, files } = this.#platform;
    const { compat, service: { listenReport } } = this.#settings;
    try {
      // hitch accepts such a configuration in a test, and then refuses to start with it.
      if (compat === "hitch") refuseRootWorkers(plan, this.#platform);
    } catch (error) {
      this.#wouldFail(error as Error);
    }
    if (listenReport !== undefined) {
      await service.checkLog(listenReport).catch((error: Error) =>
        this.notes.push(`--dbg-listen ${error.message}`)
      );
    }
    const warning = syslogWarning(this.#settings);
    if (warning !== undefined && await files.stamp(LOG_SOCKET) === undefined) {
      this.notes.push(warning);
    }
  }

  async #openLog(path: string): Promise<LogHandle> {
    await this.#platform.service.checkLog(path);
    return UNOPENED;
  }

  async #claimPidFile(path: string): Promise<PidFile> {
    const held = await this.#platform.service.checkPidFile(path);
    // A stud that is being replaced releases it.
    if (held !== undefined && this.#settings.service.takeover === undefined) {
      if (await this.#isForeign(path)) throw held.refusal;
      this.#wouldFail(held.refusal);
    }
    return { release: () => Promise.resolve() };
  }

  /** Whether the pidfile belongs to a program other than stud; false too where that is unknown. */
  async #isForeign(path: string): Promise<boolean> {
    const { service, processes: { others } } = this.#platform;
    if (others === undefined) return false;
    const holders = await others.lockHolders(service.absolute(path));
    for (const pid of holders) {
      const holder = await others.open(pid);
      const isStud = holder === undefined || workersOf(holder).length > 0;
      holder?.close();
      if (isStud) return false;
    }
    return holders.length > 0;
  }

  #wouldFail({ message }: Error): void {
    this.notes.push(`a start now would fail: ${message}`);
  }

  async #probe(address: SocketAddress): Promise<number | undefined> {
    // A probe on a port of the system's choice shows whether there is such an address.
    const chosen = await this.#platform.network.probe({ ...address, port: 0 });
    const { port } = address;
    if (chosen === undefined || port === 0) return chosen;
    const where = formatSocketAddress(address);
    if (await this.#isPrivileged(port)) {
      throw new StartupError(
        `cannot listen on ${where}: permission denied; ports below 1024 need root or ` +
          "CAP_NET_BIND_SERVICE",
      );
    }
    const other = listenerOn(await this.#tables(), address);
    if (other !== undefined) {
      const at = formatSocketAddress(other);
      const reason = `the port is in use${at === where ? "" : ` on ${at}`}`;
      this.#wouldFail(new PortInUseError(`cannot listen on ${where}: ${reason}`));
    }
    return port;
  }

  async #serveHttp(options: HttpServerOptions): Promise<HttpServer> {
    const { address } = options;
    if (!("path" in address)) await this.#probe(address);
    try {
      await this.#platform.network.serveHttp({ ...options, onlyChecks: true });
    } catch (error) {
      // A stud that runs has it.
      if (!(error instanceof PortInUseError)) throw error;
      this.#wouldFail(error);
    }
    return { address, isThere: () => Promise.resolve(true), close: () => Promise.resolve() };
  }

  /** False too where that is unknown: where there is no proc(5). */
  async #isPrivileged(port: number): Promise<boolean> {
    const first = await this.#read("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    if (first === "" || port >= Number(first)) return false;
    const { files } = this.#platform;
    return await missingCapability(files, ["CAP_NET_BIND_SERVICE"]) !== undefined;
  }

  async #tables(): Promise<ListenerTables> {
    const [ipv4, ipv6] = await Promise.all(
      ["tcp", "tcp6"].map((name) =>
        this.#platform.files.readBeginning(`/proc/self/net/${name}`, hasAllListeners)
          .catch(() => "")
      ),
    );
    return { ipv4: ipv4!, ipv6: ipv6! };
  }

  #read(path: string): Promise<string> {
    return this.#platform.files.readText(path, Infinity).catch(() => "");
  }
}

const UNOPENED: LogHandle = {
  append: () => Promise.resolve(),
  isCurrent: () => Promise.resolve(true),
  close: () => Promise.resolve(),
};
