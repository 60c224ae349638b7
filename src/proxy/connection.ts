/** One client's life, from the accepted socket to the last octet. */

import { PeerError } from "../errors.ts";
import type { Duplex, Runtime, Stream } from "../runtime/runtime.ts";
import type { Client, Negotiated, PendingClient, SecureClient } from "../tls/engine.ts";
import type { Aborter } from "./aborter.ts";
import { type Admission, isTooMany, tooManyOf } from "./admission.ts";
import { type AccessLog, type AccessRecord, negotiatedBy } from "./access_log.ts";
import type { Counters } from "./counters.ts";
import type { Departures } from "./departures.ts";
import type { BackendDialer } from "./backend_dialer.ts";
import type { Place } from "./places.ts";
import type { EncodePreface } from "./preface.ts";
import { relay, type RelayServices } from "./relay.ts";

/** What every connection of a worker shares. */
export interface ConnectionServices extends RelayServices {
  readonly runtime: Runtime;
  readonly aborter: Aborter;
  readonly counters: Counters;
  /** Called for each client that is accepted. */
  readonly onAccept?: (() => void) | undefined;
  readonly admission: Admission;
  readonly departures: Departures;
  readonly backend: BackendDialer;
  readonly preface: EncodePreface;
  /** Undefined: nobody wants to know. */
  readonly accessLog: AccessLog | undefined;
  /** Clients send a PROXY header before their handshakes. */
  readonly takesProxyHeader: boolean;
  /** Told of every fault that ended a connection. */
  readonly onFault: (fault: PeerError, client: Client) => void;
  /** Told of every connection that has ended, and what was agreed on, if somebody wants to know. */
  readonly onEnd?: ((client: Client, negotiated: Negotiated | undefined) => void) | undefined;
  /** Told when no client can be accepted for want of descriptors. */
  readonly onShortage: (fault: PeerError) => void;
}

/** Serves one client to its end. Never rejects: faults go to `onFault`. */
export async function serveConnection(
  client: PendingClient,
  services: ConnectionServices,
  place: Place,
): Promise<void> {
  const record = services.accessLog?.begin(client);
  let stream: Duplex | undefined;
  let negotiated: Negotiated | undefined;
  let backend: Stream | undefined;
  try {
    const secure = await handshake(client, services, place, record);
    ({ stream } = secure);
    if (services.onEnd !== undefined) negotiated = negotiatedBy(secure);
    admit(secure, services);
    // Nobody needs a backend for a client that has gone as soon as its handshake was done.
    if (stream.gone) throw new PeerError("client", "reset", "connection reset");
    const dialling = services.backend.dial(record);
    backend = dialling instanceof Promise ? await dialling : dialling;
    const preface = services.preface(client, secure);
    if (preface !== undefined) await writeAll(backend, preface, services);
    const fault = await relay(stream, backend, services, record);
    if (fault !== undefined) services.onFault(fault, client);
    record?.end(fault);
  } catch (error) {
    const fault = services.runtime.network.peerError(error, "client");
    services.onFault(fault, client);
    record?.end(fault);
    // A client whose backend failed must not take the end for an orderly one.
    if (fault.party === "backend") await services.aborter.abort(client, "now");
  } finally {
    if (stream !== undefined) services.aborter.forget(stream);
    backend?.close();
    client.close();
    services.onEnd?.(client, negotiated);
  }
}

/** One deadline is for all that a client says before it may speak to the backend. */
async function handshake(
  client: PendingClient,
  services: ConnectionServices,
  place: Place,
  record: AccessRecord | undefined,
): Promise<SecureClient> {
  const deadline = place.beginHandshake(() => services.aborter.abort(client, "now"));
  let awaited = "PROXY header";
  try {
    if (services.takesProxyHeader) {
      await client.readProxyHeader!();
      checkClient(client, place);
    }
    awaited = "handshake";
    const secure = await client.handshake(record?.onHello);
    record?.agreed(secure);
    return secure;
  } catch (error) {
    if (isTooMany(error)) {
      services.counters.refused++;
      throw error;
    }
    if (isSilent(error) && !deadline.expired) services.counters.silent++;
    else services.counters.handshakesFailed++;
    if (!deadline.expired) throw error;
    if (deadline.early === undefined) record?.overdue();
    const reason = deadline.early ?? `no ${awaited} within --ssl-handshake-timeout`;
    throw new PeerError("client", "handshake", reason, { cause: error });
  } finally {
    place.endHandshake(deadline);
  }
}

function isSilent(error: unknown): boolean {
  return error instanceof PeerError && error.kind === "silent";
}

/** On resumed sessions too: the rules may be newer than the session. */
function admit(client: SecureClient, { counters }: ConnectionServices): void {
  const fault = client.admissionFault?.();
  if (fault === undefined) return;
  counters.clientsDenied++;
  throw new PeerError("client", "denied", fault);
}

/** Behind a balancer clients are told apart by its PROXY header; what names none, such as its checks, counts for none. */
function checkClient({ clientInHeader }: Client, place: Place): void {
  const rule = clientInHeader && place.takeFor(clientInHeader.host);
  if (rule !== undefined) throw tooManyOf(rule);
}

async function writeAll(
  backend: Stream,
  octets: Uint8Array,
  services: ConnectionServices,
): Promise<void> {
  try {
    for (let sent = 0; sent < octets.length;) {
      sent += await backend.write(octets.subarray(sent));
    }
  } catch (error) {
    throw services.runtime.network.peerError(error, "backend");
  }
}
