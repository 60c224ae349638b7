/**
 * Sockets under Node: listeners that return their next connection on request, connections to the backend, and the
 * translation of Node's errors into stud's.
 */

import type { Cancellation } from "../cancellation.ts";
import { type Deferred, deferred } from "../../deferred.ts";
import { lookup } from "node:dns/promises";
import { createServer, type Server, Socket } from "node:net";
import process from "node:process";
import { PeerError, type PeerErrorKind, PortInUseError, StartupError } from "../../errors.ts";
import { formatSocketAddress, isIpAddress } from "../../wire/ip_address.ts";
import { httpExchange } from "../http_exchange.ts";
import { AcceptedStream } from "./accepted_stream.ts";
import { DialledSocket, DialledStream } from "./dialled_stream.ts";
import { codeOf, isBefore } from "./facts.ts";
import type {
  Endpoint,
  HttpServer,
  HttpServerOptions,
  ListenOptions,
  Network,
  SocketAddress,
  Stream,
  StreamListener,
  TcpStream,
} from "../runtime.ts";

/** Makes the sockets of a Node runtime. */
export function createNodeNetwork(): Network {
  return {
    ...{ listen, listenTls: noRustls, dial, dialTls: noRustls, trust, probe },
    ...{ lookup: lookupAddresses, request: httpExchange, serveHttp, peerError },
    // Node requests it explicitly, so the system's own default does not matter.
    takesIpv4OnIpv6: () => Promise.resolve(true),
  };
}

/**
 * In a worker the port is shared: with SO_REUSEPORT where this Node supports it, otherwise through a socket of the
 * supervisor's (node:cluster).
 */
async function listen(options: ListenOptions): Promise<StreamListener> {
  const { reusePort, sockets: { backlog, keepalive = 3600 } = {} } = options;
  const server = createServer({
    allowHalfOpen: true,
    pauseOnConnect: true,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: keepalive * 1000,
  });
  if (options.descriptor !== undefined) {
    await openedInherited(server, options.descriptor, options);
    return new NodeListener(server);
  }
  const sharing = !reusePort ? { exclusive: true } : HAS_REUSE_PORT ? { reusePort: true } : {};
  await opened(server, options, { ...sharing, ...backlog === undefined ? {} : { backlog } });
  return new NodeListener(server);
}

async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  return await (await import("../node_http_server.ts")).serveHttp(options);
}

function noRustls(): Promise<never> {
  return Promise.reject(new StartupError("rustls: Node has no such library; it has its own"));
}

/** Does nothing: contexts of Node's library get their authorities as options. */
function trust(): void {}

function dial(endpoint: Endpoint, cancellation: Cancellation): Promise<Stream> {
  return new Promise((resolve, reject) => {
    const socket = new DialledSocket();
    const stream = new DialledStream(socket);
    const settle = (error?: Error) => {
      socket.off("connect", settle);
      socket.off("error", settle);
      cancellation.onCancel = undefined;
      if (error === undefined) resolve(stream);
      else reject(error);
    };
    socket.on("connect", settle);
    socket.on("error", settle);
    const cancel = () => socket.destroy(new Error("the attempt to connect was cancelled"));
    cancellation.onCancel = cancel;
    if (cancellation.cancelled) cancel();
    else if (endpoint.kind === "unix") socket.connect({ path: endpoint.path });
    else socket.connect({ ...endpoint, noDelay: true } as { host: string; port: number });
  });
}

async function probe(address: SocketAddress): Promise<number | undefined> {
  const server = createServer();
  try {
    await opened(server, address, { exclusive: true });
  } catch (error) {
    const code = codeOf((error as Error).cause);
    if (code === "EADDRNOTAVAIL" || code === "EAFNOSUPPORT") return undefined;
    throw error;
  }
  const { port } = addressOf(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/**
 * Serves a socket that this worker has inherited. It is passed as a handle: Node would take a number for one of the
 * supervisor's descriptors, and close that with the last worker.
 */
function openedInherited(
  server: Server,
  descriptor: number,
  address: SocketAddress,
): Promise<void> {
  // In a worker, the channel to the supervisor has the number that the first of these sockets has in the supervisor.
  const fd = descriptor + 1;
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, address)));
    server.listen(new Socket({ fd, readable: false, writable: false }), resolve);
  });
}

/** Resolves when it listens. Rejects with {@linkcode StartupError} whose cause is Node's error. */
function opened(server: Server, { host, port }: SocketAddress, options: object): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) => reject(listenError(error, { host, port }));
    server.once("error", refuse);
    server.listen({ host, port, ...options }, () => {
      server.off("error", refuse);
      resolve();
    });
  });
}

async function lookupAddresses(host: string): Promise<string[]> {
  if (isIpAddress(host)) return [host];
  return (await lookup(host, { all: true })).map((entry) => entry.address);
}

class NodeListener implements StreamListener {
  readonly address: SocketAddress;
  readonly acceptsUnasked = true;
  readonly #server: Server;
  /** Accepted by Node, which cannot be made to wait, and not yet returned by `accept`. */
  readonly #accepted: Socket[] = [];
  #waiting: Deferred<TcpStream> | undefined;
  #fault: PeerError | undefined;
  #closed = false;

  constructor(server: Server) {
    this.#server = server;
    this.address = addressOf(server);
    server.on("connection", (socket) => this.#take(socket));
    server.on("error", (error) => this.#fail(peerError(error, "client")));
  }

  accept(): Promise<TcpStream> {
    const socket = this.#accepted.shift();
    if (socket !== undefined) return Promise.resolve(new AcceptedStream(socket, this.address));
    const fault = this.#closed
      ? new PeerError("client", "gone", "no longer listening")
      : this.#fault;
    this.#fault = undefined;
    if (fault !== undefined) return Promise.reject(fault);
    this.#waiting = deferred();
    return this.#waiting.promise;
  }

  close(): void {
    this.#closed = true;
    this.#server.close();
    for (const socket of this.#accepted.splice(0)) socket.destroy();
    this.#fail(new PeerError("client", "gone", "no longer listening"));
  }

  #take(socket: Socket): void {
    if (this.#waiting !== undefined) {
      this.#waiting.resolve(new AcceptedStream(socket, this.address));
      this.#waiting = undefined;
    } else if (this.#accepted.length < MAX_WAITING) {
      this.#accepted.push(socket);
    } else {
      socket.destroy();
      this.#fault = new PeerError("client", "resources", "too many clients wait to be served");
    }
  }

  #fail(fault: PeerError): void {
    if (this.#waiting === undefined) this.#fault = fault;
    this.#waiting?.reject(fault);
    this.#waiting = undefined;
  }
}

function addressOf(server: Server): SocketAddress {
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not a TCP socket");
  return { host: address.address, port: address.port };
}

function listenError(error: Error, address: SocketAddress): StartupError {
  const code = codeOf(error);
  const why = code === "EADDRINUSE"
    ? "the port is in use, perhaps by another stud; stop that one first or choose another port"
    : code === "EACCES"
    ? "permission denied; ports below 1024 need root or CAP_NET_BIND_SERVICE"
    : code === "EADDRNOTAVAIL"
    ? "this machine has no such address"
    : error.message;
  const where = formatSocketAddress(address);
  const ErrorClass = code === "EADDRINUSE" ? PortInUseError : StartupError;
  return new ErrorClass(`cannot listen on ${where}: ${why}`, { cause: error });
}

function peerError(error: unknown, party: PeerError["party"]): PeerError {
  if (error instanceof PeerError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const [kind, message] = KINDS[codeOf(error) ?? ""] ?? ["other", text];
  return new PeerError(party, kind, message, { cause: error });
}

/** By errno(3). */
const KINDS: Readonly<Record<string, readonly [PeerErrorKind, string]>> = {
  ECONNRESET: ["reset", "connection reset"],
  EPIPE: ["gone", "connection gone"],
  ENOTCONN: ["gone", "connection gone"],
  ERR_STREAM_DESTROYED: ["gone", "connection gone"],
  ERR_STREAM_WRITE_AFTER_END: ["gone", "connection gone"],
  ERR_SOCKET_CLOSED: ["gone", "connection gone"],
  ECONNABORTED: ["gone", "connection gone"],
  ECONNREFUSED: ["refused", "connection refused"],
  ENOENT: ["refused", "no such socket"],
  EACCES: ["refused", "permission denied"],
  // A unix socket refuses clients while its queue is full; it does not let them wait.
  EAGAIN: ["refused", "its queue of waiting connections is full"],
  ETIMEDOUT: ["timeout", "connection timed out"],
  ENETUNREACH: ["unreachable", "unreachable"],
  EHOSTUNREACH: ["unreachable", "unreachable"],
  EMFILE: ["resources", "out of file descriptors"],
  ENFILE: ["resources", "out of file descriptors"],
  ENOMEM: ["resources", "out of memory"],
};

/** `reusePort` came with Node 22.12 and 23.1, for systems whose kernel spreads connections. */
const HAS_REUSE_PORT = process.platform === "linux" && !isBefore(process.versions.node, 22, 12);

/** Connections that may wait inside this process until there is room to serve them. */
export const MAX_WAITING = 64;
