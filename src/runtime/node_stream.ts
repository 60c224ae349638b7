/**
 * A connected socket under Node as the rest of stud sees it: reads that are asked for, writes that tell when
 * they are taken, ends that are told apart. Node's own stream machinery is used for writing only. What arrives
 * goes from the socket to whoever waits for it, without a queue; if nobody does, the socket is paused.
 */

import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { unmapIpv4 } from "../wire/ip_address.ts";
import type { SocketAddress, SocketPair, Stream, TcpStream } from "./runtime.ts";

/** Reads of every plain socket of this process land here: each is passed on before the next one begins. */
export const SHARED_READ_BUFFER: Uint8Array = Buffer.allocUnsafeSlow(128 << 10);

const OWNER = Symbol("owner");

/** A reading side that somebody may be waiting on. */
interface Waiting {
  resolve(octets: Uint8Array | null): void;
  reject(fault: unknown): void;
}

/** What all sockets have in common. The subclass says how octets come in. */
export abstract class NodeStream implements Stream {
  protected readonly socket: Socket;
  #waiting: Waiting | undefined;
  /** Octets that nobody waited for. */
  #kept: Uint8Array[] | undefined;
  #ended = false;
  #fault: unknown;
  #issued = 0;
  #completed = 0;
  #onTaken: { resolve(): void; reject(fault: unknown): void } | undefined;

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
    return new Promise((resolve, reject) => this.#waiting = { resolve, reject });
  }

  async read(into: Uint8Array): Promise<number | null> {
    const octets = await this.lend();
    if (octets === null) return null;
    const count = Math.min(octets.length, into.length);
    into.set(octets.subarray(0, count));
    if (count < octets.length) (this.#kept ??= []).unshift(octets.slice(count));
    return count;
  }

  write(octets: Uint8Array): number | Promise<number> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    this.#issued++;
    this.socket.write(octets, this.#written);
    if (this.socket.writableLength === 0) return octets.length;
    return new Promise((resolve, reject) => {
      this.#onTaken = { resolve: () => resolve(octets.length), reject };
    });
  }

  closeWrite(): Promise<void> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      this.#onTaken = { resolve, reject };
      this.socket.end(() => {
        this.#onTaken = undefined;
        if (this.#fault === undefined) resolve();
        else reject(this.#fault);
      });
    });
  }

  reset(): void {
    this.fail(GONE);
    resetSocket(this.socket);
  }

  close(): void {
    this.fail(GONE);
    this.socket.destroy();
  }

  /** Has the socket read on, if it was paused. */
  protected abstract resume(): void;

  /** Passes octets on; false if the socket is to pause. Octets that nobody waits for are copied. */
  arrived(octets: Uint8Array): boolean {
    const waiting = this.#waiting;
    if (waiting === undefined) {
      (this.#kept ??= []).push(octets.slice());
      return false;
    }
    this.#waiting = undefined;
    waiting.resolve(octets);
    return true;
  }

  /** The orderly end has arrived. */
  finished(): void {
    this.#ended = true;
    this.#waiting?.resolve(null);
    this.#waiting = undefined;
  }

  /** Whatever waits fails, and all that is tried later; the first fault counts. */
  fail(fault: unknown): void {
    this.#fault ??= fault;
    this.#waiting?.reject(this.#fault);
    this.#waiting = undefined;
    this.#onTaken?.reject(this.#fault);
    this.#onTaken = undefined;
  }

  /** Leaves the socket to others. */
  protected detach(): void {
    // An error that nobody listens for would end the process.
    this.socket.on("error", ignore);
    this.socket.off("error", onError);
    this.socket.off("close", onClose);
    owned(this.socket)[OWNER] = undefined;
  }

  #takeKept(): Uint8Array | undefined {
    const octets = this.#kept?.shift();
    if (this.#kept?.length === 0) this.#kept = undefined;
    return octets;
  }

  /** One function for all writes of a socket: Node runs equal ones together. */
  readonly #written = (error?: Error | null): void => {
    if (error) return this.fail(error);
    // Writes that were taken at once are told of late, and no later one must be taken for them.
    if (++this.#completed !== this.#issued) return;
    this.#onTaken?.resolve();
    this.#onTaken = undefined;
  };
}

/** A connection that we have made, with octets read into the shared buffer. */
export class DialledStream extends NodeStream {
  #paused = false;

  constructor(socket: Socket) {
    super(socket);
    socket.on("end", onEnd);
  }

  get pair(): SocketPair | undefined {
    return this.socket.remotePort === undefined ? undefined : socketPair(this.socket);
  }

  override arrived(octets: Uint8Array): boolean {
    this.#paused = !super.arrived(octets);
    return !this.#paused;
  }

  override write(octets: Uint8Array): number | Promise<number> {
    // The next read of any socket overwrites what the kernel may not have taken by then.
    return super.write(octets.buffer === SHARED_READ_BUFFER.buffer ? octets.slice() : octets);
  }

  protected override resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket.resume();
  }
}

/** An accepted connection; it reads until something else takes its socket over. */
export class AcceptedStream extends NodeStream implements TcpStream {
  readonly #listener: SocketAddress;
  #reading = false;

  /** `listener` is the address it was accepted at. */
  constructor(socket: Socket, listener: SocketAddress) {
    super(socket);
    this.#listener = listener;
    // Node remembers it if it is asked while there is an answer: log lines are about clients that have gone.
    void socket.remoteAddress;
  }

  get pair(): SocketPair {
    return socketPair(this.socket, this.#listener);
  }

  /** Hands the socket over, paused, with octets that are to be read from it again. */
  release(octets: Uint8Array): { readonly socket: Socket; readonly listener: SocketAddress } {
    this.socket.pause();
    this.socket.off("data", onData);
    this.socket.off("end", onEnd);
    this.detach();
    if (octets.length > 0) this.socket.unshift(octets.slice());
    return { socket: this.socket, listener: this.#listener };
  }

  protected override resume(): void {
    if (!this.#reading) {
      this.#reading = true;
      this.socket.on("data", onData);
      this.socket.on("end", onEnd);
    }
    this.socket.resume();
  }
}

/** How sockets for {@linkcode DialledStream} are made. */
export const DIALLED = {
  allowHalfOpen: true,
  onread: { buffer: SHARED_READ_BUFFER, callback: onRead },
};

/** Both ends of a TCP socket, as far as they are known; our own address may be that of the listening socket. */
export function socketPair(socket: Socket, listener?: SocketAddress): SocketPair {
  const { localAddress, localPort, remoteAddress = "", remotePort = 0 } = socket;
  const { host = "", port = 0 } = listener ?? {};
  return {
    local: { host: unmapIpv4(localAddress ?? host), port: localPort ?? port },
    peer: { host: unmapIpv4(remoteAddress), port: remotePort },
  };
}

/**
 * RST. `resetAndDestroy()` first waits until everything written is sent, for which a peer that reads nothing
 * lets us wait for ever; this is what it does in the end. While the end of the sending direction still waits
 * for its turn (`ending`), the system refuses a reset, and closing has to do.
 */
export function resetSocket(socket: Socket, ending = isEnding(socket)): void {
  const possible = !ending && socket.remotePort !== undefined;
  (socket as { resetAndClosing?: boolean }).resetAndClosing = possible;
  socket.destroy();
}

/** Whether the end of the sending direction was asked for and is not done. */
export function isEnding(socket: Socket): boolean {
  return socket.writableEnded && !socket.writableFinished;
}

function ignore(): void {}

/** A socket that knows whose it is, so that its listeners need be made only once for all. */
interface OwnedSocket {
  [OWNER]?: NodeStream | undefined;
}

function owned(socket: Socket): OwnedSocket {
  return socket as OwnedSocket;
}

function onError(this: Socket, error: Error): void {
  owned(this)[OWNER]?.fail(error);
}

function onClose(this: Socket): void {
  owned(this)[OWNER]?.fail(GONE);
}

function onEnd(this: Socket): void {
  owned(this)[OWNER]?.finished();
}

function onData(this: Socket, octets: Uint8Array): void {
  if (!owned(this)[OWNER]?.arrived(octets)) this.pause();
}

function onRead(this: Socket, octets: number): boolean {
  return owned(this)[OWNER]?.arrived(SHARED_READ_BUFFER.subarray(0, octets)) ?? false;
}

/** What an operation on a closed connection fails with: always this one, as most connections end so. */
export const GONE: Error = Object.assign(new Error("the connection is closed"), { code: "EPIPE" });
