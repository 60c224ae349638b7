/**
 * {@linkcode Network.serveHttp} of every platform, on `node:http`, or on our own small server where that is a Deno's
 * before 2.9, which cannot bound its clients. What both leave open is bounded here: the number of connections, clients
 * that do not read, and requests with a body, which are refused.
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as TcpServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { PortInUseError, StartupError } from "../errors.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import {
  type AcceptStreams,
  bodyParts,
  type HttpServer,
  type HttpServerAddress,
  type HttpServerAnswer,
  type HttpServerOptions,
  lengthOf,
  type StreamAcceptor,
} from "./http_server.ts";
import { codeOf } from "./node/facts.ts";
import { createSmallHttpServer, FAILED, MALFORMED, TOO_LARGE } from "./small_http_server.ts";
import { checkUnixPath, listenOnPath, type UnixListener } from "./unix_listener.ts";

/** How a platform serves HTTP otherwise than Node. */
export interface HttpPlatform {
  /** On our own small server, whatever the platform has. */
  readonly onlySmall?: boolean;
  /** Accepts connections for our own small server. Throws errors with a code of errno(3). */
  readonly accept?: AcceptStreams;
}

/** Serves HTTP until closed. Rejects with {@linkcode StartupError}. */
export async function serveHttp(
  options: HttpServerOptions,
  platform: HttpPlatform = {},
): Promise<HttpServer> {
  const serving = new NodeHttpServer(options, platform);
  if (options.onlyChecks) {
    if ("path" in options.address) await checkUnixPath(options.address.path);
    return serving;
  }
  try {
    await serving.listen(options.address);
    return serving;
  } catch (error) {
    await serving.close();
    throw error;
  }
}

class NodeHttpServer implements HttpServer {
  readonly #options: HttpServerOptions;
  readonly #server: TcpServer;
  /** All connections; the one that has waited longest for a request comes first. */
  readonly #connections = new Map<Duplex, Waiting>();
  #address: HttpServerAddress;
  #unix: UnixListener | undefined;
  readonly #accept: AcceptStreams | undefined;
  #acceptor: StreamAcceptor | undefined;

  constructor(options: HttpServerOptions, { onlySmall = false, accept }: HttpPlatform) {
    this.#options = options;
    this.#address = options.address;
    const platforms = onlySmall ? undefined : this.#platformServer();
    this.#server = platforms ?? this.#smallServer();
    this.#accept = platforms === undefined ? accept : undefined;
    this.#server.on("connection", (socket: Duplex) => this.#take(socket));
  }

  /** Undefined if it cannot bound its clients. */
  #platformServer(): TcpServer | undefined {
    const { headerBytes, requestTime, idleTime, requests } = this.#options.limits;
    const server = createServer({
      maxHeaderSize: headerBytes,
      requestTimeout: requestTime,
      headersTimeout: requestTime,
      keepAliveTimeout: idleTime,
      connectionsCheckingInterval: CHECK_PERIOD,
    }, (request, response) => void this.#serve(request, response));
    // Only then there are connections to bound.
    if (!(server instanceof TcpServer)) return undefined;
    server.maxRequestsPerSocket = requests;
    server.on("clientError", (error: Error, socket: Socket) => refuse(error, socket));
    return server;
  }

  #smallServer(): TcpServer {
    const { answer, limits } = this.#options;
    const { answerTime } = limits;
    return createSmallHttpServer(limits, {
      onRequest: (request, socket) => {
        this.#limit(socket, answerTime);
        return answer(request);
      },
      onIdle: (socket) => this.#answered(socket),
    });
  }

  get address(): HttpServerAddress {
    return this.#address;
  }

  async listen(address: HttpServerAddress): Promise<void> {
    if ("path" in address) {
      this.#unix = await listenOnPath(address.path, (path) => this.#open({ path }));
      return;
    }
    const { host, port } = address;
    try {
      await this.#open({ host, port });
    } catch (error) {
      const why = LISTEN_FAULTS[codeOf(error) ?? ""] ?? (error as Error).message;
      const Fault = codeOf(error) === "EADDRINUSE" ? PortInUseError : StartupError;
      throw new Fault(`cannot listen on ${formatSocketAddress(address)}: ${why}`, { cause: error });
    }
    const bound = this.#acceptor ?? this.#server.address() as Partial<StreamAcceptor> | null;
    this.#address = { host, port: bound?.port ?? port };
  }

  async isThere(): Promise<boolean> {
    return await this.#unix?.isThere() ?? true;
  }

  async close(): Promise<void> {
    await this.#unix?.remove();
    this.#acceptor?.close();
    await new Promise<void>((resolve) => {
      // Deno 2.4 closes the socket, and does not always say so.
      const late = setTimeout(resolve, CLOSE_LIMIT);
      this.#server.close(() => {
        clearTimeout(late);
        resolve();
      });
      for (const socket of this.#connections.keys()) socket.destroy();
    });
  }

  async #open(where: HttpServerAddress): Promise<void> {
    if (this.#accept === undefined) return await this.#opened(where);
    this.#acceptor = this.#accept(where, (stream) => this.#server.emit("connection", stream));
  }

  #opened(where: HttpServerAddress): Promise<void> {
    return new Promise((resolve, reject) => {
      const server = this.#server;
      const settle = (error?: Error) => {
        server.off("listening", settle);
        server.off("error", settle);
        // A later error, such as a lack of descriptors, must not end the process.
        server.on("error", () => {});
        if (error === undefined) resolve();
        else reject(error);
      };
      server.on("listening", settle);
      server.on("error", settle);
      server.listen(where);
    });
  }

  #take(socket: Duplex): void {
    this.#makeRoom();
    this.#limit(socket, this.#options.limits.requestTime + CHECK_PERIOD);
    socket.on("close", () => this.#forget(socket));
    socket.on("error", () => socket.destroy());
  }

  #makeRoom(): void {
    const { connections, burst } = this.#options.limits;
    const now = performance.now();
    for (const [socket, { fairUntil }] of this.#connections) {
      if (this.#connections.size < connections) return;
      if (fairUntil <= now) this.#end(socket);
    }
    const [longest] = this.#connections.keys();
    if (this.#connections.size >= burst) this.#end(longest!);
  }

  #end(socket: Duplex): void {
    this.#forget(socket);
    socket.destroy();
  }

  /** The connection stays, but has had its fair time: further requests get none, so that a busy client yields too. */
  #answered(socket: Duplex): void {
    const { idleTime, requestTime } = this.#options.limits;
    this.#limit(socket, idleTime + requestTime);
    this.#connections.get(socket)!.fairUntil = OVER;
  }

  /** Ends a connection after this time, whatever it does; empty lines, for example, are no request. */
  #limit(socket: Duplex, time: number): void {
    const isOver = this.#connections.get(socket)?.fairUntil === OVER;
    const fairUntil = isOver ? OVER : performance.now() + this.#options.limits.fairTime;
    this.#forget(socket);
    this.#connections.set(socket, { timer: setTimeout(() => socket.destroy(), time), fairUntil });
  }

  #forget(socket: Duplex): void {
    clearTimeout(this.#connections.get(socket)?.timer);
    this.#connections.delete(socket);
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { socket } = request;
    this.#limit(socket, this.#options.limits.answerTime);
    response.on("close", () => {
      if (!socket.destroyed) this.#answered(socket);
    });
    response.on("error", () => socket.destroy());
    if (hasBody(request)) return void send(response, TOO_LARGE, true);
    if (!isPlain(request)) return void send(response, MALFORMED, true);
    const { headers, method = "", url: target = "" } = request;
    const header = (name: string) => {
      const value = headers[name];
      return typeof value === "string" ? value : undefined;
    };
    try {
      send(response, await this.#options.answer({ method, target, header }));
    } catch {
      send(response, FAILED, true);
    }
  }
}

/** A connection. */
interface Waiting {
  /** Ends it in time. */
  readonly timer: ReturnType<typeof setTimeout>;
  /** By `performance.now()`. */
  fairUntil: number;
}

function send(response: ServerResponse, answer: HttpServerAnswer, ends = false): void {
  const parts = bodyParts(answer);
  response.writeHead(answer.status, {
    ...answer.headers,
    "content-length": String(lengthOf(parts)),
    ...ends && { connection: "close" },
  });
  if (response.req.method !== "HEAD") {
    for (const part of parts.slice(0, -1)) response.write(part);
    response.end(parts.at(-1));
  } else response.end();
}

/** RFC 9112 section 3.2: of two Host headers, two readers could each believe another one. */
function isPlain({ httpVersionMajor, rawHeaders }: IncomingMessage): boolean {
  const names = rawHeaders.filter((_, index) => index % 2 === 0);
  return httpVersionMajor === 1 &&
    names.filter((name) => name.toLowerCase() === "host").length <= 1;
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) !== 0;
}

/** Answers what is not HTTP, or too large or slow to be read. */
function refuse(error: Error, socket: Socket): void {
  const status = STATUS_OF[codeOf(error) ?? ""] ?? "400 Bad Request";
  if (socket.writable) {
    socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  }
  socket.destroySoon?.();
  socket.destroy();
}

const STATUS_OF: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/** By errno(3), in the words that stud uses on every platform. */
const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "the port is in use",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "permission denied",
};

/** For {@linkcode Waiting.fairUntil}. */
const OVER = -Infinity;
/** Milliseconds to wait until the server says that it is closed. */
const CLOSE_LIMIT = 200;
/** Milliseconds between two checks for clients that take too long. */
const CHECK_PERIOD = 1_000;
