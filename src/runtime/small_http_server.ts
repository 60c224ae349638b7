/**
 * Requests and answers of HTTP/1.1 on the connections of a TCP server, for a Deno whose `node:http` cannot bound its
 * clients (before 2.9; executables may contain one). Times and the number of connections are its caller's job.
 */

import { createServer, type Server } from "node:net";
import type { Duplex } from "node:stream";
import { joinBytes } from "../wire/bytes.ts";
import { type HttpRequestHead, parseHttpRequest } from "../wire/http_request.ts";
import {
  bodyParts,
  type HttpServerAnswer,
  type HttpServerLimits,
  lengthOf,
  type ReceivedRequest,
} from "./http_server.ts";

/** What its owner does for each request. */
export interface SmallHttpEvents {
  /** A whole request has arrived; a request with a body is answered by the server itself. */
  readonly onRequest: (request: ReceivedRequest, socket: Duplex) => Promise<HttpServerAnswer>;
  /** The answer has been written, and the connection stays. */
  readonly onIdle: (socket: Duplex) => void;
}

/** A server that does not listen yet. */
export function createSmallHttpServer(
  limits: Pick<HttpServerLimits, "headerBytes" | "requests">,
  events: SmallHttpEvents,
): Server {
  return createServer((socket) => {
    void new Connection(socket, limits, events);
  });
}

class Connection {
  readonly #socket: Duplex;
  readonly #limits: Pick<HttpServerLimits, "headerBytes" | "requests">;
  readonly #events: SmallHttpEvents;
  #bytes: Uint8Array = new Uint8Array();
  #requests = 0;
  #answering = false;

  constructor(
    socket: Duplex,
    limits: Pick<HttpServerLimits, "headerBytes" | "requests">,
    events: SmallHttpEvents,
  ) {
    this.#socket = socket;
    this.#limits = limits;
    this.#events = events;
    socket.on("data", (part: Uint8Array) => this.#take(part));
    socket.on("error", () => socket.destroy());
  }

  #take(part: Uint8Array): void {
    this.#bytes = joinBytes(this.#bytes, part);
    if (this.#answering) {
      // Requests behind this one wait, but not without a limit.
      if (this.#bytes.length > this.#limits.headerBytes) this.#socket.destroy();
      return;
    }
    let head: HttpRequestHead | undefined;
    try {
      head = parseHttpRequest(this.#bytes);
    } catch {
      return this.#refuse("400 Bad Request");
    }
    const size = head?.length ?? this.#bytes.length;
    if (size > this.#limits.headerBytes) {
      return this.#refuse("431 Request Header Fields Too Large");
    }
    if (head === undefined) return;
    this.#bytes = this.#bytes.slice(head.length);
    this.#answering = true;
    void this.#answer(head);
  }

  async #answer(head: HttpRequestHead): Promise<void> {
    const { method, target, headers } = head;
    const request = { method, target, header: (name: string) => headers.get(name) };
    const answer = head.hasBody
      ? TOO_LARGE
      : await this.#events.onRequest(request, this.#socket).catch(() => FAILED);
    const { status, headers: told } = answer;
    // As node:http does here: what comes after a fault comes on another connection.
    const keeps = head.keepsAlive && answer !== TOO_LARGE && answer !== FAILED &&
      ++this.#requests < this.#limits.requests;
    const parts = bodyParts(answer);
    const lines = [
      `HTTP/1.1 ${status} ${PHRASES[status] ?? "Answer"}`,
      ...Object.entries(told).map(([name, value]) => `${name}: ${value}`),
      `content-length: ${lengthOf(parts)}`,
      `connection: ${keeps ? "keep-alive" : "close"}`,
      "\r\n",
    ];
    const start = new TextEncoder().encode(lines.join("\r\n"));
    if (this.#socket.destroyed) return;
    const [first = EMPTY, ...others] = method === "HEAD" ? [] : parts;
    // A short answer leaves in one piece.
    const pieces = first.length <= SHORT ? [joinBytes(start, first)] : [start, first];
    pieces.push(...others);
    const last = pieces.pop()!;
    for (const piece of pieces) this.#socket.write(piece);
    if (!keeps) return void this.#socket.end(last);
    this.#socket.write(last, () => {
      this.#answering = false;
      if (this.#socket.destroyed) return;
      this.#events.onIdle(this.#socket);
      if (this.#bytes.length > 0) this.#take(new Uint8Array());
    });
  }

  #refuse(status: string): void {
    this.#answering = true;
    this.#socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
  }
}

const EMPTY = new Uint8Array();
/** Bytes. */
const SHORT = 16 << 10;
const PLAIN = { "content-type": "text/plain; charset=utf-8" };
/** For a request with a body. */
export const TOO_LARGE: HttpServerAnswer = {
  ...{ status: 413, headers: PLAIN, body: "requests have no body here\n" },
};
/** For a request that is not HTTP/1.1 as stud takes it. */
export const MALFORMED: HttpServerAnswer = {
  ...{ status: 400, headers: PLAIN, body: "this is no request of HTTP/1.1\n" },
};
/** For a request whose answer has failed. */
export const FAILED: HttpServerAnswer = {
  ...{ status: 500, headers: PLAIN, body: "internal error\n" },
};

/** RFC 9110 section 15, as far as the endpoints answer with it. */
const PHRASES: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  413: "Content Too Large",
  421: "Misdirected Request",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  500: "Internal Server Error",
  503: "Service Unavailable",
};
