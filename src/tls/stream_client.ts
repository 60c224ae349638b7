/** A client whose stream is there from its accept on: the stream does the handshake itself, or there is none. */

import type { SocketPair, TcpStream, TlsStream } from "../runtime/runtime.ts";
import type { PendingClient, SecureClient } from "./engine.ts";

/** The same object before and after the handshake; its type tells which. Nobody learns what was agreed on. */
export abstract class StreamClient<Accepted extends TcpStream | TlsStream>
  implements PendingClient, SecureClient {
  readonly serverName = undefined;
  readonly negotiated = undefined;
  readonly stream: Accepted;

  constructor(stream: Accepted) {
    this.stream = stream;
  }

  get pair(): SocketPair {
    return this.stream.pair;
  }

  abstract handshake(): Promise<SecureClient>;

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
