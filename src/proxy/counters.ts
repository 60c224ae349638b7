/** What a worker counts: plain numbers, so that counting costs nothing on the hot path. */

import { counted } from "../counted.ts";

/** Totals since the start, except `active`. Plaintext octets. */
export interface Counters {
  /** Connections accepted, whether or not their handshake succeeded. */
  accepted: number;
  /** Connections open now. */
  active: number;
  /** Connections refused since their client had as many as it may have; only with PROXY headers in `accepted` too. */
  refused: number;
  handshakesFailed: number;
  /** Connections that the client ended before it sent anything, as the health checks of a balancer do. */
  silent: number;
  /** Clients with a good certificate that may not connect all the same. */
  clientsDenied: number;
  /** Connections whose backend could not be reached. */
  backendsFailed: number;
  /** Connections whose client left without close_notify, which nearly all do. */
  clientsWithoutCloseNotify: number;
  /** The same of backends that are spoken to by TLS. */
  backendsWithoutCloseNotify: number;
  octetsToBackend: number;
  octetsToClient: number;
}

/** All zero. */
export function newCounters(): Counters {
  return {
    accepted: 0,
    active: 0,
    refused: 0,
    handshakesFailed: 0,
    silent: 0,
    clientsDenied: 0,
    backendsFailed: 0,
    clientsWithoutCloseNotify: 0,
    backendsWithoutCloseNotify: 0,
    octetsToBackend: 0,
    octetsToClient: 0,
  };
}

/** A line of words and numbers, for the log. */
export function describeCounters(counters: Counters): string {
  return [
    `${counted(counters.accepted, "connection")} accepted`,
    `${counters.active} open`,
    `${counters.refused} refused`,
    `${counters.silent} closed by clients before they sent anything`,
    `${counted(counters.handshakesFailed, "handshake")} failed`,
    `${counted(counters.clientsDenied, "client")} denied`,
    counted(counters.backendsFailed, "backend failure"),
    `${counted(counters.clientsWithoutCloseNotify, "client")} and ` +
    `${counted(counters.backendsWithoutCloseNotify, "backend")} without close_notify`,
    `${counted(counters.octetsToBackend, "byte")} to backends`,
    `${counted(counters.octetsToClient, "byte")} to clients`,
  ].join(", ");
}
