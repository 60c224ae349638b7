/**
 * What a connection before its handshake passes on to the stream below it, and to the stream that replaces that
 * one.
 */

import type { Duplex, SocketPair, TcpStream, TlsStream } from "../runtime/runtime.ts";
import type { PendingClient, SecureClient } from "./engine.ts";

/** A connection that has its stream from the start, and ends with it. */
export abstract class OverStream<Below extends Pick<Duplex, "reset" | "unsent" | "close">> {
  readonly stream: Below;

  constructor(stream: Below) {
    this.stream = stream;
  }

  reset(): void {
    this.stream.reset();
  }

  unsent(): number {
    return this.stream.unsent();
  }

  close(): void {
    this.stream.close();
  }
}

/**
 * A client whose stream does the handshake itself, or needs none. It is the same object before and after the
 * handshake; only its type differs. It does not report what was negotiated.
 */
export abstract class StreamClient<Accepted extends TcpStream | TlsStream>
  extends OverStream<Accepted>
  implements PendingClient, SecureClient {
  readonly serverName = undefined;
  readonly negotiated = undefined;

  get pair(): SocketPair {
    return this.stream.pair;
  }

  abstract handshake(): Promise<SecureClient>;
}
