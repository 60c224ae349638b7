/**
 * Connections and listening sockets as every platform provides them. They transfer bytes and close. Deadlines, and the
 * meaning of the bytes, belong to the callers.
 */

import type { SocketAddress } from "../wire/preface.ts";
import type { Agreement } from "./agreement.ts";

/** A byte stream with two directions that end independently. */
export interface Duplex {
  /**
   * Reads at least one byte into the buffer and returns how many, or null at the orderly end. It returns the number
   * itself, not a promise, if nothing has to be waited for.
   */
  read(into: Uint8Array): number | null | Promise<number | null>;
  /**
   * Lends a buffer of the platform's own with the data available now, at most `most` bytes. Null at the orderly end;
   * undefined if there is no data yet, see {@linkcode Duplex.whenReadable}. The bytes are valid only until the caller
   * next waits for anything. Only where {@linkcode Duplex.lends}.
   */
  lendNow?(max: number): Uint8Array | null | undefined;
  /** Whether `lendNow` lends bytes, so that no buffer is needed while no data has arrived. */
  readonly lends?: boolean;
  /**
   * Calls back once, and never before it returns, as soon as {@linkcode Duplex.lendNow} may have data or throw;
   * `lendNow` also throws after a close. One call at a time. It uses no promise: an idle connection would keep it, and
   * each answer would take two turns of the microtask queue.
   */
  whenReadable?(ready: () => void): void;
  /**
   * Waits like `read`, and lends a buffer of the platform's own. Its bytes are valid only until the next turn of the
   * event loop, unless they were passed to a write. Undefined where reads need a buffer of the caller's.
   */
  lend?(): Promise<Uint8Array | null>;
  /**
   * Writes at least one byte of the buffer and returns how many. It returns the number itself, not a promise, if
   * nothing has to be waited for.
   */
  write(bytes: Uint8Array): Promise<number> | number;
  /**
   * Whether a write takes all of its bytes before it returns, even if it returns a promise, so that the caller may
   * reuse the buffer.
   */
  readonly takesAtOnce?: boolean;
  /** About how many bytes a write takes without waiting; undefined if that is unknown. */
  room?(): number;
  /** Closes our sending direction in order (TCP FIN; over TLS close_notify first). */
  closeWrite(): Promise<void> | void;
  /**
   * Resets the connection (RST) and discards what is queued. Pending reads and writes reject. The stream must still be
   * closed. Where the platform cannot send RST, this closes it. Never throws, and may be called again and after
   * `close`.
   */
  reset(): void;
  /** Bytes written that the peer has not acknowledged yet; 0 if the platform cannot tell or the connection is gone. */
  unsent(): number;
  /** Whether the peer is known to have reset the connection, as far as the platform can tell at no cost. */
  readonly gone?: boolean;
  /**
   * What its TLS handshake agreed on, once that is done; undefined if it is closed, or if the library does not tell.
   * Costs next to nothing and never throws.
   */
  readonly agreement?: Agreement | undefined;
  /** Releases the descriptor. Never throws, and may be called again. */
  close(): void;
}

/** Both ends of a TCP connection. */
export interface SocketPair {
  readonly local: SocketAddress;
  /** Its host is empty if unknown: under Node, if the peer had left before the connection was accepted. */
  readonly peer: SocketAddress;
}

/** A connected stream socket. `pair` is undefined for a unix socket. */
export interface Stream extends Duplex {
  readonly pair: SocketPair | undefined;
  /**
   * Whether other connections go first. This is set until the handshake is done, because a handshake costs as much
   * processor time as many requests. Undefined where the platform has no such priority.
   */
  patient?: boolean;
}

/** A connected TCP socket. */
export interface TcpStream extends Stream {
  readonly pair: SocketPair;
}

/** A listening TCP socket. */
export interface StreamListener {
  readonly address: SocketAddress;
  /** It accepts clients before `accept` is called, and closes those for which `accept` is not called soon. */
  readonly acceptsUnasked?: boolean;
  /** Whether open connections get their turns before each new connection that `accept` returns. */
  readonly acceptsInTurn?: boolean;
  /** The number of clients in the kernel's queue; undefined if that is unknown. */
  waiting?(): number;
  /** Rejects with a `PeerError` of kind `resources` when descriptors run out; the caller may then try again. */
  accept(): Promise<TcpStream>;
  close(): void;
}

/** An accepted connection whose TLS handshake is still to be done. */
export interface TlsStream extends Duplex {
  readonly pair: SocketPair;
  /** Completes the handshake. Rejects with the platform's own error. */
  handshake(): Promise<void>;
  /** Whether the peer has sent any data, not counting its end; undefined if the platform cannot tell. */
  hasSent?(): boolean | undefined;
}

/** A listening socket that hands out TLS connections. */
export interface TlsStreamListener {
  readonly address: SocketAddress;
  /** Rejects with a `PeerError` of kind `resources` when descriptors run out; the caller may then try again. */
  accept(): Promise<TlsStream>;
  close(): void;
}
