/**
 * What TLS to the backend is to the rest of stud: connections whose handshake is still to be done. Which
 * library does it follows from the configuration, as with engines.
 */

import type { Abandonment } from "../abandonment.ts";
import type { Endpoint, Stream } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** Opens connections to the backend by one configuration. */
export interface TlsDialer {
  /** The library and its version, for the log. */
  readonly library: string;
  /** A read gives one record at most, however many are there (see `ReadBuffers`). */
  readonly oneRecordPerRead: boolean;
  /**
   * Has the library look at everything in the configuration, and reads what it will need of this machine, as
   * privileges may be gone later. Rejects with {@linkcode StartupError}.
   */
  prepare(): Promise<void>;
  /** Connects as `Network.dial` does. Rejects with the platform's own error. */
  dial(endpoint: Endpoint, abandonment: Abandonment): Promise<PendingBackend>;
}

/** A connection to the backend whose handshake is still to be done. */
export interface PendingBackend extends Pick<Stream, "reset" | "unsent" | "close"> {
  /**
   * Completes the handshake, and gives the stream that it has become: reads and writes are plaintext, `closeWrite`
   * sends close_notify, and what they reject with is a {@linkcode PeerError} of the backend, or the platform's own
   * error. Rejects with a {@linkcode PeerError} of the backend and of kind `handshake` whose message is the reason
   * in an operator's words. It waits as long as the backend does: deadlines are the caller's.
   */
  handshake(): Promise<Stream>;
}

/** An endpoint in messages: a path, or address and port. */
export function endpointText(endpoint: Endpoint): string {
  return endpoint.kind === "unix" ? endpoint.path : formatSocketAddress(endpoint);
}
