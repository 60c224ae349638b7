/**
 * A connected socket under Node as the rest of stud sees it: reads that are asked for, writes that tell when
 * they are taken, ends that are told apart. Node's own stream machinery is used for writing only. What arrives
 * goes from the socket to whoever waits for it, without a queue; if nobody does, the socket is paused.
 */

import type { Socket } from "node:net";
import process from "node:process";
import { setImmediate } from "node:timers";
import { unmapIpv4 } from "../../wire/ip_address.ts";
import { codeOf, isBefore } from "./facts.ts";
import { SendQueues } from "./send_queues.ts";
import type { SocketAddress, SocketPair, Stream } from "../runtime.ts";

/** Where a socket's owner is kept. */
export const OWNER = Symbol("owner");

/** What all sockets have in common. The subclass says how octets come in. */
export abstract class NodeStream implements Stream {
  protected readonly socket: Socket;
  /** Settle the read that waits. */
  #give: ((octets: Uint8Array | null) => void) | undefined;
  #refuseRead: ((fault: unknown) => void) | undefined;
  /** Octets that nobody waited for. */
  #kept: Uint8Array[] | undefined;
  #ended = false;
  /** Whether Node has said so. */
  #told = false;
  #fault: unknown;
  #issued = 0;
  #completed = 0;
  /** What writes alone fail with. */
  #writeFault: unknown;
  /** Settle the write, or the end, that waits. */
  #taken: ((octets: number) => void) | undefined;
  #refuseWrite: ((fault: unknown) => void) | undefined;
  /** How many octets it has. */
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
    const octets = await this.lend();
    if (octets === null) return null;
    const count = Math.min(octets.length, into.length);
    into.set(octets.subarray(0, count));
    if (count < octets.length) (this.#kept ??= []).unshift(new Uint8Array(octets.subarray(count)));
    return count;
  }

  write(octets: Uint8Array): number | Promise<number> {
    if (this.unwritable !== undefined) return Promise.reject(this.unwritable);
    this.handOver(octets);
    const { errored } = this.socket;
    if (errored !== null) {
      this.writeFailed(errored);
      return Promise.reject(errored);
    }
    return this.socket.writableLength === 0 ? octets.length : this.untilTaken(octets.length);
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

  /** Gives octets to the socket, to be sent behind all that it was given before. */
  protected handOver(octets: Uint8Array): void {
    this.#issued++;
    this.socket.write(octets, this.#written);
  }

  /** Resolves with the number given when everything that was handed over is taken. */
  protected untilTaken(length: number): Promise<number> {
    this.#length = length;
    return new Promise((resolve, reject) => {
      this.#taken = resolve;
      this.#refuseWrite = reject;
    });
  }

  /** What everything fails with from now on, if there was a fault. */
  protected get fault(): unknown {
    return this.#fault;
  }

  /** What writes fail with: after the end of our direction Node itself would end the whole connection. */
  protected get unwritable(): unknown {
    return this.#writeFault ?? (this.socket.writableEnded ? GONE : undefined);
  }

  /** Has the socket read on, if it was paused. */
  protected abstract resume(): void;

  /** Passes octets on; false if the socket is to pause. Octets that nobody waits for are copied. */
  arrived(octets: Uint8Array): boolean {
    const give = this.#give;
    if (give === undefined) {
      (this.#kept ??= []).push(new Uint8Array(octets));
      return false;
    }
    this.#give = undefined;
    give(octets);
    return true;
  }

  /**
   * Node says that the peer has ended in order. Until Node 22 it says so too of a reset right behind octets:
   * where the kernel knows no peer any more it is asked once more, and after a reset that read fails.
   */
  ends(raw: Socket): void {
    if (this.#told) return;
    this.#told = true;
    // The system tells of a reset once, and if a write was told, this looks like the orderly end.
    if (codeOf(this.#writeFault) === "ECONNRESET") return this.fail(this.#writeFault);
    if (!HIDES_RESETS || hasPeer(raw)) return this.#finished();
    const readStart = () => (raw as { _handle?: Handle | null })._handle?.readStart?.() ?? 0;
    readStart();
    // One turn for the event loop to come to it, and one for the answer.
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

  /** Whatever waits fails, and all that is tried later; the first fault counts. */
  fail(fault: unknown): void {
    this.#fault ??= fault;
    if (this.#give !== undefined) this.#refuseRead?.(this.#fault);
    this.#give = undefined;
    this.#refuseRead = undefined;
    this.failWrites(this.#fault);
  }

  /** The same for writes alone. */
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
    if (error) return this.writeFailed(error);
    // Writes that were taken at once are told of late, and no later one must be taken for them.
    if (++this.#completed !== this.#issued) return;
    this.#taken?.(this.#length);
    this.#taken = undefined;
    this.#refuseWrite = undefined;
  };
}

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

/**
 * What Node still holds of what a socket was given, and what the kernel does (see {@linkcode SendQueues}). Where
 * there is no Linux, the kernel's part is unknown and counts as nothing.
 */
export function unsentOf(socket: Socket, pair: SocketPair | undefined): number {
  const { _handle: handle, bytesWritten } = socket as Socket & { _handle?: Handle | null };
  if (!handle || pair === undefined || bytesWritten === 0 || !hasPeer(socket)) return 0;
  const waiting = handle.writeQueueSize ?? 0;
  return waiting + (process.platform === "linux" ? sendQueues.unsent(pair) : 0);
}

const sendQueues = new SendQueues();

function ignore(): void {}

/** A socket that knows whose it is, so that its listeners need be made only once for all. */
export interface OwnedSocket {
  [OWNER]?: NodeStream | undefined;
}

/** The same socket, with its owner in sight. */
export function owned(socket: Socket): OwnedSocket {
  return socket as OwnedSocket;
}

function onError(this: Socket, error: Error): void {
  owned(this)[OWNER]?.fail(error);
}

function onClose(this: Socket): void {
  owned(this)[OWNER]?.fail(GONE);
}

/** Whether the kernel still knows who is at the other end: after a reset it does not. */
export function hasPeer(socket: Socket): boolean {
  const { _handle: handle } = socket as { _handle?: Handle | null };
  return handle?.getpeername === undefined || handle.getpeername({}) >= 0;
}

/** What is Node's own of a socket. */
interface Handle {
  /** getpeername(2), for TCP; below 0 if there is none. */
  getpeername?(into: object): number;
  /** Below 0 once a read has failed. */
  readStart?(): number;
  /** Bytes that the kernel has not taken. */
  writeQueueSize?: number;
}

/** For the place where Node would put what arrives into the socket's queue. False: pause. */
export function onPush(this: Socket, octets: Uint8Array | null): boolean {
  const owner = owned(this)[OWNER];
  if (octets !== null) return owner?.arrived(octets) ?? false;
  owner?.ends(this);
  return false;
}

/** What an operation on a closed connection fails with: always this one, as most connections end so. */
export const GONE: Error = Object.assign(new Error("the connection is closed"), { code: "EPIPE" });
/** What Node does not tell as an error by itself. */
export const RESET: Error = Object.assign(new Error("the connection was reset"), {
  code: "ECONNRESET",
});

/** libuv before 1.52. */
const HIDES_RESETS = isBefore(process.versions.uv, 1, 52);
