/**
 * A small web server as the platform provides it, for what stud tells about itself. It owns sockets, limits and the
 * protocol; what is asked and answered belongs to the caller. No request has a body.
 */

import type { Duplex } from "node:stream";
import type { SocketAddress } from "../wire/preface.ts";

/** Where a web server listens: on TCP, or on a unix socket of mode 0600. */
export type HttpServerAddress = SocketAddress | { readonly path: string };

/** What clients may use. Times are in milliseconds. */
export interface HttpServerLimits {
  /**
   * At the limit, a new connection ends those that have waited longest, if they had their `fairTime`, so that what a
   * client sends as it connects is read and answered even in a flood.
   */
  readonly connections: number;
  /** For a first request, and for its answer, before the connection may have to give way to a new one. */
  readonly fairTime: number;
  /** At this limit, a new connection ends the one that has waited longest in any case. */
  readonly burst: number;
  /** Max bytes of a request's line and headers. */
  readonly headerBytes: number;
  /** For a client to send a whole request. */
  readonly requestTime: number;
  /** For the answer and for the client to read it. */
  readonly answerTime: number;
  /** Until a connection without a further request is closed. */
  readonly idleTime: number;
  /** Max requests of one connection. */
  readonly requests: number;
}

/** A request without a body. */
export interface ReceivedRequest {
  /** As sent: `GET`. */
  readonly method: string;
  /** As sent: the path with its query. */
  readonly target: string;
  /** The value of a header field, whose name is in lower case. */
  header(name: string): string | undefined;
}

/** What is answered. */
export interface HttpServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Text, or UTF-8 in parts that other answers may have too. */
  readonly body: string | readonly Uint8Array[];
}

/** A body as it is sent. */
export function bodyParts({ body }: HttpServerAnswer): readonly Uint8Array[] {
  return typeof body === "string" ? [new TextEncoder().encode(body)] : body;
}

/** The number of bytes of a body. */
export function lengthOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

/** The parameters of a web server. */
export interface HttpServerOptions {
  readonly address: HttpServerAddress;
  readonly limits: HttpServerLimits;
  /** Only find out whether it could listen, as far as that shows without doing so. */
  readonly onlyChecks?: boolean;
  /** Called for each request. If it rejects, the answer is 500. */
  readonly answer: (request: ReceivedRequest) => Promise<HttpServerAnswer>;
}

/** A web server that listens. */
export interface HttpServer {
  /** With the port that the system chose for 0. */
  readonly address: HttpServerAddress;
  /** False once its unix socket is no longer at its path: removed, or replaced by something else. Never rejects. */
  isThere(): Promise<boolean>;
  /** Stops listening, removes the unix socket if it is still the same one, and ends all connections. Never rejects. */
  close(): Promise<void>;
}

/** Accepts connections on an address, whose port may be 0, from now on. */
export type AcceptStreams = (
  address: HttpServerAddress,
  onStream: (stream: Duplex) => void,
) => StreamAcceptor;

/** What accepts connections until it is closed. */
export interface StreamAcceptor {
  /** Undefined on a unix socket. */
  readonly port: number | undefined;
  close(): void;
}
