/** A connection under `node:tls`, from the first byte of the handshake to the end. */

import { setImmediate } from "node:timers";
import type { Socket } from "node:net";
import process from "node:process";
import { type SecureContext, type Server, TLSSocket } from "node:tls";
import { type Party, PeerError } from "../../errors.ts";
import type { AcceptedStream as PlainStream } from "./accepted_stream.ts";
import { isLent } from "./dialled_stream.ts";
import { type Agreement, Agreements } from "../agreement.ts";
import { isBefore } from "./facts.ts";
import { endFloodWatch } from "./flood_watch.ts";
import {
  GONE,
  hasPeer,
  isEnding,
  NodeStream,
  owned,
  OWNER,
  RESET,
  resetSocket,
  socketPair,
  unsentOf,
} from "./stream.ts";
import { OpenSslError, type SslCertificate } from "../openssl.ts";
import type { SocketAddress, SocketPair } from "../runtime.ts";
import type { AcceptedStream, RecordFault, SslFacts } from "../stream_tls.ts";

/** How a socket gets its context. */
export interface SocketOptions {
  readonly isServer: true;
  readonly secureContext: SecureContext;
  readonly ALPNProtocols?: string[];
  readonly requestCert: boolean;
  readonly rejectUnauthorized: boolean;
  /** Provides OCSP responses for stapling. */
  readonly server?: Server;
}

/** Finds the certificate of a context that was presented to a client, by its bytes (DER). */
export type FindCertificate = (shown: () => Uint8Array | undefined) => SslCertificate | undefined;

/** The parts of a connection. */
export interface TlsParts {
  readonly raw: Socket;
  /** The address that accepted it, if it was accepted. */
  readonly listener: SocketAddress | undefined;
  /** Passes decrypted data to {@linkcode NodeTlsStream.take}. */
  readonly tls: TLSSocket;
  /** The peer's role. */
  readonly party: Party;
  /** Returns why the peer's certificate is invalid, where Node leaves that check to its caller. */
  readonly verdict?: () => string | undefined;
  /** Finds the certificate that was presented to the peer, if the peer is a client. */
  readonly findCertificate?: FindCertificate;
}

/** Makes the server's side of a client's connection. */
export function acceptTls(
  { socket: raw, listener }: ReturnType<PlainStream["release"]>,
  options: SocketOptions,
  recordFault: RecordFault,
  findCertificate: FindCertificate,
): NodeTlsStream {
  const tls = new ClientSocket(raw, options);
  const verdict = () => tls.clientVerdict();
  const parts = { raw, listener, tls, party: "client", verdict, findCertificate } as const;
  const stream = new NodeTlsStream(parts, recordFault);
  tls.owner = stream;
  tls.on("secure", onSecure);
  return stream;
}

/** A connection; see {@linkcode AcceptedStream}. */
export class NodeTlsStream extends NodeStream implements AcceptedStream {
  readonly #raw: Socket;
  readonly #listener: SocketAddress | undefined;
  readonly #tls: TLSSocket;
  readonly #party: Party;
  readonly #verdict: TlsParts["verdict"];
  readonly #recordFault: RecordFault;
  readonly #findCertificate: FindCertificate;
  #established: { resolve(): void; reject(fault: unknown): void } | undefined;
  #done = false;
  #paused = false;
  /** Plaintext bytes and records so far. */
  bytes = 0;
  records = 0;
  /** Bytes of ciphertext that had arrived with the last plaintext, and the turn in which that was. */
  #ciphertext = 0;
  #turn = -1;

  constructor(
    { raw, listener, tls, party, verdict, findCertificate }: TlsParts,
    recordFault: RecordFault,
  ) {
    super(tls);
    this.#raw = raw;
    this.#listener = listener;
    this.#tls = tls;
    this.#party = party;
    this.#verdict = verdict;
    this.#recordFault = recordFault;
    this.#findCertificate = findCertificate ?? (() => undefined);
    // Node's own servers learn of failed handshakes through this event; "error" reports the rest.
    tls.on("_tlsError", onTlsError);
  }

  get pair(): SocketPair | undefined {
    const isUnix = this.#listener === undefined && this.#raw.remotePort === undefined;
    return isUnix ? undefined : socketPair(this.#raw, this.#listener);
  }

  /** All bytes of ciphertext that have arrived. */
  get ciphertext(): number {
    return this.#raw.bytesRead;
  }

  /** Whether the client does not take what it is sent. */
  get stuck(): boolean {
    const { _handle: handle } = this.#raw as { _handle?: { writeQueueSize?: number } | null };
    return (handle?.writeQueueSize ?? 0) > 0;
  }

  handshake(): Promise<void> {
    if (this.fault !== undefined) return Promise.reject(this.fault);
    if (this.#done) return Promise.resolve();
    return new Promise((resolve, reject) => this.#established = { resolve, reject });
  }

  get agreement(): Agreement | undefined {
    const version = this.#done ? this.#tls.getProtocol() : null;
    // Node's types do not say that a socket which is gone has none.
    const cipher = (this.#tls.getCipher() as { name: string } | undefined)?.name;
    if (version === null || cipher === undefined) return undefined;
    const resumed = this.#tls.isSessionReused() ? "yes" : "no";
    return AGREEMENTS.of(`${version} ${cipher} ${resumed}`, () => {
      return { version, cipher, group: "unknown", resumed };
    });
  }

  get facts(): SslFacts {
    const { name } = this.#tls.getCipher();
    const peer = this.#tls.getPeerX509Certificate();
    const resumed = this.#tls.isSessionReused();
    return {
      protocol: this.#tls.getProtocol() ?? "",
      cipher: name,
      group: undefined,
      alpn: this.#tls.alpnProtocol || undefined,
      resumed,
      // A resumed session presents none.
      certificate: this.#findCertificate(() =>
        resumed ? undefined : this.#tls.getX509Certificate()?.raw
      ),
      peerCertificate: peer?.toString(),
      verifyResult: 0,
    };
  }

  /** The library takes bytes immediately unless it is still sending others; small amounts need not be waited for. */
  override write(bytes: Uint8Array): number | Promise<number> {
    if (this.unwritable !== undefined) return Promise.reject(this.unwritable);
    const busy = this.#tls.writableLength > 0;
    this.handOver(busy && isLent(bytes) ? new Uint8Array(bytes) : bytes);
    return busy || bytes.length > LITTLE ? this.untilTaken(bytes.length) : bytes.length;
  }

  override reset(): void {
    this.refuse(GONE);
  }

  override unsent(): number {
    return unsentOf(this.#raw, this.pair);
  }

  /** Resets it, and fails pending operations with this reason. */
  refuse(fault: Error): void {
    this.fail(fault);
    resetSocket(this.#raw, isEnding(this.#tls));
  }

  override fail(error: unknown): void {
    const fault = this.#translate(error);
    endFloodWatch(this);
    super.fail(fault);
    this.#established?.reject(fault);
    this.#established = undefined;
  }

  protected override resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#tls._read(0);
  }

  #translate(error: unknown): unknown {
    const { code, message } = error as NodeTlsError;
    if (this.#tls.authorizationError && !this.#done && error instanceof Error) {
      return new OpenSslError(`certificate verify failed: ${message}`);
    }
    if (!code?.startsWith("ERR_SSL_")) return error;
    const alert = /SSL alert number (\d+)/.exec(message)?.[1];
    const reason = new OpenSslError(reasonOf(error as NodeTlsError), {
      ...alert === undefined ? {} : { alert: Number(alert) },
    });
    return this.#done ? this.#recordFault(reason) : reason;
  }

  /** Node has reported that the handshake is done. */
  secured(): void {
    const verdict = this.#verdict?.();
    if (verdict !== undefined) {
      this.fail(new OpenSslError(`certificate verify failed: ${verdict}`));
      this.#tls.destroy();
      return;
    }
    this.#done = true;
    this.understood();
    const established = this.#established;
    this.#established = undefined;
    if (SECURE_IS_EARLY) setImmediate(() => established?.resolve());
    else established?.resolve();
  }

  /** The library has processed everything that has arrived. */
  understood(): void {
    this.#ciphertext = this.#raw.bytesRead;
    this.#turn = currentTurn();
  }

  /** Takes decrypted data, or null at the end; false means pause. */
  take(bytes: Uint8Array | null): boolean {
    if (bytes === null) {
      this.#end();
      return false;
    }
    this.bytes += bytes.length;
    this.records++;
    this.understood();
    this.#paused = !this.arrived(bytes);
    return !this.#paused;
  }

  #end(): void {
    if (!this.#done) this.fail(new PeerError(this.#party, "closed", "ended in the handshake"));
    else if (!this.#tls.writableEnded && !hasPeer(this.#raw)) this.fail(RESET);
    else if (!this.#endsInOrder()) {
      this.fail(new PeerError(this.#party, "closed", "ended without close_notify"));
    } else this.ends(this.#raw);
  }

  /**
   * Node reports the end in the same way whether the client sent close_notify or its connection was cut. A close_notify
   * is a short record after the last data. It arrives with that data, in the same turn of the event loop, or alone. A
   * cut comes after everything was read, or within a record.
   */
  #endsInOrder(): boolean {
    const since = this.#raw.bytesRead - this.#ciphertext;
    return since === 0 ? this.#turn === currentTurn() : this.#isGoodbye(since);
  }

  /** Whether this many bytes can be a close_notify. Any other number may be a record whose rest was cut off. */
  #isGoodbye(bytes: number): boolean {
    if (this.#tls.getProtocol() !== "TLSv1.3") {
      const { name } = this.#tls.getCipher();
      const [, sizes] = GOODBYES.find(([pattern]) => pattern.test(name))!;
      return sizes.includes(bytes);
    }
    // Some clients send user_canceled before it, and there may be KeyUpdates.
    const alerts = [ALERT, 2 * ALERT].filter((alert) => bytes >= alert);
    return alerts.some((alert) => (bytes - alert) % KEY_UPDATE === 0);
  }
}

/** An error from Node that comes from OpenSSL. */
export interface NodeTlsError extends Error {
  readonly code?: string;
  /** OpenSSL's own message. */
  readonly reason?: string;
}

/** OpenSSL's reason without codes. */
export function reasonOf({ reason, message }: NodeTlsError): string {
  return reason ?? /^(?:[0-9A-F]+:)?error:[0-9A-F]+:[^:]*:[^:]*:([^:]*)/i.exec(message)?.[1] ??
    message;
}

/** Node's socket, whose decrypted data goes directly to its owner instead of into a queue. */
class ClientSocket extends TLSSocket {
  owner: NodeTlsStream | undefined;
  readonly #asksForCertificate: boolean;

  constructor(raw: Socket, options: SocketOptions) {
    super(raw, options);
    this.#asksForCertificate = options.requestCert;
  }

  override push(bytes: Uint8Array | null): boolean {
    return this.owner?.take(bytes) ?? true;
  }

  /** Why the client's certificate is invalid; undefined if it is valid, or if there is none and none is needed. */
  clientVerdict(): string | undefined {
    if (!this.#asksForCertificate) return undefined;
    // Node accepts every certificate in the handshake and leaves the check to its caller.
    const error = (this as unknown as { ssl: { verifyError(): Error | null } }).ssl.verifyError();
    if (!error) return undefined;
    return this.getPeerX509Certificate() === undefined ? undefined : error.message;
  }
}

function onSecure(this: ClientSocket): void {
  this.owner?.secured();
}

function onTlsError(this: TLSSocket, error: Error): void {
  owned(this)[OWNER]?.fail(error);
}

let turn = 0;
let counting = false;

/** The number of this turn of the event loop, counting only turns in which this was called. */
function currentTurn(): number {
  if (!counting) {
    counting = true;
    setImmediate(() => {
      counting = false;
      turn++;
    });
  }
  return turn;
}

const AGREEMENTS = new Agreements<string>();
/** Up to Node 24 "secure" is emitted within OpenSSL's handshake, where a session can be neither read from nor ended. */
const SECURE_IS_EARLY = isBefore(process.versions.node, 25, 0);
/** Bytes that fit into one record. */
const LITTLE = 16 << 10;
/** Bytes of a TLS 1.3 record that contains an alert or a KeyUpdate. */
const ALERT = 24;
const KEY_UPDATE = 27;
/**
 * The same for alerts of TLS 1.2 and older, by cipher. CBC: with HMACs of 20, 32 and 48 bytes, before and after the
 * padding, and in TLS 1.0 without an IV of its own.
 */
const GOODBYES: readonly (readonly [RegExp, readonly number[]])[] = [
  [/CHACHA20|CCM8/, [23]],
  [/GCM|CCM/, [31]],
  [/./, [37, 41, 53, 57, 69, 85]],
];
