/**
 * The interface of TLS to the backend: connections whose handshake is not done yet. As with engines, the
 * configuration decides which library is used.
 */

import type { Cancellation } from "../runtime/cancellation.ts";
import type { Endpoint, Stream } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** Opens connections to the backend by one configuration. */
export interface TlsDialer {
  /** The library and its version, for the log. */
  readonly library: string;
  /** A read returns at most one record, however many are available (see `ReadBuffers`). */
  readonly oneRecordPerRead: boolean;
  /**
   * Checks the whole configuration with the library, and reads what it will need from this machine, because
   * privileges may be dropped later. Rejects with {@linkcode StartupError}.
   */
  prepare(): Promise<void>;
  /** Connects like `Network.dial`. Rejects with the platform's own error. */
  dial(endpoint: Endpoint, cancellation: Cancellation): Promise<PendingBackend>;
}

/** A connection to the backend whose handshake is not done yet. */
export interface PendingBackend extends Pick<Stream, "reset" | "unsent" | "close"> {
  /**
   * Completes the handshake and resolves with the stream. Reads and writes on it are plaintext, and `closeWrite`
   * sends close_notify. They reject with a {@linkcode PeerError} of the backend, or with the platform's own error.
   * The handshake itself rejects with a {@linkcode PeerError} of the backend, of kind `handshake`, with a message
   * for operators. It waits as long as the backend does: deadlines are the caller's job.
   */
  handshake(): Promise<Stream>;
}

/** An endpoint in messages: a path, or address and port. */
export function endpointText(endpoint: Endpoint): string {
  return endpoint.kind === "unix" ? endpoint.path : formatSocketAddress(endpoint);
}
