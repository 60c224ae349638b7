/**
 * A listening socket on an event loop. It accepts one connection per turn of a patient watcher, so that existing
 * connections go first. Connections that no `accept` waits for stay in the kernel's queue.
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
import { EPOLLIN, type Watcher } from "./event_loop.ts";
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
export class LoopListener implements StreamListener, Watcher {
  readonly patient = true;
  readonly acceptsInTurn = true;
  readonly address: SocketAddress;
  readonly #services: LoopServices;
  #descriptor: number;
  /** The local address of every accepted connection, unless the socket listens on all addresses. */
  readonly #local: PackedAddress | undefined;
  #waiting: Waiting | undefined;
  /** Whether the loop reports waiting clients. */
  #watching = true;

  /** Takes ownership of a non-blocking listening socket. */
  constructor(descriptor: number, address: SocketAddress, services: LoopServices) {
    this.#descriptor = descriptor;
    this.#services = services;
    this.address = address;
    const local = packedLocalAddress(services.libc, descriptor);
    if (!/^[0:.]+$/.test(address.host)) this.#local = local;
    services.loop.watch(descriptor, this, EPOLLIN);
  }

  accept(): Promise<TcpStream> {
    return new Promise((resolve, reject) => {
      if (this.#descriptor < 0) return reject(closed());
      this.#waiting = { resolve, reject };
      if (this.#watching) return;
      this.#watching = true;
      this.#services.loop.rewatch(this.#descriptor, EPOLLIN);
    });
  }

  waiting(): number {
    const known = this.#services.libc.getsockopt(
      ...[this.#descriptor, IPPROTO_TCP, TCP_INFO, INFO, INFO_LENGTH] as const,
    ) === 0;
    return known ? INFO[TCPI_UNACKED]! : 0;
  }

  close(): void {
    const descriptor = this.#descriptor;
    if (descriptor < 0) return;
    this.#descriptor = -1;
    this.#services.loop.forget(descriptor);
    this.#services.libc.close(descriptor);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(closed());
  }

  ready(): void {
    const waiting = this.#waiting;
    // While a client waits, the loop would report it again and again.
    if (waiting === undefined) return this.#watchNoMore();
    const { libc } = this.#services;
    const { bytes, length } = SPACE.ready();
    const descriptor = libc.accept4(this.#descriptor, bytes, length, SOCK_NONBLOCK | SOCK_CLOEXEC);
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

  #watchNoMore(): void {
    if (!this.#watching) return;
    this.#watching = false;
    this.#services.loop.rewatch(this.#descriptor, 0);
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
