/**
 * Connections and listening sockets as every platform provides them. They move octets and end; deadlines, and
 * what the octets mean, belong to the callers.
 */

import type { SocketAddress } from "../wire/preface.ts";

/** A byte stream with two directions that end independently. */
export interface Duplex {
  /** Reads at least one octet into the buffer and tells how many, or null at the orderly end. */
  read(into: Uint8Array): Promise<number | null>;
  /**
   * Waits like `read`, and lends a buffer of the platform's own: its octets are gone with the next turn of
   * the event loop, unless a write has been given them. Undefined where reads need a buffer of the caller's.
   */
  lend?(): Promise<Uint8Array | null>;
  /** Writes at least one octet of the buffer and tells how many: at once where nothing has to be waited for. */
  write(octets: Uint8Array): Promise<number> | number;
  /** Ends our sending direction in order (TCP FIN; over TLS close_notify first). */
  closeWrite(): Promise<void>;
  /**
   * Ends it at once: RST, and what is queued is thrown away. Whatever waits on it fails. Undefined where the
   * platform cannot; `Kernel.reset` may be able to.
   */
  reset?(): void;
  /** Releases the descriptor. Never throws, and may be called again. */
  close(): void;
}

/** Both ends of a TCP connection. */
export interface SocketPair {
  readonly local: SocketAddress;
  readonly peer: SocketAddress;
}

/** A connected stream socket. `pair` is undefined for a unix socket. */
export interface Stream extends Duplex {
  readonly pair: SocketPair | undefined;
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
  /** Rejects with a `PeerError` of kind `resources` when descriptors run out; call again then. */
  accept(): Promise<TcpStream>;
  close(): void;
}

/** An accepted connection whose TLS handshake is still to be done. */
export interface TlsStream extends Duplex {
  readonly pair: SocketPair;
  /** Completes the handshake. Rejects with the platform's own error. */
  handshake(): Promise<void>;
}

/** A listening socket that hands out TLS connections. */
export interface TlsStreamListener {
  readonly address: SocketAddress;
  /** Rejects with a `PeerError` of kind `resources` when descriptors run out; call again then. */
  accept(): Promise<TlsStream>;
  close(): void;
}
