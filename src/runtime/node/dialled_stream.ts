/**
 * Connections to the backend under Node. All of them read into one buffer, and each write takes as much as there is.
 */

import { Buffer } from "node:buffer";
import { Socket } from "node:net";
import { setImmediate } from "node:timers";
import { NodeStream, onPush, owned, OWNER, socketPair } from "./stream.ts";
import type { SocketPair } from "../runtime.ts";

/** Every plain socket of this process reads into this buffer: the data is passed on before the next read. */
const SHARED_READ_BUFFER: Uint8Array = Buffer.allocUnsafeSlow(128 << 10);

/** A connection that we have made, with bytes read into the shared buffer. */
export class DialledStream extends NodeStream {
  #paused = false;
  #gathering = false;

  /** Data that the peer sent before it stopped reading may still be on its way. */
  protected override writeFailed(fault: unknown): void {
    this.failWrites(fault);
  }

  get pair(): SocketPair | undefined {
    return this.socket.remotePort === undefined ? undefined : socketPair(this.socket);
  }

  /** Hands over the socket before anything has been read from it or written to it. */
  release(): Socket {
    this.detach();
    this.socket.push = Socket.prototype.push;
    return this.socket;
  }

  override arrived(bytes: Uint8Array): boolean {
    // If much arrives, more would arrive before this is written, and would have to be copied.
    this.#paused = !super.arrived(bytes) || bytes.length >= MUCH;
    return !this.#paused;
  }

  override write(bytes: Uint8Array): number | Promise<number> {
    // The next read of any socket may overwrite what the kernel has not taken by then.
    const own = isLent(bytes) ? new Uint8Array(bytes) : bytes;
    return own.length < MUCH ? super.write(own) : this.#writeMuch(own);
  }

  /** TLS delivers records one by one. Records that have arrived together are sent together, at the end of the turn. */
  #writeMuch(bytes: Uint8Array): number | Promise<number> {
    if (this.unwritable !== undefined) return Promise.reject(this.unwritable);
    if (!this.#gathering) {
      this.#gathering = true;
      this.socket.cork();
      setImmediate(() => {
        this.#gathering = false;
        this.socket.uncork();
      });
    }
    this.handOver(bytes);
    const waiting = this.socket.writableLength;
    return waiting < MAX_GATHERED ? bytes.length : this.untilTaken(bytes.length);
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

  /**
   * Data does not arrive here, but its end does. With an "end" event, Node would also close a socket that has ended its
   * own side.
   */
  override push(bytes: Uint8Array | null): boolean {
    return onPush.call(this, bytes);
  }

  /** A failed write does not end it: what the peer has sent before can still be read. */
  override destroy(error?: Error): this {
    const { syscall } = (error ?? {}) as { syscall?: string };
    return syscall === "write" ? this : super.destroy(error);
  }
}

const DIALLED = {
  allowHalfOpen: true,
  onread: { buffer: SHARED_READ_BUFFER, callback: onRead },
};

/** Whether the next read of some plain socket will overwrite these bytes. */
export function isLent(bytes: Uint8Array): boolean {
  return bytes.buffer === SHARED_READ_BUFFER.buffer;
}

function onRead(this: Socket, bytes: number): boolean {
  return owned(this)[OWNER]?.arrived(SHARED_READ_BUFFER.subarray(0, bytes)) ?? false;
}

/** Bytes of a nearly full record: more will probably follow. */
const MUCH = 12 << 10;
/** Bytes that a socket may hold before the writer must wait. */
const MAX_GATHERED = 256 << 10;
