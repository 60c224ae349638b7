/**
 * A connected socket under Node as the rest of stud sees it: reads on request, writes that report when they are taken,
 * and a clear difference between an orderly end and a reset. Node's own stream machinery is used only for writing.
 * Arriving data goes from the socket to the pending read, without a queue; if there is no pending read, the socket is
 * paused.
 */

import type { Socket } from "node:net";
import process from "node:process";
import { setImmediate } from "node:timers";
import { unmapIpv4 } from "../../wire/ip_address.ts";
import { codeOf, isBefore } from "./facts.ts";
import { SendQueues } from "./send_queues.ts";
import type { SocketAddress, SocketPair, Stream } from "../runtime.ts";

/** The property that holds a socket's owner. */
export const OWNER = Symbol("owner");

/** What all sockets have in common. The subclass defines how bytes arrive. */
export abstract class NodeStream implements Stream {
  protected readonly socket: Socket;
  /** Settle the pending read. */
  #give: ((bytes: Uint8Array | null) => void) | undefined;
  #refuseRead: ((fault: unknown) => void) | undefined;
  /** Bytes that arrived without a pending read. */
  #kept: Uint8Array[] | undefined;
  #ended = false;
  /** Whether Node has reported that. */
  #told = false;
  #fault: unknown;
  #issued = 0;
  #completed = 0;
  /** The error for writes only. */
  #writeFault: unknown;
  /** Settle the pending write or end. */
  #taken: ((bytes: number) => void) | undefined;
  #refuseWrite: ((fault: unknown) => void) | undefined;
  /** The number of bytes in it. */
  #length = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    owned(socket)[OWNER] = this;
    socket.on("error", onError);
    socket.on("close", onClose);
  }

  abstract get pair(): SocketPair | undefined;

  lend(): Promise<Uint8Array | null> {
    const kept = this.#takeKept();
    if (kept !== undefined) return Promise.resolve(kept);
    if (this.#ended) return Promise.resolve(null);
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    this.resume();
    return new Promise((resolve, reject) => {
      this.#give = resolve;
      this.#refuseRead = reject;
    });
  }

  async read(into: Uint8Array): Promise<number | null> {
    const bytes = await this.lend();
    if (bytes === null) return null;
    const count = Math.min(bytes.length, into.length);
    into.set(bytes.subarray(0, count));
    if (count < bytes.length) (this.#kept ??= []).unshift(new Uint8Array(bytes.subarray(count)));
    return count;
  }

  write(bytes: Uint8Array): number | Promise<number> {
    if (this.unwritable !== undefined) return Promise.reject(this.unwritable);
    this.handOver(bytes);
    const { errored } = this.socket;
    if (errored !== null) {
      this.writeFailed(errored);
      return Promise.reject(errored);
    }
    return this.socket.writableLength === 0 ? bytes.length : this.untilTaken(bytes.length);
  }

  closeWrite(): Promise<void> {
    if (this.#writeFault !== undefined) return Promise.reject(this.#writeFault);
    return new Promise((resolve, reject) => {
      this.#refuseWrite = reject;
      this.socket.end(() => {
        this.#refuseWrite = undefined;
        if (this.#writeFault === undefined) resolve();
        else reject(this.#writeFault);
      });
    });
  }

  reset(): void {
    this.fail(GONE);
    resetSocket(this.socket);
  }

  unsent(): number {
    return unsentOf(this.socket, this.pair);
  }

  close(): void {
    this.fail(GONE);
    this.socket.destroy();
  }

  /** Passes bytes to the socket, to be sent after all that it already has. */
  protected handOver(bytes: Uint8Array): void {
    this.#issued++;
    this.socket.write(bytes, this.#written);
  }

  /** Resolves with the given number when everything that was handed over is taken. */
  protected untilTaken(length: number): Promise<number> {
    this.#length = length;
    return new Promise((resolve, reject) => {
      this.#taken = resolve;
      this.#refuseWrite = reject;
    });
  }

  /** The error for all operations from now on, if there was a fault. */
  protected get fault(): unknown {
    return this.#fault;
  }

  /** The error for writes: after the end of our direction Node itself would end the whole connection. */
  protected get unwritable(): unknown {
    return this.#writeFault ?? (this.socket.writableEnded ? GONE : undefined);
  }

  /** Resumes the socket, if it was paused. */
  protected abstract resume(): void;

  /** Passes bytes on; false if the socket must pause. Bytes without a pending read are copied. */
  arrived(bytes: Uint8Array): boolean {
    const give = this.#give;
    if (give === undefined) {
      (this.#kept ??= []).push(new Uint8Array(bytes));
      return false;
    }
    this.#give = undefined;
    give(bytes);
    return true;
  }

  /**
   * Node reports that the peer has ended in order. Up to Node 22 it also reports this for a reset right after data. If
   * the kernel no longer has a peer, the socket is read again, and after a reset that read fails.
   */
  ends(raw: Socket): void {
    if (this.#told) return;
    this.#told = true;
    // The system reports a reset once; if a write got it, this looks like the orderly end.
    if (codeOf(this.#writeFault) === "ECONNRESET") return this.fail(this.#writeFault);
    if (!HIDES_RESETS || hasPeer(raw)) return this.#finished();
    const readStart = () => (raw as { _handle?: Handle | null })._handle?.readStart?.() ?? 0;
    readStart();
    // One turn for the event loop to reach it, and one for the result.
    setImmediate(() =>
      setImmediate(() => {
        if (readStart() < 0) this.fail(RESET);
        else this.#finished();
      })
    );
  }

  /** The orderly end has arrived. */
  #finished(): void {
    this.#ended = true;
    this.#give?.(null);
    this.#give = undefined;
  }

  /** Fails all pending and later operations; the first fault is kept. */
  fail(fault: unknown): void {
    this.#fault ??= fault;
    if (this.#give !== undefined) this.#refuseRead?.(this.#fault);
    this.#give = undefined;
    this.#refuseRead = undefined;
    this.failWrites(this.#fault);
  }

  /** The same for writes only. */
  protected failWrites(fault: unknown): void {
    this.#writeFault ??= fault;
    this.#refuseWrite?.(this.#writeFault);
    this.#refuseWrite = undefined;
    this.#taken = undefined;
  }

  /** A write has failed. */
  protected writeFailed(fault: unknown): void {
    this.fail(fault);
  }

  /** Gives up ownership of the socket. */
  protected detach(): void {
    // An error without a listener would end the process.
    this.socket.on("error", ignore);
    this.socket.off("error", onError);
    this.socket.off("close", onClose);
    owned(this.socket)[OWNER] = undefined;
  }

  #takeKept(): Uint8Array | undefined {
    const bytes = this.#kept?.shift();
    if (this.#kept?.length === 0) this.#kept = undefined;
    return bytes;
  }

  /** One function for all writes of a socket: Node calls identical callbacks together. */
  readonly #written = (error?: Error | null): void => {
    if (error) return this.writeFailed(error);
    // Writes that were taken immediately are reported late, and must not be mistaken for a later one.
    if (++this.#completed !== this.#issued) return;
    this.#taken?.(this.#length);
    this.#taken = undefined;
    this.#refuseWrite = undefined;
  };
}

/** Both ends of a TCP socket, as far as they are known; our own address may be that of the listener. */
export function socketPair(socket: Socket, listener?: SocketAddress): SocketPair {
  const { localAddress, localPort, remoteAddress = "", remotePort = 0 } = socket;
  const { host = "", port = 0 } = listener ?? {};
  return {
    local: { host: unmapIpv4(localAddress ?? host), port: localPort ?? port },
    peer: { host: unmapIpv4(remoteAddress), port: remotePort },
  };
}

/**
 * Sends RST. `resetAndDestroy()` first waits until everything written is sent, which takes forever if the peer reads
 * nothing; this does what it does in the end. While the end of the sending direction is pending (`ending`), the system
 * refuses a reset, so the socket is only closed.
 */
export function resetSocket(socket: Socket, ending = isEnding(socket)): void {
  const possible = !ending && socket.remotePort !== undefined;
  (socket as { resetAndClosing?: boolean }).resetAndClosing = possible;
  socket.destroy();
}

/** Whether the end of the sending direction was requested and is not done. */
export function isEnding(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished;
}

/**
 * Unsent bytes of a socket that Node holds, and those that the kernel holds (see {@linkcode SendQueues}). Without Linux
 * the kernel's part is unknown and counts as 0.
 */
export function unsentOf(socket: Socket, pair: SocketPair | undefined): number {
  const { _handle: handle, bytesWritten } = socket as Socket & { _handle?: Handle | null };
  if (!handle || pair === undefined || bytesWritten === 0 || !hasPeer(socket)) return 0;
  const waiting = handle.writeQueueSize ?? 0;
  return waiting + (process.platform === "linux" ? sendQueues.unsent(pair) : 0);
}

const sendQueues = new SendQueues();

function ignore(): void {}

/** A socket that knows its owner, so that one set of listeners serves all sockets. */
export interface OwnedSocket {
  [OWNER]?: NodeStream | undefined;
}

/** The same socket, typed with its owner. */
export function owned(socket: Socket): OwnedSocket {
  return socket as OwnedSocket;
}

function onError(this: Socket, error: Error): void {
  owned(this)[OWNER]?.fail(error);
}

function onClose(this: Socket): void {
  owned(this)[OWNER]?.fail(GONE);
}

/** Whether the kernel still knows the peer; after a reset it does not. */
export function hasPeer(socket: Socket): boolean {
  const { _handle: handle } = socket as { _handle?: Handle | null };
  return handle?.getpeername === undefined || handle.getpeername({}) >= 0;
}

/** Node's internal part of a socket. */
interface Handle {
  /** getpeername(2), for TCP; below 0 if there is no peer. */
  getpeername?(into: object): number;
  /** Below 0 once a read has failed. */
  readStart?(): number;
  /** Bytes that the kernel has not taken. */
  writeQueueSize?: number;
}

/** Replaces the method with which Node puts arriving data into the socket's queue. False means pause. */
export function onPush(this: Socket, bytes: Uint8Array | null): boolean {
  const owner = owned(this)[OWNER];
  if (bytes !== null) return owner?.arrived(bytes) ?? false;
  owner?.ends(this);
  return false;
}

/**
 * The error for an operation on a closed connection; always the same one, because this is how connections usually end.
 */
export const GONE: Error = Object.assign(new Error("the connection is closed"), { code: "EPIPE" });
/** A reset that Node itself does not report as an error. */
export const RESET: Error = Object.assign(new Error("the connection was reset"), {
  code: "ECONNRESET",
});

/** libuv before 1.52. */
const HIDES_RESETS = isBefore(process.versions.uv, 1, 52);
