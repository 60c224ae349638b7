/**
 * One request to a web server and its answer, over a separate connection. It is the same under Deno and Node. It does
 * not use `fetch`, which keeps connections and has no timeout for connecting.
 */

import { lookup } from "node:dns/promises";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { deferred } from "../deferred.ts";
import { encodeHttpRequest, type HttpAnswer, HttpAnswerParser } from "../wire/http.ts";
import { codeOf } from "./node/facts.ts";
import type { HttpRequest } from "./runtime.ts";

/** {@linkcode Network.request} of every platform. */
export async function httpExchange(request: HttpRequest): Promise<HttpAnswer> {
  const { url, timeout, cancellation } = request;
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Error(`${url.protocol} is neither http: nor https:`);
  }
  const exchange = new Exchange(request);
  const timer = setTimeout(() => exchange.fail(`no answer within ${seconds(timeout)}`), timeout);
  cancellation.onCancel = () => exchange.fail("cancelled");
  try {
    return await Promise.race([exchange.run(), exchange.failed]);
  } finally {
    clearTimeout(timer);
    cancellation.onCancel = undefined;
    exchange.end();
  }
}

class Exchange {
  readonly #request: HttpRequest;
  readonly #failure = deferred<never>();
  #socket: Socket | undefined;
  #over = false;

  constructor(request: HttpRequest) {
    this.#request = request;
    this.failed.catch(() => {}); // It may fail after the last caller has stopped waiting.
  }

  get failed(): Promise<never> {
    return this.#failure.promise;
  }

  fail(reason: string): void {
    this.#over = true;
    this.#failure.reject(new Error(reason));
  }

  end(): void {
    this.#over = true;
    this.#socket?.destroy();
  }

  async run(): Promise<HttpAnswer> {
    const host = this.#request.url.hostname.replace(/^\[(.*)\]$/, "$1");
    const { socketPath } = this.#request;
    const socket = await this.#connect(host, socketPath ? [""] : await addresses(host));
    const answer = receive(socket, this.#request.limit);
    socket.write(encodeHttpRequest(this.#request));
    return await answer;
  }

  async #connect(host: string, all: readonly string[]): Promise<Socket> {
    let last: unknown;
    for (const address of all) {
      if (this.#over) break;
      try {
        return await this.#connectTo(host, address);
      } catch (error) {
        last = error;
      }
    }
    throw last;
  }

  #connectTo(host: string, address: string): Promise<Socket> {
    const { url, socketPath, connectTimeout } = this.#request;
    const isTls = url.protocol === "https:" && socketPath === undefined;
    const port = Number(url.port || (isTls ? 443 : 80));
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = isTls
      ? connectTls({ host: address, port, ...name, ALPNProtocols: ["http/1.1"] })
      : connectTcp(socketPath === undefined ? { host: address, port } : { path: socketPath });
    this.#socket = socket;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        settle(() => reject(new Error(`no connection within ${seconds(connectTimeout)}`)));
        socket.destroy();
      }, connectTimeout);
      const settle = (how: () => void) => {
        clearTimeout(timer);
        how();
      };
      socket.once(isTls ? "secureConnect" : "connect", () => settle(() => resolve(socket)));
      // An error without a listener would end the process, so this listener stays.
      socket.on("error", (error) => settle(() => reject(failure(error))));
      socket.once("close", () => settle(() => reject(new Error("the connection was closed"))));
    });
  }
}

function receive(socket: Socket, limit: number): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const parser = new HttpAnswerParser();
    let received = 0;
    const settle = (parse: () => HttpAnswer | undefined) => {
      try {
        const answer = parse();
        if (answer !== undefined) resolve(answer);
      } catch (error) {
        reject(error);
        socket.destroy();
      }
    };
    socket.on("data", (part: Uint8Array) =>
      settle(() => {
        received += part.length;
        if (received > limit) throw new Error(`the answer is longer than ${limit} bytes`);
        return parser.push(part);
      }));
    socket.on("end", () => settle(() => parser.end()));
    socket.on("error", (error) => reject(failure(error)));
    socket.on("close", () => reject(new Error("the connection was closed")));
  });
}

async function addresses(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    return [...new Set((await lookup(host, { all: true })).map(({ address }) => address))];
  } catch (error) {
    throw new Error(`the host name ${host} cannot be resolved`, { cause: error });
  }
}

function failure(error: Error): Error {
  return new Error(REASONS[codeOf(error) ?? ""] ?? error.message, { cause: error });
}

function seconds(milliseconds: number): string {
  return `${milliseconds / 1000} s`;
}

/** By errno(3). */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: "connection refused",
  ECONNRESET: "connection reset",
  EPIPE: "connection reset",
  EHOSTUNREACH: "no route to host",
  ENETUNREACH: "network unreachable",
  ETIMEDOUT: "connection timed out",
};
