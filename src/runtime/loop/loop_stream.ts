/**
 * A connected socket on an event loop. What can be done immediately takes one system call and no promise; what must
 * wait takes one promise. The stream owns only its descriptor: all streams of a loop read into one shared buffer, and
 * the part of a write that the kernel does not take is copied.
 */

import {
  EAGAIN,
  EINTR,
  EPIPE,
  IPPROTO_TCP,
  MSG_NOSIGNAL,
  SIOCOUTQ,
  SOL_SOCKET,
  TCP_NODELAY,
} from "../linux/abi.ts";
import type { SocketPair, TcpStream } from "../streams.ts";
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  EPOLLRDHUP,
  type EventLoop,
  type Watcher,
} from "./event_loop.ts";
import { CLOSED, errno, type Libc, SocketError } from "./libc.ts";
import { type PackedAddress, packedLocalAddress, unpackAddress } from "../linux/socket_address.ts";

/** What all streams of a loop share. */
export interface LoopServices {
  readonly loop: EventLoop;
  readonly libc: Libc;
  /** The buffer that reads lend. */
  readonly lent: Uint8Array<ArrayBuffer>;
}

/** How a stream begins. */
export interface LoopStreamOptions {
  /** Undefined for a unix socket. */
  readonly peer: PackedAddress | undefined;
  /**
   * An accepted client may already have sent data, and the stream is patient until its handshake is done. For a
   * connection that we made, an event reports the first data, which saves a system call that would find nothing.
   */
  readonly isAccepted: boolean;
  /** Our own address, if it is known without asking the kernel. */
  readonly local?: PackedAddress | undefined;
}

interface Writing {
  /** What is still to be sent. */
  rest: Uint8Array;
  readonly length: number;
  readonly resolve: (length: number) => void;
  readonly reject: (error: SocketError) => void;
}

/** A stream; see {@linkcode TcpStream}. Its methods throw, and their promises reject, with {@linkcode SocketError}. */
export class LoopStream implements TcpStream, Watcher {
  readonly #services: LoopServices;
  #descriptor: number;
  readonly #isAccepted: boolean;
  readonly #peer: PackedAddress | undefined;
  /** Kept after a close, because log lines about the connection still need it. */
  #local: PackedAddress | undefined;
  #pair: SocketPair | undefined;
  patient: boolean;
  /** Whether a read may succeed without waiting. */
  #readable: boolean;
  /** Whether the peer has closed, so that no further event announces the data that is left to read. */
  #over = false;
  gone = false;
  /** The peer's reset as reported to a write: the kernel reports it only once, and a read would see an orderly end. */
  #fault: number | undefined;
  #watchesOutput = false;
  /** The number of writes, as far as it matters. */
  #writes = 0;
  /** Called once when a read may succeed or fail. */
  #waiting: (() => void) | undefined;
  #writing: Writing | undefined;

  constructor(descriptor: number, options: LoopStreamOptions, services: LoopServices) {
    this.#descriptor = descriptor;
    this.#services = services;
    this.#peer = options.peer;
    this.#local = options.local;
    this.#readable = options.isAccepted;
    this.patient = this.#isAccepted = options.isAccepted;
    services.loop.watch(descriptor, this, INPUT);
  }

  get lends(): boolean {
    return true;
  }

  get takesAtOnce(): boolean {
    return true;
  }

  get pair(): SocketPair {
    // A unix socket has none, and the type through which it is used says so.
    if (this.#peer === undefined) return undefined as unknown as SocketPair;
    const local = this.#local ?? packedLocalAddress(this.#services.libc, this.#descriptor);
    return this.#pair ??= {
      local: local === undefined ? UNKNOWN : unpackAddress(local),
      peer: unpackAddress(this.#peer),
    };
  }

  read(into: Uint8Array): number | null | Promise<number | null> {
    const bytes = this.#receive(into, into.length);
    if (bytes === WAIT) return this.#readLater(into);
    return bytes === 0 ? null : bytes;
  }

  lendNow(max: number): Uint8Array | null | undefined {
    const { lent } = this.#services;
    const bytes = this.#receive(lent, Math.min(max, lent.length));
    if (bytes === WAIT) return undefined;
    return bytes === 0 ? null : lent.subarray(0, bytes);
  }

  whenReadable(ready: () => void): void {
    if (this.#readable || this.#descriptor < 0) queueMicrotask(ready);
    else this.#waiting = ready;
  }

  #readLater(into: Uint8Array): Promise<number | null> {
    return new Promise((resolve, reject) => {
      this.whenReadable(() => {
        try {
          resolve(this.read(into));
        } catch (error) {
          reject(error);
        }
      });
    });
  }

  write(bytes: Uint8Array): number | Promise<number> {
    if (this.#writes < 2) this.#sendWithoutDelay();
    const sent = this.#send(bytes);
    if (sent === bytes.length) return sent;
    this.#watchOutput();
    return new Promise((resolve, reject) => {
      this.#writing = { rest: bytes.slice(sent), length: bytes.length, resolve, reject };
    });
  }

  /**
   * Nagle's algorithm (RFC 896) never delays the first write, so a short connection does not need the system call. An
   * accepted socket inherits the option from its listening socket.
   */
  #sendWithoutDelay(): void {
    this.#writes++;
    if (this.#writes < 2 || this.#isAccepted || this.#peer === undefined) return;
    this.#services.libc.setsockopt(this.#open(), IPPROTO_TCP, TCP_NODELAY, YES, 4);
  }

  closeWrite(): void {
    if (this.#services.libc.shutdown(this.#open(), SHUT_WR) < 0) throw SocketError.of(errno());
  }

  room(): number {
    const { libc } = this.#services;
    const known =
      libc.getsockopt(this.#open(), SOL_SOCKET, SO_MEMINFO, MEMORY, MEMORY_LENGTH) === 0;
    return known ? Math.max(0, MEMORY[SK_MEMINFO_SNDBUF]! - MEMORY[SK_MEMINFO_WMEM_QUEUED]!) : 0;
  }

  unsent(): number {
    // After a reset the kernel still reports what was in its queue.
    if (this.#descriptor < 0 || this.gone) return 0;
    const { libc } = this.#services;
    return libc.ioctl(this.#descriptor, SIOCOUTQ, UNSENT) === 0 ? UNSENT[0]! : 0;
  }

  reset(): void {
    if (this.#descriptor < 0) return;
    this.#services.libc.setsockopt(this.#descriptor, SOL_SOCKET, SO_LINGER, AT_ONCE, 8);
    this.close();
  }

  close(): void {
    const descriptor = this.#descriptor;
    if (descriptor < 0) return;
    if (this.#isAccepted) this.#local ??= packedLocalAddress(this.#services.libc, descriptor);
    this.#descriptor = -1;
    this.#services.loop.forget(descriptor);
    this.#services.libc.close(descriptor);
    const waiting = this.#waiting;
    const writing = this.#writing;
    this.#waiting = this.#writing = undefined;
    writing?.reject(SocketError.of(CLOSED));
    waiting?.();
  }

  ready(events: number): void {
    // EPOLLHUP alone can also mean that both directions ended in order, and their data may still be in transit.
    if (events & EPOLLERR) this.gone = true;
    // First, because the callback below may close this stream, and because a write is notified of a reset only once.
    if (events & (EPOLLOUT | GONE)) this.#goOnWriting();
    if ((events & (EPOLLIN | EPOLLRDHUP | GONE)) === 0) return;
    this.#readable = true;
    if (events & (EPOLLRDHUP | GONE)) this.#over = true;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  #goOnWriting(): void {
    const writing = this.#writing;
    if (writing === undefined) return;
    try {
      const sent = this.#send(writing.rest);
      if (sent < writing.rest.length) {
        writing.rest = writing.rest.subarray(sent);
        return;
      }
    } catch (error) {
      this.#writing = undefined;
      return writing.reject(error as SocketError);
    }
    this.#writing = undefined;
    writing.resolve(writing.length);
  }

  /** Returns the number of bytes; 0 at the end; {@linkcode WAIT} if there is nothing yet. */
  #receive(into: Uint8Array, max: number): number {
    const descriptor = this.#open();
    if (!this.#readable) return WAIT;
    for (;;) {
      const bytes = this.#services.libc.recv(
        descriptor,
        into as Uint8Array<ArrayBuffer>,
        max,
        0,
      );
      if (bytes === 0 && this.#fault !== undefined) throw SocketError.of(this.#fault);
      if (bytes >= 0) {
        // Fewer bytes than requested: the queue is empty, and an event announces more (epoll(7), edge-triggered).
        if (bytes < max && !this.#over) this.#readable = false;
        return bytes;
      }
      const error = errno();
      if (error === EINTR) continue;
      if (error !== EAGAIN) throw SocketError.of(error);
      this.#readable = false;
      return WAIT;
    }
  }

  /** Returns the number of bytes that the kernel took. */
  #send(bytes: Uint8Array): number {
    const descriptor = this.#open();
    for (;;) {
      const sent = this.#services.libc.send(
        descriptor,
        bytes as Uint8Array<ArrayBuffer>,
        bytes.length,
        MSG_NOSIGNAL,
      );
      if (sent >= 0) return sent;
      const error = errno();
      if (error === EINTR) continue;
      if (error === EAGAIN) return 0;
      this.gone = true;
      if (error !== EPIPE) this.#fault = error;
      throw SocketError.of(error);
    }
  }

  /** Only requested while a write waits: few writes do, and each event costs a wake-up. */
  #watchOutput(): void {
    if (this.#watchesOutput) return;
    this.#watchesOutput = true;
    this.#services.loop.rewatch(this.#descriptor, INPUT | EPOLLOUT);
  }

  #open(): number {
    if (this.#descriptor < 0) throw SocketError.of(CLOSED);
    return this.#descriptor;
  }
}

/** No data yet. */
const WAIT = -1;
const INPUT = (EPOLLIN | EPOLLRDHUP | EPOLLET) >>> 0;
/** Events after which the connection no longer exists. */
const GONE = EPOLLHUP | EPOLLERR;
/** Our own address on a backend connection that has been closed. */
const UNKNOWN = { host: "0.0.0.0", port: 0 };
const UNSENT = new Int32Array(1);
/** struct linger: on, 0 seconds. Queued data is discarded, and close(2) sends RST (socket(7)). */
const AT_ONCE = new Int32Array([1, 0]);
/** SO_MEMINFO (linux/sock_diag.h). */
const MEMORY = new Uint32Array(16);
const MEMORY_LENGTH = new Uint32Array([MEMORY.byteLength]);
const SK_MEMINFO_SNDBUF = 3;
const SK_MEMINFO_WMEM_QUEUED = 5;
const SO_MEMINFO = 55;
const YES = new Int32Array([1]);
const SO_LINGER = 13;
const SHUT_WR = 1;
