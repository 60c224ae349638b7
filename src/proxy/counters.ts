/** The counters of a worker: plain numbers, so that counting costs nothing on the hot path. */

import { counted } from "../counted.ts";

/** Totals since the start, except `active`. Bytes are plaintext bytes. */
export interface Counters {
  /** Connections accepted, whether or not their handshake succeeded. */
  accepted: number;
  /** Connections open now. */
  active: number;
  /** Connections refused because the client had its max number; part of `accepted` only with PROXY headers. */
  refused: number;
  handshakesFailed: number;
  /** Connections closed by the client before it sent anything, such as a load balancer's health checks. */
  silent: number;
  /** Clients with a valid certificate that are not allowed to connect. */
  clientsDenied: number;
  /** Connections whose backend could not be reached. */
  backendsFailed: number;
  /** Connections whose client left without close_notify, as nearly all clients do. */
  clientsWithoutCloseNotify: number;
  /** The same for backends that speak TLS. */
  backendsWithoutCloseNotify: number;
  bytesToBackend: number;
  bytesToClient: number;
}

/** All counters at zero. */
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
    bytesToBackend: 0,
    bytesToClient: 0,
  };
}

/** One line of words and numbers, for the log. */
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
    `${counted(counters.bytesToBackend, "byte")} to backends`,
    `${counted(counters.bytesToClient, "byte")} to clients`,
  ].join(", ");
}
