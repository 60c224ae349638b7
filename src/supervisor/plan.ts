/**
 * Turns settings into what workers are told, by asking this machine: files, names, users, CPUs, ports. Every
 * fault is one line that names the option or the file. Nothing is started from here.
 */

import { formatAddress } from "../config/address.ts";
import type { Settings, TcpAddress } from "../config/settings.ts";
import type {
  BackendEndpoint,
  WorkerConfiguration,
  WorkerPrivileges,
} from "../control/messages.ts";
import { StartupError } from "../errors.ts";
import type { ListenAddress, Runtime, SocketAddress } from "../runtime/runtime.ts";
import { findGroup, findUser } from "./accounts.ts";
import type { HandedSockets } from "./handed_sockets.ts";
import type { TlsPlan } from "./tls_plan.ts";

/** What is to be run. */
export interface Plan {
  /** For every worker; only the index differs, and the frontends come with the ports. */
  readonly configuration: Omit<WorkerConfiguration, "index" | "frontends">;
  readonly frontends: readonly WantedFrontend[];
  readonly workers: number;
  /** The option that chose the TLS library, if one did. */
  readonly tlsBecause: string | undefined;
  /** Lines the operator should read; none of them stops the start. */
  readonly warnings: readonly string[];
}

/** A frontend of the settings, and the addresses that may stand for it. */
export interface WantedFrontend {
  /** As the operator would write it. */
  readonly text: string;
  /** The first set of which this machine has at least one address is what counts. */
  readonly alternatives: readonly (readonly SocketAddress[])[];
}

/** Makes the plan for serving with what TLS was told. Throws {@linkcode StartupError}. */
export async function makePlan(
  settings: Settings,
  tls: TlsPlan,
  runtime: Runtime,
): Promise<Plan> {
  const privileges = await findPrivileges(settings, runtime);
  const workers = workerCount(settings, runtime);
  const configuration = {
    backend: await backendEndpoints(settings, runtime),
    tls: tls.configuration,
    steer: steeredWorkers(settings, workers),
    preface: settings.preface,
    backlog: settings.backlog,
    keepalive: settings.keepalive,
    logConnections: settings.logLevel === "debug",
    timeouts: {
      handshake: settings.handshakeTimeout,
      backendConnect: settings.backendConnectTimeout,
      drain: settings.drainTimeout,
      linger: settings.lingerTimeout,
      stall: settings.stallTimeout,
    },
    privileges,
  };
  return {
    configuration,
    frontends: await Promise.all(
      settings.frontends.map((frontend) => wantedFrontend(frontend, runtime)),
    ),
    workers,
    tlsBecause: settings.tlsLibrary.because,
    warnings: [...tls.warnings, ...warnings(privileges, runtime)],
  };
}

/**
 * Claims the ports for a moment, so that one that others use is noticed although workers share theirs, and
 * returns the addresses to listen on, every port 0 replaced by the system's choice. Sockets that were handed
 * over take the place of such ports. Rejects with {@linkcode StartupError}.
 */
export async function claimPorts(
  plan: Pick<Plan, "frontends">,
  runtime: Runtime,
  handed?: HandedSockets,
): Promise<ListenAddress[]> {
  const chosen = new Set<number>();
  const claimed: ListenAddress[] = [];
  for (const { text, alternatives } of plan.frontends) {
    const before = claimed.length;
    const ready = alternatives.find((some) => some.some((address) => handed?.find(address)));
    for (const addresses of ready === undefined ? alternatives : [ready]) {
      for (const address of addresses) {
        const socket = handed?.use(address);
        if (socket !== undefined) {
          claimed.push(socket);
          continue;
        }
        const port = await claimPort(address, chosen, runtime);
        if (port !== undefined) claimed.push({ ...address, port });
      }
      if (claimed.length > before) break;
    }
    if (claimed.length === before) {
      throw new StartupError(`--frontend ${text}: this machine has no such address`);
    }
  }
  handed?.checkUsed();
  return claimed;
}

/** Undefined where this machine has no such address. */
async function claimPort(
  address: SocketAddress,
  chosen: Set<number>,
  runtime: Runtime,
): Promise<number | undefined> {
  let port = await runtime.network.probe(address);
  // A probe ends before the next one begins, so the system may choose the same port again.
  while (address.port === 0 && port !== undefined && chosen.has(port)) {
    port = await runtime.network.probe(address);
  }
  if (port !== undefined) chosen.add(port);
  return port;
}

async function wantedFrontend(frontend: TcpAddress, runtime: Runtime): Promise<WantedFrontend> {
  const port = await portNumber(frontend.port, "--frontend", runtime);
  const at = (host: string) => ({ host, port });
  const text = formatAddress(frontend);
  // On Linux a socket for every IPv6 address takes IPv4 clients too; a kernel may have no IPv6.
  if (frontend.host === "*") return { text, alternatives: [[at("::")], [at("0.0.0.0")]] };
  const hosts = await lookup(frontend.host, "--frontend", runtime);
  return { text, alternatives: [hosts.map(at)] };
}

async function backendEndpoints(settings: Settings, runtime: Runtime): Promise<BackendEndpoint[]> {
  const { backend } = settings;
  if (backend.kind === "unix") return [backend];
  const port = await portNumber(backend.port, "--backend", runtime);
  const hosts = await lookup(backend.host, "--backend", runtime);
  return hosts.map((host) => ({ kind: "tcp", host, port }));
}

async function lookup(host: string, option: string, runtime: Runtime): Promise<string[]> {
  try {
    return [...new Set(await runtime.network.lookup(host))];
  } catch (error) {
    throw new StartupError(`${option}: the host name ${host} cannot be resolved`, { cause: error });
  }
}

async function portNumber(port: string, option: string, runtime: Runtime): Promise<number> {
  if (/^\d+$/.test(port)) return Number(port);
  const services = await runtime.files.readText("/etc/services").catch(() => "");
  for (const line of services.split("\n")) {
    const [name, place, ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    const [number, protocol] = place?.split("/") ?? [];
    if (protocol === "tcp" && (name === port || aliases.includes(port))) return Number(number);
  }
  throw new StartupError(
    `${option}: ${port} is neither a port number nor a service in /etc/services`,
  );
}

async function findPrivileges(settings: Settings, runtime: Runtime): Promise<WorkerPrivileges> {
  const { chroot, user, group } = settings;
  for (const [option, value] of Object.entries({ chroot, user, group })) {
    if (value === undefined) continue;
    if (runtime.platform !== "linux") {
      throw new StartupError(`--${option}: only on Linux, this is ${runtime.platform}`);
    }
    if (runtime.processes.uid !== 0) {
      throw new StartupError(
        `--${option}: only root can change it; start stud as root or leave it out`,
      );
    }
  }
  if (chroot !== undefined && !await runtime.files.isDirectory(chroot)) {
    throw new StartupError(`--chroot ${chroot}: there is no such directory`);
  }
  const account = user === undefined ? undefined : await findUser(runtime, user);
  const gid = group === undefined ? account?.gid : await findGroup(runtime, group);
  // Workers begin in whatever directory stud is in by then.
  const root = chroot === undefined ? undefined : runtime.service.absolute(chroot);
  return { chroot: root, uid: account?.uid, gid };
}

function workerCount(settings: Settings, runtime: Runtime): number {
  const count = settings.workers === "auto" ? runtime.processes.cpus : settings.workers;
  if (count > 1 && runtime.platform !== "linux") {
    throw new StartupError(
      `--workers ${count}: workers can share a port on Linux only; use one on ${runtime.platform}`,
    );
  }
  return count;
}

/** With OpenSSL every worker can resume every session, so clients may go to any. */
function steeredWorkers(settings: Settings, workers: number): number | undefined {
  const useful = workers > 1 && settings.tlsLibrary.name === "rustls";
  return settings.steerByClient && useful ? workers : undefined;
}

function warnings(privileges: WorkerPrivileges, runtime: Runtime): string[] {
  if (runtime.processes.uid !== 0 || privileges.uid !== undefined) return [];
  return ["workers run as root; give them a user of their own with --user NAME"];
}
