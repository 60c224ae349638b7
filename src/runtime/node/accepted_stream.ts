/** Accepted connections under Node, before TLS takes over. */

import { Socket } from "node:net";
import { NodeStream, onPush, socketPair } from "./stream.ts";
import type { SocketAddress, SocketPair, TcpStream } from "../runtime.ts";

/**
 * An accepted connection; it reads until another owner takes over its socket. Arriving data is intercepted where Node
 * would put it into the socket's queue.
 */
export class AcceptedStream extends NodeStream implements TcpStream {
  readonly #listener: SocketAddress;

  /** `listener` is the address that accepted it. */
  constructor(socket: Socket, listener: SocketAddress) {
    super(socket);
    this.#listener = listener;
    socket.push = onPush;
    // Node remembers it if it is read while the client is connected: log lines may be about clients that have left.
    void socket.remoteAddress;
  }

  get pair(): SocketPair {
    return socketPair(this.socket, this.#listener);
  }

  /** Hands over the paused socket, with bytes that must be read from it again, before the next turn. */
  release(bytes: Uint8Array): { readonly socket: Socket; readonly listener: SocketAddress } {
    this.detach();
    this.socket.push = Socket.prototype.push;
    if (bytes.length > 0) this.socket.unshift(bytes);
    return { socket: this.socket, listener: this.#listener };
  }

  protected override resume(): void {
    this.socket._read(0);
  }
}
