/**
 * Turns settings into the configuration of workers, by asking this machine: files, names, users, CPUs, ports. Every
 * fault is one line that names the option or the file. It starts nothing.
 */

import { formatAddress } from "../config/address.ts";
import { sandboxSetting } from "../config/sandbox_setting.ts";
import type { ConnectionLimits, FrontendSettings, Settings } from "../config/settings.ts";
import { changeableSettings, fixedSettings } from "../config/setting_groups.ts";
import type {
  BackendEndpoint,
  WorkerConfiguration,
  WorkerPrivileges,
} from "../control/messages.ts";
import { StartupError } from "../errors.ts";
import type { Runtime, SocketAddress } from "../runtime/runtime.ts";
import { isIpAddress } from "../wire/ip_address.ts";
import { findGroup, findUser } from "./accounts.ts";
import { missingCapability } from "./capabilities.ts";
import { portNumber } from "./port_number.ts";
import { ENGINES } from "../tls/engines.ts";
import type { TlsConfiguration } from "../tls/tls_configuration.ts";
import type { BackendName } from "./backend_refresh.ts";
import { socketWarnings } from "./socket_options.ts";
import type { StaplingPlan } from "../ocsp/stapling_plan.ts";
import type { TlsPlan } from "./tls_plan.ts";
import { workerCount } from "./worker_count.ts";

/** What is to be run. */
export interface Plan {
  /** For every worker; only the index differs, and the frontends come with the ports. */
  readonly configuration: Omit<WorkerConfiguration, "index" | "frontends">;
  readonly frontends: readonly WantedFrontend[];
  /** The backend's name, if it is to be looked up repeatedly. */
  readonly backendName?: BackendName;
  readonly workers: number;
  /** What the plan was made from. */
  readonly settings: Settings;
  readonly tls: TlsPlan;
  /** The option that chose the TLS library, if one did. */
  readonly tlsBecause: string | undefined;
  /** What cannot be changed without a restart, by the option's name. */
  readonly fixed: Readonly<Record<string, unknown>>;
  /** The other settings, without the warnings that they came with. */
  readonly changeable: Partial<Settings>;
  /** The plan for OCSP responses; undefined: none. */
  readonly stapling?: StaplingPlan | undefined;
  /** Lines the operator should read; none of them stops the start. */
  readonly warnings: readonly string[];
}

/** A frontend of the settings, and its possible addresses. */
export interface WantedFrontend {
  /** As the operator would write it. */
  readonly text: string;
  /** The first set of which this machine has at least one address is used. Within a set, port 0 is one port. */
  readonly alternatives: readonly (readonly SocketAddress[])[];
  /** Its own TLS configuration, if it has one. */
  readonly tls: TlsConfiguration | undefined;
  readonly limits?: Partial<ConnectionLimits> | undefined;
}

/** Refuses what hitch refuses: workers that are root although it was not requested. Throws {@linkcode StartupError}. */
export function refuseRootWorkers({ configuration }: Plan, runtime: Runtime): void {
  if (runtime.processes.uid !== 0 || configuration.privileges.uid !== undefined) return;
  throw new StartupError(
    "Refusing to run workers as root; name a user with --user, or root if that is intended",
  );
}

/** Makes the plan for serving with this TLS plan. Throws {@linkcode StartupError}. */
export async function makePlan(
  settings: Settings,
  tls: TlsPlan,
  runtime: Runtime,
): Promise<Plan> {
  const privileges = await findPrivileges(settings, runtime);
  const workers = workerCount(settings, runtime);
  const { sockets, limits, timeouts, preface, log } = settings;
  const configuration = {
    ...{ sockets, limits, timeouts, preface, log },
    backend: await backendEndpoints(settings, runtime),
    tls: tls.configuration,
    steer: steeredWorkers(settings, workers),
    ...countsClients(settings) && { steersAlways: true },
    workers,
    privileges,
    sandbox: sandboxSetting(settings),
  };
  return {
    configuration,
    frontends: await Promise.all(
      settings.frontends.map((frontend, index) =>
        wantedFrontend(frontend, tls.ofFrontends[index], runtime)
      ),
    ),
    backendName: backendName(settings, runtime),
    workers,
    settings,
    tls,
    tlsBecause: settings.tlsLibrary.because,
    stapling: tls.stapling,
    fixed: fixedSettings(settings),
    changeable: { ...changeableSettings(settings), warnings: [] },
    warnings: [
      ...settings.warnings,
      ...tls.warnings,
      ...await socketWarnings(settings, runtime),
      ...warnings(privileges, runtime),
      ...tokenWarnings(configuration.sandbox, runtime),
    ],
  };
}

/** Every TLS configuration that some frontend is served with. */
export function tlsConfigurations({ configuration, frontends }: Plan): TlsConfiguration[] {
  return [...new Set(frontends.map(({ tls }) => tls ?? configuration.tls))];
}

async function wantedFrontend(
  { address, limits }: FrontendSettings,
  tls: TlsConfiguration | undefined,
  runtime: Runtime,
): Promise<WantedFrontend> {
  const port = await portNumber(address.port, "--frontend", runtime);
  const at = (host: string) => ({ host, port });
  const text = formatAddress(address);
  const own = { tls, ...limits && { limits } };
  if (address.host === "*") {
    // A kernel may have no IPv6, and one that has it may keep IPv4 separate.
    return await runtime.network.takesIpv4OnIpv6()
      ? { text, alternatives: [[at("::")], [at("0.0.0.0")]], ...own }
      : { text, alternatives: [[at("::"), at("0.0.0.0")]], ...own };
  }
  const hosts = await lookup(address.host, "--frontend", runtime);
  return { text, alternatives: [hosts.map(at)], ...own };
}

async function backendEndpoints(settings: Settings, runtime: Runtime): Promise<BackendEndpoint[]> {
  const { address: backend } = settings.backend;
  if (backend.kind === "unix") return [backend];
  const port = await portNumber(backend.port, "--backend", runtime);
  const hosts = await lookup(backend.host, "--backend", runtime);
  return hosts.map((host) => ({ kind: "tcp", host, port }));
}

/** Undefined if there is no name to look up, or the operator does not want it. */
function backendName(settings: Settings, runtime: Runtime): BackendName | undefined {
  const { address: backend, refresh } = settings.backend;
  if (refresh === 0 || backend.kind === "unix" || isIpAddress(backend.host)) return undefined;
  const lookUp = () => backendEndpoints(settings, runtime);
  return { text: formatAddress(backend), refresh, lookUp };
}

async function lookup(host: string, option: string, runtime: Runtime): Promise<string[]> {
  try {
    return [...new Set(await runtime.network.lookup(host))];
  } catch (error) {
    throw new StartupError(
      `${option}: the host name ${host} cannot be resolved; check it and the name server: getent hosts ${host}`,
      { cause: error },
    );
  }
}

async function findPrivileges(settings: Settings, runtime: Runtime): Promise<WorkerPrivileges> {
  const { chroot, user, group } = settings.workers;
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
    const missing = await missingCapability(runtime.files, NEEDED[option]!);
    if (missing !== undefined) {
      throw new StartupError(
        `--${option} ${value}: root has no ${missing} here, a container or service ` +
          "manager took it away; grant it, or leave the option out",
      );
    }
  }
  if (chroot !== undefined && !await runtime.files.isDirectory(chroot)) {
    throw new StartupError(
      `--chroot ${chroot}: no such directory; make an empty one: mkdir -p ${chroot}`,
    );
  }
  const account = user === undefined ? undefined : await findUser(runtime, user);
  const gid = group === undefined ? account?.gid : await findGroup(runtime, group);
  // Workers start in whatever directory stud is in at that time.
  const root = chroot === undefined ? undefined : runtime.service.absolute(chroot);
  return { chroot: root, uid: account?.uid, gid };
}

/** By option: each of them also drops the supplementary groups. */
const NEEDED: Readonly<
  Record<string, readonly ("CAP_SETGID" | "CAP_SETUID" | "CAP_SYS_CHROOT")[]>
> = {
  chroot: ["CAP_SYS_CHROOT", "CAP_SETGID"],
  user: ["CAP_SETUID", "CAP_SETGID"],
  group: ["CAP_SETGID"],
};

/**
 * How many workers to steer between; undefined: no steering. If every worker can resume every session, a client may go
 * to any worker, unless connections are counted per client. That holds only if the engine that may replace the chosen
 * one shares sessions too.
 */
function steeredWorkers(settings: Settings, workers: number): number | undefined {
  const { name, orElse = name } = settings.tlsLibrary;
  const sharesSessions = ENGINES[name].sharesSessions && ENGINES[orElse].sharesSessions;
  const useful = workers > 1 && (!sharesSessions || countsClients(settings));
  return settings.workers.steerByClient && useful ? workers : undefined;
}

/**
 * Whether connections are counted per client, and each client can be steered to the worker that counts its connections.
 */
function countsClients({ workers, limits, frontends }: Settings): boolean {
  return workers.steerByClient && (limits.maxConnectionsPerClient > 0 ||
    frontends.some(({ limits }) => (limits?.maxConnectionsPerClient ?? 0) > 0));
}

function tokenWarnings(sandbox: WorkerConfiguration["sandbox"], { platform }: Runtime): string[] {
  if (!sandbox?.token || platform !== "linux") return [];
  return [
    "keys are in a token, or --ssl-engine drives a device: the sandbox keeps files, devices and " +
    "sockets open to the workers, which also get the whole environment",
  ];
}

function warnings(privileges: WorkerPrivileges, runtime: Runtime): string[] {
  if (runtime.processes.uid !== 0 || privileges.uid !== undefined) return [];
  return ["workers run as root; give them their own user with --user NAME"];
}
