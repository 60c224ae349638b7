/** What the status tells of frontends, backends and handshakes, from the numbers that workers count. */

import { formatSocketAddress } from "../wire/ip_address.ts";
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

/** Each address that the backend has had. */
export function backendsOf(view: SeriesView): BackendStatus[] {
  const [connects, failures] = [
    view.by("backend_connects", "backend"),
    view.by("backend_failures", "backend"),
  ];
  return [...new Set([...Object.keys(connects), ...Object.keys(failures)])].map((address) => ({
    address,
    connects: connects[address] ?? 0,
    failures: failures[address] ?? 0,
    connectTime: view.mean("backend_connect_duration_seconds", { backend: address }),
    lastFailure: null,
  }));
}

/** All handshakes. */
export function handshakesOf(view: SeriesView): HandshakeStatus {
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
      ...{ reason, count, lastTime: null, lastClient: null, lastServerName: null },
    })),
  };
}

/**
 * Whether clients can have a post-quantum key exchange: as the library's version tells, which `library` contains, and
 * by `groups`, the operator's list of groups if there is one.
 */
export function postQuantumOf(
  view: SeriesView,
  library: string,
  groups: string | undefined,
): PostQuantumStatus {
  const counted = Object.entries(view.by("handshakes", "group"));
  const known = counted.filter(([group]) => group !== "unknown" && group !== "none");
  const full = known.reduce((sum, [, count]) => sum + count, 0);
  const hybrid = known.filter(([group]) => isPostQuantum(group))
    .reduce((sum, [, count]) => sum + count, 0);
  const share = full === 0 ? null : hybrid / full;
  const why = hybrid > 0 ? null : whyNot(library, groups);
  const listed = (groups ?? "").split(/[:/]/).map((name) => name.replace(/^[?*-]+/, "")).filter(
    isPostQuantum,
  );
  const offered = listed.length > 0 ? listed : [DEFAULT_GROUP];
  return { offered: why === null, groups: why === null ? offered : [], why, share };
}

function whyNot(library: string, groups: string | undefined): string | null {
  const [, major, minor] = /OpenSSL (\d+)\.(\d+)/.exec(library) ?? [];
  if (major !== undefined && (Number(major) < 3 || major === "3" && Number(minor) < 5)) {
    return `OpenSSL ${major}.${minor} has none; it needs OpenSSL 3.5 or newer`;
  }
  if (library === "") return "no worker serves yet";
  if (groups !== undefined && !groups.split(/[:/]/).some(isPostQuantum)) {
    return "--ecdh-curve lists none";
  }
  return null;
}

function isPostQuantum(group: string): boolean {
  return /MLKEM|Kyber/i.test(group);
}

const DEFAULT_GROUP = "X25519MLKEM768";
