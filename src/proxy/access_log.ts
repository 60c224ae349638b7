/**
 * Collects what the access log reports about each connection, from its start to its end. A proxy without an access
 * log creates none of this. This file does not know what happens to the reports.
 */

import type { PeerError } from "../errors.ts";
import type { ConnectionReport } from "../log/access_line.ts";
import type { Clock, SocketAddress } from "../runtime/runtime.ts";
import type { Client, Negotiated, SecureClient } from "../tls/engine.ts";
import { certificateSubject } from "../x509/distinguished_name.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import type { EndOf } from "./ending.ts";
import { ja4 } from "../wire/ja4.ts";

/** Receives the report of a connection that has ended. */
export type OnConnection = (report: ConnectionReport) => void;

/** Starts the record of every connection of a proxy. */
export class AccessLog {
  readonly clock: Clock;
  readonly #onConnection: OnConnection;

  constructor(clock: Clock, onConnection: OnConnection) {
    this.clock = clock;
    this.#onConnection = onConnection;
  }

  /** Starts the record of a connection that was just accepted. */
  begin(client: Client): AccessRecord {
    return new AccessRecord(this, client);
  }

  /** Passes a report on. Never throws. */
  report(report: ConnectionReport): void {
    try {
      this.#onConnection(report);
    } catch {
      // A program's own callback must not end a connection, let alone the worker.
    }
  }
}

/** The record of one connection. Its methods are called as things happen, and none of them throws. */
export class AccessRecord {
  readonly #log: AccessLog;
  readonly #client: Client;
  readonly #began: number;
  readonly #addresses: { client: string | undefined; frontend: string } | undefined;
  #ja4: string | undefined;
  #negotiated: Negotiated | undefined;
  #handshakeTime: number | undefined;
  #backend: string | undefined;
  #bytesToBackend = 0;
  #bytesToClient = 0;

  constructor(log: AccessLog, client: Client) {
    this.#log = log;
    this.#client = client;
    this.#began = log.clock.now();
    this.#addresses = addressesOf(client);
  }

  /** The whole ClientHello has arrived, as the client sent it. */
  readonly onHello = (bytes: Uint8Array): void => {
    this.#ja4 = ja4(bytes);
  };

  /** Its handshake is done. */
  agreed(client: SecureClient): void {
    this.#handshakeTime = this.#log.clock.now() - this.#began;
    this.#negotiated = negotiatedBy(client);
  }

  /** Connected to this backend. */
  connected(backend: SocketAddress | { readonly path: string } | undefined): void {
    if (backend === undefined) return;
    this.#backend = "path" in backend ? backend.path : formatSocketAddress(backend);
  }

  /** This many bytes were relayed in each direction. */
  relayed(toBackend: number, toClient: number): void {
    this.#bytesToBackend = toBackend;
    this.#bytesToClient = toClient;
  }

  /** The connection has ended like this: with this fault, or in order. */
  end(fault: PeerError | undefined, end: EndOf): void {
    const { clock } = this.#log;
    const agreement = this.#negotiated;
    const certificate = agreement?.clientCertificate;
    const { clientInHeader } = this.#client;
    this.#log.report({
      time: clock.date(),
      client: clientInHeader ? formatSocketAddress(clientInHeader) : this.#addresses?.client,
      frontend: this.#addresses?.frontend,
      serverName: this.#client.serverName ?? this.#client.strangeName,
      protocol: agreement?.protocol,
      cipher: agreement?.cipher,
      group: agreement?.group,
      resumed: agreement?.resumed,
      alpn: agreement?.alpn,
      ja4: this.#ja4,
      clientSubject: certificate === undefined ? undefined : certificateSubject(certificate.pem),
      backend: this.#backend,
      bytesToBackend: this.#bytesToBackend,
      bytesToClient: this.#bytesToClient,
      handshakeTime: this.#handshakeTime,
      duration: clock.now() - this.#began,
      ...end,
      reason: fault?.message,
    });
  }
}

/** The addresses may no longer be available once the client has closed the connection. */
function addressesOf(
  client: Client,
): { client: string | undefined; frontend: string } | undefined {
  try {
    const { peer, local } = client.pair;
    const known = peer.host === "" ? undefined : formatSocketAddress(peer);
    return { client: known, frontend: formatSocketAddress(local) };
  } catch {
    return undefined;
  }
}

/** What was negotiated with a client, if the library still tells: after the client has left, it may not. */
export function negotiatedBy(client: SecureClient): Negotiated | undefined {
  try {
    return client.negotiated;
  } catch {
    return undefined;
  }
}
