/**
 * HTTP/1.1 (RFC 9112) as far as one request and its response need it. The request asks to close the connection. The
 * response has a known length, comes in chunks, or lasts until the connection ends.
 */

import { joinBytes } from "./bytes.ts";

/** A request. */
export interface HttpQuestion {
  readonly method: "GET" | "POST";
  readonly url: URL;
  /** Names and values. */
  readonly headers: Readonly<Record<string, string>>;
  /** For POST. */
  readonly body?: Uint8Array;
}

/** A response with any status. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** Thrown for bytes that are not a response; the message says what they are instead. */
export class HttpFormatError extends Error {
  override readonly name = "HttpFormatError";
}

/** The bytes of a request. */
export function encodeHttpRequest({ method, url, headers, body }: HttpQuestion): Uint8Array {
  const all = {
    Host: url.host,
    ...headers,
    ...body === undefined ? {} : { "Content-Length": String(body.length) },
    Connection: "close",
  };
  const head = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    ...Object.entries(all).map(([name, value]) => `${name}: ${value}`),
    "",
    "",
  ].join("\r\n");
  return joinBytes(new TextEncoder().encode(head), body ?? new Uint8Array());
}

/**
 * Parses a response from all bytes received so far; undefined if more are needed. `ended` means that no more will come.
 * Throws {@linkcode HttpFormatError}.
 */
export function parseHttpAnswer(bytes: Uint8Array, ended: boolean): HttpAnswer | undefined {
  const text = latin1(bytes.subarray(0, MAX_HEAD));
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) {
    if (bytes.length >= MAX_HEAD) throw new HttpFormatError("its header has no end");
    if (ended) throw new HttpFormatError("the connection was closed before an answer");
    return undefined;
  }
  const [first = "", ...lines] = text.slice(0, end).split("\r\n");
  const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1] ?? NaN);
  if (Number.isNaN(status)) throw new HttpFormatError("the answer is not HTTP");
  const rest = bytes.subarray(end + 4);
  // 100 (Continue) and similar responses come before the final one.
  if (status < 200) return parseHttpAnswer(rest, ended);
  const body = answerBody(new Headers(lines), rest, ended);
  return body && { status, body };
}

class Headers {
  readonly #values = new Map<string, string>();

  constructor(lines: readonly string[]) {
    for (const line of lines) {
      const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? [];
      if (name === undefined) throw new HttpFormatError("its header is damaged");
      this.#values.set(name.toLowerCase(), value!);
    }
  }

  value(name: string): string | undefined {
    return this.#values.get(name);
  }
}

function answerBody(headers: Headers, rest: Uint8Array, ended: boolean): Uint8Array | undefined {
  const coding = headers.value("transfer-encoding");
  const length = headers.value("content-length");
  let body: Uint8Array | undefined;
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked") throw new HttpFormatError(`its coding is ${coding}`);
    body = chunks(rest);
  } else if (length === undefined) {
    return ended ? rest : undefined;
  } else {
    if (!/^\d{1,9}$/.test(length)) throw new HttpFormatError("its length is no number");
    if (rest.length >= Number(length)) body = rest.subarray(0, Number(length));
  }
  if (body === undefined && ended) throw new HttpFormatError("the answer was cut short");
  return body;
}

/** Undefined until the last chunk has arrived; what follows it is ignored. */
function chunks(bytes: Uint8Array): Uint8Array | undefined {
  const parts: Uint8Array[] = [];
  for (let at = 0;;) {
    const line = latin1(bytes.subarray(at, at + MAX_CHUNK_LINE));
    const end = line.indexOf("\r\n");
    if (end < 0) {
      if (line.length === MAX_CHUNK_LINE) throw new HttpFormatError("its chunks are damaged");
      return undefined;
    }
    const size = /^[0-9a-f]{1,6}(?=\s*(?:;|$))/i.exec(line.slice(0, end));
    if (size === null) throw new HttpFormatError("its chunks are damaged");
    const length = parseInt(size[0], 16);
    if (length === 0) return joinBytes(...parts);
    const start = at + end + 2;
    if (bytes.length < start + length + 2) return undefined;
    parts.push(bytes.subarray(start, start + length));
    at = start + length + 2;
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** Bytes. */
const MAX_HEAD = 16 << 10;
const MAX_CHUNK_LINE = 256;
