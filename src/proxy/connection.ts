/** The life of one client connection, from the accepted socket to the last byte. */

import { PeerError } from "../errors.ts";
import type { Duplex, Runtime, Stream } from "../runtime/runtime.ts";
import type { Client, Negotiated, PendingClient, SecureClient } from "../tls/engine.ts";
import type { HandshakeReason } from "../tls/handshake_reasons.ts";
import type { Aborter } from "./aborter.ts";
import { type Admission, CLIENT_LIMIT, isTooMany, tooManyOf } from "./admission.ts";
import { type AccessLog, type AccessRecord, negotiatedBy } from "./access_log.ts";
import type { Counters } from "./counters.ts";
import type { Tracing } from "./client_trace.ts";
import { endOf } from "./ending.ts";
import type { FrontendCounts } from "./frontend_counts.ts";
import type { Deadline } from "./deadline_queue.ts";
import type { Departures } from "./departures.ts";
import type { FaultSite } from "./handshake_failures.ts";
import type { BackendDialer } from "./backend_dialer.ts";
import type { AdmittedConnection } from "./slots.ts";
import type { EncodePreface } from "./preface.ts";
import { relay, type RelayServices } from "./relay.ts";

/** Shared by all connections of a worker. */
export interface ConnectionServices extends RelayServices {
  readonly runtime: Runtime;
  readonly aborter: Aborter;
  readonly counters: Counters;
  /** The TLS library of the clients; undefined if they speak no TLS. */
  readonly tlsLibrary: string | undefined;
  readonly drainTimeout: {
    /** Whether it has expired. */
    readonly isOver: boolean;
  };
  /** Called for each accepted client. */
  readonly onAccept?: (() => void) | undefined;
  readonly admission: Admission;
  readonly departures: Departures;
  readonly backend: BackendDialer;
  readonly preface: EncodePreface;
  /** Undefined: there is no access log. */
  readonly accessLog: AccessLog | undefined;
  /** Clients send a PROXY header before the handshake. */
  readonly takesProxyHeader: boolean;
  /** Called for every fault that ended a connection. */
  readonly onFault: (fault: PeerError, client: Client, site: FaultSite) => void;
  /** Called for every connection that has ended, with what was negotiated. Undefined: not needed. */
  readonly onEnd?: ((client: Client, negotiated: Negotiated | undefined) => void) | undefined;
  /** Called when no client can be accepted because descriptors have run out. */
  readonly onShortage: (fault: PeerError) => void;
  readonly tracing: Tracing;
}

/** Serves one client until the connection ends. Never rejects: faults go to `onFault`. */
export async function serveConnection(
  client: PendingClient,
  services: ConnectionServices,
  admitted: AdmittedConnection,
  site: FaultSite,
  counts: FrontendCounts,
): Promise<void> {
  const record = services.accessLog?.begin(client);
  let stream: Duplex | undefined;
  let negotiated: Negotiated | undefined;
  let backend: Stream | undefined;
  const records = { admitted, counts, record };
  try {
    const secure = await handshake(client, services, records);
    ({ stream } = secure);
    if (services.onEnd !== undefined) negotiated = negotiatedBy(secure);
    admit(secure, services, counts);
    // A client that has left right after its handshake needs no backend.
    if (stream.gone) throw new PeerError("client", "reset", "connection reset");
    const dialling = services.backend.dial(admitted, record);
    backend = dialling instanceof Promise ? await dialling : dialling;
    const preface = services.preface(client, secure);
    if (preface !== undefined) await writeAll(backend, preface, services);
    const fault = await relay(stream, backend, services, records);
    if (fault !== undefined) services.onFault(fault, client, site);
    recordEnd(fault, services, records);
  } catch (error) {
    const fault = services.runtime.network.peerError(error, "client");
    services.onFault(fault, client, site);
    recordEnd(fault, services, records);
    // After a backend failure, the client must not see an orderly end.
    if (fault.party === "backend") await services.aborter.abort(client, "now");
  } finally {
    if (stream !== undefined) services.aborter.forget(stream);
    backend?.close();
    client.close();
    services.onEnd?.(client, negotiated);
  }
}

/** What a connection is recorded in. */
interface Records {
  readonly admitted: AdmittedConnection;
  readonly counts: FrontendCounts;
  readonly record: AccessRecord | undefined;
}

/** Records the end of a connection: with this fault, or in order. */
function recordEnd(
  fault: PeerError | undefined,
  { runtime, drainTimeout }: ConnectionServices,
  { admitted, counts, record }: Records,
): void {
  const end = endOf(
    fault,
    admitted.backend !== undefined,
    drainTimeout.isOver ? "drained" : admitted.fate,
  );
  counts.ended(end, (runtime.clock.now() - admitted.began) / 1000);
  record?.end(fault, end);
}

/** One deadline covers everything the client sends before it may talk to the backend. */
async function handshake(
  client: PendingClient,
  services: ConnectionServices,
  { admitted, counts, record }: Records,
): Promise<SecureClient> {
  const { counters, tlsLibrary } = services;
  const deadline = admitted.beginHandshake(() => services.aborter.abort(client, "now"));
  const { tracing } = services;
  let traced = tracing.current?.begin(client);
  let awaited = "PROXY header";
  try {
    if (services.takesProxyHeader) {
      await client.readProxyHeader!();
      checkClient(client, admitted);
      traced ??= tracing.current?.begin(client);
    }
    awaited = "handshake";
    const secure = await (traced === undefined
      ? client.handshake(record?.onHello)
      : client.handshake(traced.seeing(record?.onHello), traced.onChosen));
    if (tlsLibrary !== undefined) {
      const seconds = (services.runtime.clock.now() - deadline.began) / 1000;
      counts.agreed(tlsLibrary, secure.stream.agreement, seconds);
    }
    record?.agreed(secure);
    traced?.agreed(secure);
    return secure;
  } catch (error) {
    const fault = handshakeFault(error, deadline, awaited);
    countFault(fault, counters, counts);
    if (deadline.expired && deadline.early === undefined) admitted.fate = "deadline";
    if (fault instanceof PeerError) traced?.failed(fault);
    throw fault;
  } finally {
    admitted.endHandshake(deadline);
  }
}

/** The same error, or what our deadline made of it. */
function handshakeFault(error: unknown, { expired, early }: Deadline, awaited: string): unknown {
  if (!expired || isTooMany(error)) return error;
  const words = early ?? `no ${awaited} within --ssl-handshake-timeout`;
  const reason: HandshakeReason = early === undefined ? "timeout" : "gave-way";
  return new PeerError("client", "handshake", words, { cause: error, reason });
}

function countFault(fault: unknown, counters: Counters, counts: FrontendCounts): void {
  if (isTooMany(fault)) {
    counters.refused++;
    counts.refused(CLIENT_LIMIT);
  } else if (isSilent(fault)) {
    counters.silent++;
    counts.silent.value++;
  } else {
    counters.handshakesFailed++;
    counts.handshakeFailed(fault);
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof PeerError && error.kind === "silent";
}

/** Checks resumed sessions too: the rules may be newer than the session. */
function admit(
  client: SecureClient,
  { counters }: ConnectionServices,
  counts: FrontendCounts,
): void {
  const fault = client.admissionFault?.();
  if (fault === undefined) return;
  counters.clientsDenied++;
  counts.denied.value++;
  throw new PeerError("client", "denied", fault);
}

/**
 * Behind a load balancer, the PROXY header identifies the client. A header without an address (such as a health
 * check's) is not counted.
 */
function checkClient({ clientInHeader }: Client, admitted: AdmittedConnection): void {
  const rule = clientInHeader && admitted.takeFor(clientInHeader.host);
  if (rule !== undefined) throw tooManyOf(rule);
}

async function writeAll(
  backend: Stream,
  bytes: Uint8Array,
  services: ConnectionServices,
): Promise<void> {
  try {
    for (let sent = 0; sent < bytes.length;) {
      sent += await backend.write(bytes.subarray(sent));
    }
  } catch (error) {
    throw services.runtime.network.peerError(error, "backend");
  }
}
