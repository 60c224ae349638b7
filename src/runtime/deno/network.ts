/**
 * Sockets under Deno: TLS listeners on rustls, connections to the backend, and the translation of Deno's errors into
 * stud's. Streams delegate to Deno's objects without a promise of their own, because they are the hot path.
 */

import type { Cancellation } from "../cancellation.ts";
import { PeerError, type PeerErrorKind, PortInUseError, StartupError } from "../../errors.ts";
import { formatSocketAddress, isIpAddress, unmapIpv4 } from "../../wire/ip_address.ts";
import { openTlsListener } from "./tls_listener.ts";
import { type SocketDescriptor, socketDescriptors } from "../linux/descriptors.ts";
import { replaceDescriptor } from "../linux/service.ts";
import type {
  Endpoint,
  HttpAnswer,
  HttpRequest,
  HttpServer,
  HttpServerOptions,
  ListenOptions,
  Network,
  SocketAddress,
  SocketPair,
  Stream,
  StreamListener,
  TcpStream,
  TlsDialOptions,
  TlsListenOptions,
  TlsStream,
  TlsStreamListener,
} from "../runtime.ts";

/** Makes the sockets of a Deno runtime. */
export function createDenoNetwork(): Network {
  return {
    ...{ listen, listenTls, dial, dialTls, trust, probe, takesIpv4OnIpv6 },
    ...{ lookup: lookupAddresses, request, serveHttp, peerError },
    ...Deno.build.os === "linux" && { reserve },
  };
}

async function reserve(address: SocketAddress): Promise<{ close(): void } | undefined> {
  return (await import("../linux/reservation.ts")).reserve(address);
}

function listen(options: ListenOptions): Promise<StreamListener> {
  const { host: hostname, port, reusePort } = options;
  const wrap = (conn: Deno.TcpConn) => new DenoTcpStream(conn);
  if (options.descriptor !== undefined) {
    return inherited(options, () => Deno.listen(STAND_IN), wrap);
  }
  return listening(
    options,
    () => new DenoListener(Deno.listen({ hostname, port, reusePort }), wrap),
  );
}

function listenTls(options: TlsListenOptions): Promise<TlsStreamListener> {
  const { host: hostname, port, reusePort } = options;
  const wrap = (conn: Deno.TlsConn) => new DenoTlsStream(conn);
  if (options.descriptor !== undefined) {
    return inherited(options, () => openTlsListener(STAND_IN, options), wrap);
  }
  return listening(
    options,
    () => new DenoListener(openTlsListener({ hostname, port, reusePort }, options), wrap),
  );
}

/** Makes a listener, which begins with a socket of its own, accept on the inherited one instead. */
async function inherited<Connection extends Deno.Conn, Accepted>(
  { host, port, descriptor }: ListenOptions,
  open: () => Deno.Listener<Connection>,
  wrap: (conn: Connection) => Accepted,
): Promise<DenoListener<Connection, Accepted>> {
  const { listeningDescriptor } = await import("../passed_listeners.ts");
  let listener: Deno.Listener<Connection> | undefined;
  try {
    listener = open();
    const standIn = listeningDescriptor(socketAddress(listener.addr as Deno.NetAddr));
    if (standIn === undefined) throw new Error("the runtime's own socket was not found");
    replaceDescriptor(standIn, descriptor!);
    return new DenoListener(listener, wrap, { host, port });
  } catch (error) {
    listener?.close();
    const { message } = error as Error;
    const where = formatSocketAddress({ host, port });
    const text = `cannot listen on ${where}: the socket handed over cannot be served: ${message}`;
    throw new StartupError(text, { cause: error });
  }
}

/** Deno listens immediately or throws; the interface returns a promise for platforms where listening takes time. */
function listening<Listener>(address: SocketAddress, open: () => Listener): Promise<Listener> {
  try {
    return Promise.resolve(open());
  } catch (error) {
    return Promise.reject(listenError(error, address));
  }
}

async function dial(endpoint: Endpoint, cancellation: Cancellation): Promise<Stream> {
  if (endpoint.kind === "unix") {
    return new DenoStream(await Deno.connect({ transport: "unix", path: endpoint.path }));
  }
  return new DenoStream(await connect(endpoint, cancellation));
}

async function dialTls(
  endpoint: Endpoint,
  { name: hostname, authorities, alpnProtocols }: TlsDialOptions,
  cancellation: Cancellation,
): Promise<TlsStream> {
  if (endpoint.kind === "unix") {
    throw new StartupError(
      "rustls: Deno supports TLS over TCP only; use --tls-library=openssl",
    );
  }
  const conn = await connect(endpoint, cancellation);
  try {
    const tls = await Deno.startTls(conn, {
      hostname,
      ...authorities === undefined ? {} : { caCerts: [authorities] },
      ...alpnProtocols.length === 0 ? {} : { alpnProtocols: [...alpnProtocols] },
    });
    return new DenoTlsStream(tls);
  } catch (error) {
    closeConn(conn);
    throw error;
  }
}

/** Deno reads this variable when it first needs authorities, and keeps them for the life of the process. */
function trust(authorities: "machine" | "none"): void {
  if (authorities === "none") Deno.env.set("DENO_TLS_CA_STORE", "");
  else if (!Deno.env.get("DENO_TLS_CA_STORE")) Deno.env.set("DENO_TLS_CA_STORE", "system");
}

async function connect(
  { host: hostname, port }: Endpoint & { readonly kind: "tcp" },
  cancellation: Cancellation,
): Promise<Deno.TcpConn> {
  const abort = new AbortController();
  cancellation.onCancel = () => abort.abort();
  if (cancellation.cancelled) abort.abort();
  const conn = await Deno.connect({ hostname, port, signal: abort.signal });
  try {
    conn.setNoDelay(true);
  } catch {
    // The backend may already have reset it; the first read or write will report that.
  }
  return conn;
}

async function probe(address: SocketAddress): Promise<number | undefined> {
  try {
    const listener = await listen({ ...address, reusePort: false });
    listener.close();
    return listener.address.port;
  } catch (error) {
    const { cause } = error as Error;
    if (cause instanceof Deno.errors.AddrNotAvailable || isUnknownFamily(cause)) return undefined;
    throw error;
  }
}

/** Deno leaves IPV6_V6ONLY at the system's default (ipv6(7)). */
async function takesIpv4OnIpv6(): Promise<boolean> {
  try {
    return (await Deno.readTextFile("/proc/sys/net/ipv6/bindv6only")).trim() !== "1";
  } catch {
    return true;
  }
}

async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  const [{ serveHttp }, { acceptStreams }] = await Promise.all([
    import("../node_http_server.ts"),
    import("./accepted_streams.ts"),
  ]);
  return await serveHttp(options, { accept: acceptStreams });
}

async function request(exchange: HttpRequest): Promise<HttpAnswer> {
  const { httpExchange } = await import("../http_exchange.ts");
  return await httpExchange(exchange);
}

async function lookupAddresses(host: string): Promise<string[]> {
  if (isIpAddress(host)) return [host];
  // Imported here, because most processes look up nothing, and Node's modules cost memory and time.
  const [{ lookup }, { default: process }] = await Promise.all([
    import("node:dns/promises"),
    import("node:process"),
  ]);
  // Otherwise Deno 2.4 warns on standard error that its own resolver uses a deprecated module.
  const warnings = process as { noDeprecation?: boolean };
  const { noDeprecation } = warnings;
  warnings.noDeprecation = true;
  // Otherwise Deno changes the system's order (RFC 6724). Deno 2.4 has no newer name for this option.
  const looking = lookup(host, { all: true, verbatim: true });
  warnings.noDeprecation = noDeprecation;
  const found = await looking;
  return found.map((entry) => entry.address);
}

class DenoStream<Connection extends Deno.Conn = Deno.Conn> implements Stream {
  protected readonly conn: Connection;
  protected readonly descriptor: SocketDescriptor | undefined;

  constructor(conn: Connection) {
    this.conn = conn;
    const { localAddr: local, remoteAddr: peer } = conn;
    // Deno omits the transport where TLS has begun on an existing connection.
    this.descriptor = "hostname" in local && "hostname" in peer
      ? socketDescriptors()?.enter(local, peer)
      : socketDescriptors()?.enter();
  }

  get pair(): SocketPair | undefined {
    const { localAddr, remoteAddr } = this.conn;
    if (remoteAddr.transport !== "tcp" || localAddr.transport !== "tcp") return undefined;
    return { local: socketAddress(localAddr), peer: socketAddress(remoteAddr) };
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.conn.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.conn.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.conn.closeWrite();
  }

  reset(): void {
    if (this.descriptor?.reset() !== true) this.close();
  }

  unsent(): number {
    return this.descriptor?.unsent() ?? 0;
  }

  close(): void {
    this.descriptor?.release();
    closeConn(this.conn);
  }
}

function closeConn(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // Already closed, as requested.
  }
}

class DenoTcpStream<Connection extends Deno.TcpConn | Deno.TlsConn = Deno.TcpConn>
  extends DenoStream<Connection>
  implements TcpStream {
  override get pair(): SocketPair {
    const { localAddr, remoteAddr } = this.conn;
    return {
      local: socketAddress(localAddr as Deno.NetAddr),
      peer: socketAddress(remoteAddr as Deno.NetAddr),
    };
  }
}

class DenoTlsStream extends DenoTcpStream<Deno.TlsConn> implements TlsStream {
  async handshake(): Promise<void> {
    await this.conn.handshake();
  }

  hasSent(): boolean | undefined {
    return this.descriptor?.hasSent();
  }
}

class DenoListener<Connection extends Deno.Conn, Accepted> {
  readonly address: SocketAddress;
  readonly #listener: Deno.Listener<Connection>;
  readonly #wrap: (conn: Connection) => Accepted;

  constructor(
    listener: Deno.Listener<Connection>,
    wrap: (conn: Connection) => Accepted,
    address = socketAddress(listener.addr as Deno.NetAddr),
  ) {
    this.#listener = listener;
    this.#wrap = wrap;
    this.address = address;
  }

  async accept(): Promise<Accepted> {
    try {
      return this.#wrap(await this.#listener.accept());
    } catch (error) {
      throw peerError(error, "client");
    }
  }

  close(): void {
    try {
      this.#listener.close();
    } catch {
      // Already closed.
    }
  }
}

function socketAddress(address: Deno.NetAddr): SocketAddress {
  return { host: unmapIpv4(address.hostname), port: address.port };
}

/** EAFNOSUPPORT: this kernel has no IPv6. */
function isUnknownFamily(error: unknown): boolean {
  return error instanceof Error && /os error 97\b|not supported/i.test(error.message);
}

function listenError(error: unknown, address: SocketAddress): StartupError {
  const where = formatSocketAddress(address);
  const text = error instanceof Error ? error.message : String(error);
  const inUse = error instanceof Deno.errors.AddrInUse;
  const why = inUse
    ? "the port is in use, perhaps by another stud; stop that one first or choose another port"
    : error instanceof Deno.errors.PermissionDenied
    ? "permission denied; ports below 1024 need root or CAP_NET_BIND_SERVICE"
    : error instanceof Deno.errors.AddrNotAvailable
    ? "this machine has no such address"
    : text;
  const ErrorClass = inUse ? PortInUseError : StartupError;
  return new ErrorClass(`cannot listen on ${where}: ${why}`, { cause: error });
}

/** The address a listener uses until it gets the inherited socket. */
const STAND_IN = { hostname: "127.0.0.1", port: 0 };

/** Linux errno texts for which Deno has no error class. */
const KINDS_BY_TEXT: readonly (readonly [RegExp, PeerErrorKind, string])[] = [
  [/os error (23|24)\b|too many open files/i, "resources", "out of file descriptors"],
  [/os error 12\b|out of memory/i, "resources", "out of memory"],
  [/unexpected eof|without sending TLS close_notify/i, "closed", "ended without close_notify"],
  [/os error (101|113)\b|unreachable|no route/i, "unreachable", "unreachable"],
  [/reset/i, "reset", "connection reset"],
  [/broken pipe|not connected/i, "gone", "connection gone"],
];

const QUEUE_FULL = "its queue of waiting connections is full";

function peerError(error: unknown, party: PeerError["party"]): PeerError {
  if (error instanceof PeerError) return error;
  const text = error instanceof Error ? error.message : String(error);
  const [kind, message] = classify(error, text);
  return new PeerError(party, kind, message, { cause: error });
}

function classify(error: unknown, text: string): readonly [PeerErrorKind, string] {
  const { errors } = Deno;
  if (error instanceof errors.UnexpectedEof) return ["closed", "ended without close_notify"];
  if (error instanceof errors.ConnectionReset) return ["reset", "connection reset"];
  if (error instanceof errors.BrokenPipe) return ["gone", "connection gone"];
  if (error instanceof errors.ConnectionRefused) return ["refused", "connection refused"];
  if (error instanceof errors.NotFound) return ["refused", "no such socket"];
  if (error instanceof errors.PermissionDenied) return ["refused", "permission denied"];
  // EAGAIN: a unix socket refuses clients while its queue is full; it does not let them wait.
  if (error instanceof errors.WouldBlock) return ["refused", QUEUE_FULL];
  if (error instanceof errors.TimedOut) return ["timeout", "connection timed out"];
  for (const [pattern, kind, message] of KINDS_BY_TEXT) {
    if (pattern.test(text)) return [kind, message];
  }
  return ["other", text];
}
