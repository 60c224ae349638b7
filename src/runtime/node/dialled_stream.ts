/**
 * Connections to the backend under Node. They read into one buffer for all of them, and write as much as there
 * is at a time.
 */

import { Buffer } from "node:buffer";
import { Socket } from "node:net";
import { setImmediate } from "node:timers";
import { NodeStream, onPush, owned, OWNER, socketPair } from "./stream.ts";
import type { SocketPair } from "../runtime.ts";

/** Reads of every plain socket of this process land here: each is passed on before the next one begins. */
const SHARED_READ_BUFFER: Uint8Array = Buffer.allocUnsafeSlow(128 << 10);

/** A connection that we have made, with octets read into the shared buffer. */
export class DialledStream extends NodeStream {
  #paused = false;
  #gathering = false;

  /** What the peer sent before it stopped reading may still be on its way to us. */
  protected override writeFailed(fault: unknown): void {
    this.failWrites(fault);
  }

  get pair(): SocketPair | undefined {
    return this.socket.remotePort === undefined ? undefined : socketPair(this.socket);
  }

  /** Hands the socket over before anything has been read from it or written to it. */
  release(): Socket {
    this.detach();
    this.socket.push = Socket.prototype.push;
    return this.socket;
  }

  override arrived(octets: Uint8Array): boolean {
    // Where much arrives, more would come before what is there has been written, and would have to be copied.
    this.#paused = !super.arrived(octets) || octets.length >= MUCH;
    return !this.#paused;
  }

  override write(octets: Uint8Array): number | Promise<number> {
    // The next read of any socket overwrites what the kernel may not have taken by then.
    const own = isLent(octets) ? new Uint8Array(octets) : octets;
    return own.length < MUCH ? super.write(own) : this.#writeMuch(own);
  }

  /** TLS gives records one by one. Those that have arrived together leave together, at the end of the turn. */
  #writeMuch(octets: Uint8Array): number | Promise<number> {
    if (this.unwritable !== undefined) return Promise.reject(this.unwritable);
    if (!this.#gathering) {
      this.#gathering = true;
      this.socket.cork();
      setImmediate(() => {
        this.#gathering = false;
        this.socket.uncork();
      });
    }
    this.handOver(octets);
    const waiting = this.socket.writableLength;
    return waiting < MOST_GATHERED ? octets.length : this.untilTaken(octets.length);
  }

  protected override resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket._read(0);
  }
}

/** A socket for {@linkcode DialledStream}. */
export class DialledSocket extends Socket {
  constructor() {
    super(DIALLED);
  }

  /** Octets do not come this way, but their end does. With "end" Node would close a socket that has ended too. */
  override push(octets: Uint8Array | null): boolean {
    return onPush.call(this, octets);
  }

  /** A write that fails does not end it: what the peer has sent before can still be read. */
  override destroy(error?: Error): this {
    const { syscall } = (error ?? {}) as { syscall?: string };
    return syscall === "write" ? this : super.destroy(error);
  }
}

const DIALLED = {
  allowHalfOpen: true,
  onread: { buffer: SHARED_READ_BUFFER, callback: onRead },
};

/** Whether the next read of some plain socket will overwrite these octets. */
export function isLent(octets: Uint8Array): boolean {
  return octets.buffer === SHARED_READ_BUFFER.buffer;
}

function onRead(this: Socket, octets: number): boolean {
  return owned(this)[OWNER]?.arrived(SHARED_READ_BUFFER.subarray(0, octets)) ?? false;
}

/** Octets that are not the only ones of their kind: a record that is nearly full. */
const MUCH = 12 << 10;
/** Octets that a socket may hold before whoever writes has to wait. */
const MOST_GATHERED = 256 << 10;
