/**
 * A listener on an event loop, with one listening socket or several that share its port. It accepts one connection
 * per turn of a patient watcher, so that existing connections go first. Connections that no `accept` waits for stay in
 * the kernel's queue.
 */

import {
  EAGAIN,
  ECONNABORTED,
  EINTR,
  EMFILE,
  ENFILE,
  ENOBUFS,
  ENOMEM,
  IPPROTO_TCP,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  TCP_INFO,
} from "../linux/abi.ts";
import { PeerError } from "../../errors.ts";
import type { SocketAddress } from "../../wire/preface.ts";
import type { StreamListener, TcpStream } from "../streams.ts";
import { EPOLLIN, type EventLoop, type Watcher } from "./event_loop.ts";
import { errno } from "./libc.ts";
import { type LoopServices, LoopStream } from "./loop_stream.ts";
import {
  AddressSpace,
  packAddress,
  type PackedAddress,
  packedLocalAddress,
} from "../linux/socket_address.ts";

/** Settles the accept that waits. */
interface Waiting {
  readonly resolve: (stream: TcpStream) => void;
  readonly reject: (error: unknown) => void;
}

/** See {@linkcode StreamListener}. */
export class LoopListener implements StreamListener {
  readonly acceptsInTurn = true;
  readonly address: SocketAddress;
  readonly #services: LoopServices;
  /** None once it is closed. */
  #sockets: ListeningSocket[];
  /** The local address of every accepted connection, unless it listens on all addresses. */
  readonly #local: PackedAddress | undefined;
  #waiting: Waiting | undefined;

  /** Takes ownership of non-blocking listening sockets, at least one. */
  constructor(descriptors: readonly number[], address: SocketAddress, services: LoopServices) {
    this.#services = services;
    this.address = address;
    const local = packedLocalAddress(services.libc, descriptors[0]!);
    if (!/^[0:.]+$/.test(address.host)) this.#local = local;
    this.#sockets = descriptors.map((descriptor) =>
      new ListeningSocket(descriptor, services.loop, (socket) => this.#ready(socket))
    );
  }

  accept(): Promise<TcpStream> {
    return new Promise((resolve, reject) => {
      if (this.#sockets.length === 0) return reject(closed());
      this.#waiting = { resolve, reject };
      for (const socket of this.#sockets) socket.watch();
    });
  }

  waiting(): number {
    const { libc } = this.#services;
    let sum = 0;
    for (const { descriptor } of this.#sockets) {
      const known = libc.getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, INFO, INFO_LENGTH) === 0;
      if (known) sum += INFO[TCPI_UNACKED]!;
    }
    return sum;
  }

  close(): void {
    const { loop, libc } = this.#services;
    for (const { descriptor } of this.#sockets) {
      loop.forget(descriptor);
      libc.close(descriptor);
    }
    this.#sockets = [];
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(closed());
  }

  #ready(socket: ListeningSocket): void {
    const waiting = this.#waiting;
    // While a client waits, the loop would report it again and again.
    if (waiting === undefined) return socket.watchNoMore();
    const { libc } = this.#services;
    const { bytes, length } = SPACE.ready();
    const descriptor = libc.accept4(socket.descriptor, bytes, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor >= 0) {
      this.#waiting = undefined;
      return this.#give(descriptor, waiting);
    }
    const error = errno();
    // Another worker was faster, or the client has left.
    if (error === EAGAIN || error === EINTR || error === ECONNABORTED) return;
    this.#waiting = undefined;
    waiting.reject(acceptFault(error));
  }

  #give(descriptor: number, { resolve, reject }: Waiting): void {
    const options = { peer: packAddress(SPACE), isAccepted: true, local: this.#local };
    try {
      resolve(new LoopStream(descriptor, options, this.#services));
    } catch (cause) {
      this.#services.libc.close(descriptor);
      reject(new PeerError("client", "resources", "epoll takes no more sockets", { cause }));
    }
  }
}

/** One listening socket. */
class ListeningSocket implements Watcher {
  readonly patient = true;
  readonly descriptor: number;
  readonly #loop: EventLoop;
  readonly #onReady: (socket: ListeningSocket) => void;
  /** Whether the loop reports waiting clients. */
  #watching = true;

  constructor(descriptor: number, loop: EventLoop, onReady: (socket: ListeningSocket) => void) {
    this.descriptor = descriptor;
    this.#loop = loop;
    this.#onReady = onReady;
    loop.watch(descriptor, this, EPOLLIN);
  }

  ready(): void {
    this.#onReady(this);
  }

  watch(): void {
    if (this.#watching) return;
    this.#watching = true;
    this.#loop.rewatch(this.descriptor, EPOLLIN);
  }

  watchNoMore(): void {
    if (!this.#watching) return;
    this.#watching = false;
    this.#loop.rewatch(this.descriptor, 0);
  }
}

function acceptFault(error: number): PeerError {
  if (error === EMFILE || error === ENFILE) {
    return new PeerError("client", "resources", "out of file descriptors");
  }
  if (error === ENOMEM || error === ENOBUFS) {
    return new PeerError("client", "resources", "out of memory");
  }
  return new PeerError("client", "other", `accept: os error ${error}`);
}

function closed(): PeerError {
  return new PeerError("client", "gone", "closed by us");
}

const SPACE = new AddressSpace();
/** struct tcp_info (linux/tcp.h), whose tcpi_unacked is the length of a listening socket's queue. */
const INFO = new Uint32Array(64);
const INFO_LENGTH = new Uint32Array([INFO.byteLength]);
const TCPI_UNACKED = 6;
