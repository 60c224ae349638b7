/**
 * Sockets on an event loop of our own, for workers on Linux: listening, accepting, connecting, and the meaning of
 * errno. TLS with the runtime's own library, name lookups and everything else stay with the runtime.
 */

import {
  EACCES,
  EADDRINUSE,
  EADDRNOTAVAIL,
  EALREADY,
  EINPROGRESS,
  EISCONN,
  ENOENT,
  FIONBIO,
  SO_ACCEPTCONN,
  SO_REUSEADDR,
  SO_REUSEPORT,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOCK_STREAM,
  SOL_SOCKET,
} from "../linux/abi.ts";
import type { Cancellation } from "../cancellation.ts";
import { PortInUseError, StartupError } from "../../errors.ts";
import { formatSocketAddress } from "../../wire/ip_address.ts";
import type { Endpoint, ListenOptions, Network, SocketAddress, Stream } from "../runtime.ts";
import { EPOLLET, EPOLLOUT, type EventLoop } from "./event_loop.ts";
import { CLOSED, errno, type Libc, openLibc, SocketError } from "./libc.ts";
import { LoopListener } from "./loop_listener.ts";
import { type LoopServices, LoopStream } from "./loop_stream.ts";
import {
  encodeAddress,
  encodePath,
  localAddress,
  type PackedAddress,
  packedAddress,
  packedLocalAddress,
} from "../linux/socket_address.ts";
import { socketFault } from "./socket_fault.ts";

/**
 * Makes a network with its plain sockets on a loop, which begins with the first listening socket. `others` does
 * everything else, and connects until then. If a process also uses the runtime's own TLS, its sockets stay with the
 * runtime.
 */
export function createLoopNetwork(begin: () => EventLoop, others: Network): Network {
  let services: LoopServices | undefined;
  return {
    ...others,
    async listen(options) {
      if (options.besideTls) return await others.listen(options);
      services ??= { loop: begin(), libc: openLibc(), lent: pageAligned(LENT_BYTES) };
      return listen(options, services);
    },
    dial(endpoint, cancellation) {
      if (services === undefined) return others.dial(endpoint, cancellation);
      return dial(endpoint, cancellation, services);
    },
    peerError: (error, party) =>
      error instanceof SocketError ? socketFault(error, party) : others.peerError(error, party),
  };
}

function listen(options: ListenOptions, services: LoopServices): LoopListener {
  const { descriptor } = options;
  if (descriptor !== undefined) return inherited(options, descriptor, services);
  const { libc } = services;
  const sockets: number[] = [];
  try {
    let address: SocketAddress = options;
    // The first one may be on a port that the system chooses.
    for (let count = options.listeners ?? 1; count > 0; count--) {
      const socket = openListeningSocket({ ...options, ...address }, libc, sockets);
      address = localAddress(libc, socket)!;
    }
    return new LoopListener(sockets, address, services);
  } catch (error) {
    for (const socket of sockets) libc.close(socket);
    throw error instanceof SocketError ? listenError(error, options) : error;
  }
}

/** Opens a socket and adds it to `opened` before anything can fail. Throws {@linkcode SocketError}. */
function openListeningSocket(options: ListenOptions, libc: Libc, opened: number[]): number {
  const address = encodeAddress(options);
  const socket = must(libc.socket(address[0]!, STREAM, 0));
  opened.push(socket);
  must(libc.setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, YES, 4));
  if (options.reusePort) must(libc.setsockopt(socket, SOL_SOCKET, SO_REUSEPORT, YES, 4));
  must(libc.bind(socket, address, address.length));
  must(libc.listen(socket, options.sockets?.backlog ?? BACKLOG));
  return socket;
}

/** Accepts on the inherited socket, without changing it. */
function inherited(
  { host, port }: ListenOptions,
  descriptor: number,
  services: LoopServices,
): LoopListener {
  if (!listens(services.libc, descriptor)) {
    const where = formatSocketAddress({ host, port });
    throw new StartupError(
      `cannot listen on ${where}: file descriptor ${descriptor} does not listen`,
    );
  }
  // The socket's creator may have left it blocking; accept(2) would then block the whole process.
  must(services.libc.ioctl(descriptor, FIONBIO, YES));
  return new LoopListener([descriptor], { host, port }, services);
}

/** Whether a descriptor is a listening TCP socket (socket(7)). Checking in /proc would need Node's modules, 4 MB. */
function listens(libc: Libc, descriptor: number): boolean {
  const told = Uint32Array.of(0);
  const length = Uint32Array.of(4);
  const known = libc.getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, told, length) === 0;
  return known && told[0] === 1 && packedLocalAddress(libc, descriptor) !== undefined;
}

/**
 * Connects, without a promise if the connection is complete at once. Throws or rejects with {@linkcode SocketError}.
 */
function dial(
  endpoint: Endpoint,
  cancellation: Cancellation,
  services: LoopServices,
): Stream | Promise<Stream> {
  const { libc } = services;
  const { address, peer } = known.get(endpoint) ?? encode(endpoint);
  const socket = must(libc.socket(address[0]!, STREAM, 0));
  const connected = () => new LoopStream(socket, { peer, isAccepted: false }, services);
  try {
    if (libc.connect(socket, address, address.length) === 0) return connected();
    if (errno() !== EINPROGRESS) throw SocketError.of(errno());
    // Over loopback the answer has arrived by the time the call returns.
    if (libc.connect(socket, address, address.length) === 0 || errno() === EISCONN) {
      return connected();
    }
    // This call has received a refusal, which the kernel reports only once.
    if (errno() !== EALREADY) throw SocketError.of(errno());
  } catch (error) {
    libc.close(socket);
    throw error;
  }
  return connecting(socket, cancellation, services).then(connected);
}

/** An endpoint in the form that system calls need. */
interface Encoded {
  readonly address: Uint8Array<ArrayBuffer>;
  readonly peer: PackedAddress | undefined;
}

/** There are few endpoints, and each is dialled many times. */
const known = new WeakMap<Endpoint, Encoded>();

function encode(endpoint: Endpoint): Encoded {
  const address = endpoint.kind === "tcp" ? encodeAddress(endpoint) : encodePath(endpoint.path);
  if (address === undefined) throw SocketError.of(ENOENT);
  const peer = endpoint.kind === "tcp" ? packedAddress(address) : undefined;
  const encoded = { address, peer };
  known.set(endpoint, encoded);
  return encoded;
}

/** Resolves when the connection is established. If it rejects, the descriptor is closed. */
function connecting(
  socket: number,
  cancellation: Cancellation,
  { libc, loop }: LoopServices,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (failure: number | undefined) => {
      cancellation.onCancel = undefined;
      loop.unwatch(socket);
      if (failure === undefined) return resolve();
      libc.close(socket);
      reject(SocketError.of(failure));
    };
    cancellation.onCancel = () => end(CLOSED);
    if (cancellation.cancelled) return end(CLOSED);
    const ready = () => {
      const failure = new Int32Array(1);
      libc.getsockopt(socket, SOL_SOCKET, SO_ERROR, failure, new Uint32Array([4]));
      end(failure[0] === 0 ? undefined : failure[0]);
    };
    loop.watch(socket, { patient: false, ready }, (EPOLLOUT | EPOLLET) >>> 0);
  });
}

/**
 * A buffer that is aligned to a page. The allocator's buffers begin 16 bytes into a page. OpenSSL's AES-GCM then took
 * half as much time again for what it reads from there, a fifth of a download's processor time.
 */
function pageAligned(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length + PAGE_BYTES);
  const address = BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes)));
  const skipped = (PAGE_BYTES - Number(address % BigInt(PAGE_BYTES))) % PAGE_BYTES;
  return bytes.subarray(skipped, skipped + length);
}

function must(result: number): number {
  if (result < 0) throw SocketError.of(errno());
  return result;
}

function listenError(error: SocketError, address: SocketAddress): StartupError {
  const inUse = error.errno === EADDRINUSE;
  const why = inUse
    ? "the port is in use, perhaps by another stud; stop that one first or choose another port"
    : error.errno === EACCES
    ? "permission denied; ports below 1024 need root or CAP_NET_BIND_SERVICE"
    : error.errno === EADDRNOTAVAIL
    ? "this machine has no such address"
    : error.message;
  const ErrorClass = inUse ? PortInUseError : StartupError;
  return new ErrorClass(`cannot listen on ${formatSocketAddress(address)}: ${why}`, {
    cause: error,
  });
}

/** Max bytes of one read: eight records and their headers. */
const LENT_BYTES = (128 << 10) + 1024;
const PAGE_BYTES = 4096;
/** The worker sets its own value afterwards; this is for callers that set none. */
const BACKLOG = 100;
const YES = new Int32Array([1]);
const STREAM = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const SO_ERROR = 4;
