/** What the status tells of frontends, backends and handshakes, from the numbers that workers count. */

import { formatSocketAddress } from "../wire/ip_address.ts";
import type { WorkerFaults } from "../control/messages.ts";
import type { EngineSettings } from "../config/settings.ts";
import { isHybrid, postQuantum } from "../tls/post_quantum.ts";
import type { SeriesView } from "./series_view.ts";
import type {
  BackendStatus,
  FrontendStatus,
  HandshakeStatus,
  PostQuantumStatus,
  Totals,
} from "./status.ts";
import type { ServedFrontend } from "./subject.ts";

/** Sums, of one frontend or of all. */
export function totalsOf(view: SeriesView, frontend?: string): Totals {
  const where: Readonly<Record<string, string>> = frontend === undefined ? {} : { frontend };
  return {
    accepted: view.total("connections_accepted", where),
    active: view.total("connections_active", where),
    refused: view.total("connections_refused", where),
    silent: view.total("connections_silent", where),
    handshakes: view.total("handshakes", where),
    handshakesFailed: view.total("handshake_failures", where),
    clientsDenied: view.total("clients_denied", where),
    backendsFailed: view.total("connections_ended", { ...where, by: "backend" }),
    bytesToBackend: view.total("to_backend_bytes", where),
    bytesToClient: view.total("to_client_bytes", where),
  };
}

/** Each frontend. */
export function frontendsOf(
  view: SeriesView,
  frontends: readonly ServedFrontend[],
  served: boolean,
): FrontendStatus[] {
  return frontends.map((frontend) => {
    const name = frontendName(frontend);
    return {
      ...{ name, served, addresses: frontend.addresses.map(formatSocketAddress) },
      ended: view.by("connections_ended", "cause", { frontend: name }),
      ...totalsOf(view, name),
    };
  });
}

/** A frontend's name; the port that the system chose distinguishes frontends with the same text. */
export function frontendName({ text, addresses }: ServedFrontend): string {
  return text.replace(/:0$/, `:${addresses[0]?.port}`);
}

/** Workers may call a frontend by its address. */
export function frontendNamer(frontends: readonly ServedFrontend[]): (label: string) => string {
  const names = new Map(
    frontends.flatMap((frontend) =>
      frontend.addresses.map((address) => [formatSocketAddress(address), frontendName(frontend)])
    ),
  );
  return (label) => names.get(label) ?? label;
}

/** What has failed, in as far as the workers tell it. */
export type Faults = WorkerFaults;

/** Nothing is known about what has failed. */
export const NO_FAULTS: Faults = { handshakes: [], backends: [] };

/** Each address that the backend has or had. */
export function backendsOf(view: SeriesView, { backends: last }: Faults): BackendStatus[] {
  const [connects, failures] = [
    view.by("backend_connects", "backend"),
    view.by("backend_failures", "backend"),
  ];
  const lastOf = new Map(last.map(({ address, time, reason }) => [address, { time, reason }]));
  return [...new Set([...Object.keys(connects), ...Object.keys(failures)])].map((address) => ({
    address,
    connects: connects[address] ?? 0,
    failures: failures[address] ?? 0,
    connectTime: view.mean("backend_connect_duration_seconds", { backend: address }),
    lastFailure: lastOf.get(address) ?? null,
  }));
}

/** All handshakes. */
export function handshakesOf(view: SeriesView, { handshakes: last }: Faults): HandshakeStatus {
  const resumed = view.by("handshakes", "resumed");
  const failures = Object.entries(view.by("handshake_failures", "reason"));
  return {
    versions: view.by("handshakes", "version"),
    ciphers: view.by("handshakes", "cipher"),
    groups: view.by("handshakes", "group"),
    resumed: resumed["yes"] ?? 0,
    full: resumed["no"] ?? 0,
    time: view.mean("handshake_duration_seconds"),
    failures: failures.sort(([, one], [, other]) => other - one).map(([reason, count]) => ({
      ...{ reason, count, ...lastOf(reason, last) },
    })),
  };
}

/** The last handshake that failed for this reason, on any frontend. */
function lastOf(reason: string, failures: Faults["handshakes"]) {
  const [last] = failures.filter((one) => one.reason === reason)
    .toSorted((one, other) => one.lastTime < other.lastTime ? 1 : -1);
  return {
    lastTime: last?.lastTime ?? null,
    lastClient: last?.lastClient || null,
    lastServerName: last?.lastServerName || null,
  };
}

/**
 * Whether clients can have a post-quantum key exchange with this library (empty until workers serve) and these
 * settings, and how many had one.
 */
export function postQuantumOf(
  view: SeriesView,
  library: string,
  settings: Pick<EngineSettings, "groups" | "protocols"> | undefined,
): PostQuantumStatus {
  const counted = Object.entries(view.by("handshakes", "group"));
  const sum = (some: typeof counted) => some.reduce((total, [, count]) => total + count, 0);
  const full = sum(counted.filter(([group]) => group !== "unknown" && group !== "none"));
  const hybrid = sum(counted.filter(([group]) => isHybrid(group)));
  const { groups, why } = library === "" || settings === undefined
    ? { groups: [], why: "no worker serves yet" }
    : postQuantum(library, settings);
  return {
    ...{ offered: why === undefined, groups, why: why ?? null },
    share: full === 0 ? null : hybrid / full,
  };
}
