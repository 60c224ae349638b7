/**
 * Connections and listening sockets as every platform provides them. They move octets and end; deadlines, and
 * what the octets mean, belong to the callers.
 */

import type { SocketAddress } from "../wire/preface.ts";

/** A byte stream with two directions that end independently. */
export interface Duplex {
  /**
   * Reads at least one octet into the buffer and tells how many, or null at the orderly end: at once where nothing
   * has to be waited for.
   */
  read(into: Uint8Array): number | null | Promise<number | null>;
  /**
   * Lends a buffer of the platform's own with what is there now, at most so many bytes; null at the orderly end;
   * undefined if nothing is there yet: see {@linkcode Duplex.whenReadable}. The bytes are
   * gone when the caller next waits for anything. Only where {@linkcode Duplex.lends}.
   */
  lendNow?(most: number): Uint8Array | null | undefined;
  /** Whether octets are lent by `lendNow`, so that nobody needs a buffer while nothing is there. */
  readonly lends?: boolean;
  /**
   * Calls back, once and never before it returns, as soon as {@linkcode Duplex.lendNow} may have something or throw,
   * as it does when this is closed meanwhile. One call at a time. Without a promise: a connection that is idle would
   * keep it, and each answer would take two turns of the queue of microtasks.
   */
  whenReadable?(ready: () => void): void;
  /**
   * Waits like `read`, and lends a buffer of the platform's own: its octets are gone with the next turn of
   * the event loop, unless a write has been given them. Undefined where reads need a buffer of the caller's.
   */
  lend?(): Promise<Uint8Array | null>;
  /** Writes at least one octet of the buffer and tells how many: at once where nothing has to be waited for. */
  write(octets: Uint8Array): Promise<number> | number;
  /**
   * Whether the octets of a write are the caller's again as soon as it returns, all of them taken, even if that is
   * a promise.
   */
  readonly takesAtOnce?: boolean;
  /** About how many bytes a write takes without waiting; undefined where nobody can tell. */
  room?(): number;
  /** Ends our sending direction in order (TCP FIN; over TLS close_notify first). */
  closeWrite(): Promise<void> | void;
  /**
   * Ends it at once: RST, and what is queued is thrown away. Reads and writes that wait on it reject. It is
   * still to be closed. Where the platform cannot send RST, it closes. Never throws, and may be called again
   * and after `close`.
   */
  reset(): void;
  /**
   * Bytes written that the peer has not acknowledged yet; 0 where the platform cannot tell or the connection is
   * gone.
   */
  unsent(): number;
  /** Whether the peer is known to have reset the connection, as far as the platform tells at no cost. */
  readonly gone?: boolean;
  /** Releases the descriptor. Never throws, and may be called again. */
  close(): void;
}

/** Both ends of a TCP connection. */
export interface SocketPair {
  readonly local: SocketAddress;
  /** Its host is empty if it is not known: under Node, if the peer had left before it was accepted. */
  readonly peer: SocketAddress;
}

/** A connected stream socket. `pair` is undefined for a unix socket. */
export interface Stream extends Duplex {
  readonly pair: SocketPair | undefined;
  /**
   * Whether other connections go first, as is right for one whose handshake is not done: that costs as much
   * processor time as many requests. Undefined where the platform has no such order.
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
  /** It accepts clients without being asked, and closes those for which it is not asked soon. */
  readonly acceptsUnasked?: boolean;
  /** Set where `accept` gives the connections that are there already their turns before each new one. */
  readonly acceptsInTurn?: boolean;
  /** How many clients wait in the kernel's queue; undefined where nobody can tell. */
  waiting?(): number;
  /** Rejects with a `PeerError` of kind `resources` when descriptors run out; call again then. */
  accept(): Promise<TcpStream>;
  close(): void;
}

/** An accepted connection whose TLS handshake is still to be done. */
export interface TlsStream extends Duplex {
  readonly pair: SocketPair;
  /** Completes the handshake. Rejects with the platform's own error. */
  handshake(): Promise<void>;
  /** Whether the peer has sent anything, its end apart; undefined: the platform does not tell. */
  hasSent?(): boolean | undefined;
}

/** A listening socket that hands out TLS connections. */
export interface TlsStreamListener {
  readonly address: SocketAddress;
  /** Rejects with a `PeerError` of kind `resources` when descriptors run out; call again then. */
  accept(): Promise<TlsStream>;
  close(): void;
}
