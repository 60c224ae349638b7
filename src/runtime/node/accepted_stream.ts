/** Accepted connections under Node, before TLS takes over. */

import { Socket } from "node:net";
import { NodeStream, onPush, socketPair } from "./stream.ts";
import type { SocketAddress, SocketPair, TcpStream } from "../runtime.ts";

/**
 * An accepted connection; it reads until something else takes its socket over. What arrives is caught where
 * Node would put it into the socket's queue.
 */
export class AcceptedStream extends NodeStream implements TcpStream {
  readonly #listener: SocketAddress;

  /** `listener` is the address it was accepted at. */
  constructor(socket: Socket, listener: SocketAddress) {
    super(socket);
    this.#listener = listener;
    socket.push = onPush;
    // Node remembers it if it is asked while there is an answer: log lines are about clients that have gone.
    void socket.remoteAddress;
  }

  get pair(): SocketPair {
    return socketPair(this.socket, this.#listener);
  }

  /** Hands the socket over, paused, with octets that are to be read from it again, before the next turn. */
  release(octets: Uint8Array): { readonly socket: Socket; readonly listener: SocketAddress } {
    this.detach();
    this.socket.push = Socket.prototype.push;
    if (octets.length > 0) this.socket.unshift(octets);
    return { socket: this.socket, listener: this.#listener };
  }

  protected override resume(): void {
    this.socket._read(0);
  }
}
