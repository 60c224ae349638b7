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
 * Parses a response as its bytes arrive, each of them once, whatever the size of the parts. Its methods throw
 * {@linkcode HttpFormatError}. How many bytes there may be is its caller's concern.
 */
export class HttpAnswerParser {
  /** Of the header, until it is whole. */
  #head: Uint8Array = new Uint8Array();
  #interim = 0;
  #status = 0;
  #body: Body | undefined;

  /** Takes the next bytes; returns the response once it is whole. What follows it is ignored. */
  push(bytes: Uint8Array): HttpAnswer | undefined {
    let rest: Uint8Array | undefined = bytes;
    while (this.#body === undefined) {
      rest = this.#takeHead(rest);
      if (rest === undefined) return undefined;
    }
    return this.#body.take(rest) ? this.#answer(this.#body) : undefined;
  }

  /** The connection has ended; returns the response that lasts until then. */
  end(): HttpAnswer {
    if (this.#body === undefined) {
      throw new HttpFormatError("the connection was closed before an answer");
    }
    if (!this.#body.endsWithConnection) throw new HttpFormatError("the answer was cut short");
    return this.#answer(this.#body);
  }

  #answer({ bytes }: Body): HttpAnswer {
    return { status: this.#status, body: bytes.taken() };
  }

  /** Returns what follows a header that is whole. */
  #takeHead(bytes: Uint8Array): Uint8Array | undefined {
    const before = this.#head.length;
    const all = joinBytes(this.#head, bytes.subarray(0, MAX_HEAD - before));
    const end = indexOfBlankLine(all, Math.max(0, before - BLANK_LINE.length + 1));
    if (end < 0) {
      if (all.length >= MAX_HEAD) throw new HttpFormatError("its header has no end");
      this.#head = all;
      return undefined;
    }
    this.#head = new Uint8Array();
    this.#begin(latin1(all.subarray(0, end)).split("\r\n"));
    return bytes.subarray(end + BLANK_LINE.length - before);
  }

  #begin([first = "", ...lines]: readonly string[]): void {
    const status = Number(/^HTTP\/1\.[01] (\d{3})(?: |$)/.exec(first)?.[1] ?? NaN);
    if (Number.isNaN(status)) throw new HttpFormatError("the answer is not HTTP");
    // 100 (Continue) and similar responses come before the final one.
    if (status < 200) {
      if (++this.#interim > MAX_INTERIM) throw new HttpFormatError("its answer never comes");
      return;
    }
    this.#status = status;
    this.#body = bodyOf(parseHeaders(lines));
  }
}

function parseHeaders(lines: readonly string[]): ReadonlyMap<string, string> {
  return new Map(lines.map((line) => {
    const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (name === undefined) throw new HttpFormatError("its header is damaged");
    return [name.toLowerCase(), value!];
  }));
}

/** The content of a response, as it arrives. */
interface Body {
  readonly bytes: ByteSink;
  /** Whether it is whole when the connection ends, and only then. */
  readonly endsWithConnection: boolean;
  /** Returns whether it is whole. */
  take(bytes: Uint8Array): boolean;
}

function bodyOf(headers: ReadonlyMap<string, string>): Body {
  const coding = headers.get("transfer-encoding");
  const length = headers.get("content-length");
  if (coding !== undefined) {
    if (coding.toLowerCase() !== "chunked") throw new HttpFormatError(`its coding is ${coding}`);
    return new Chunks();
  }
  if (length !== undefined && !/^\d{1,9}$/.test(length)) {
    throw new HttpFormatError("its length is no number");
  }
  return new PlainBody(length === undefined ? Infinity : Number(length));
}

class PlainBody implements Body {
  readonly bytes = new ByteSink();
  readonly endsWithConnection: boolean;
  #left: number;

  constructor(length: number) {
    this.#left = length;
    this.endsWithConnection = length === Infinity;
  }

  take(bytes: Uint8Array): boolean {
    const ours = bytes.subarray(0, Math.min(bytes.length, this.#left));
    this.bytes.push(ours);
    this.#left -= ours.length;
    return this.#left === 0;
  }
}

/** RFC 9112 section 7.1. What follows the last chunk is ignored. */
class Chunks implements Body {
  readonly bytes = new ByteSink();
  readonly endsWithConnection = false;
  /** The line that says how long the next chunk is, until it is whole. */
  #line = "";
  /** Of this chunk, with the line's end behind it; 0 between chunks. */
  #left = 0;

  take(bytes: Uint8Array): boolean {
    for (let at = 0; at < bytes.length;) {
      if (this.#left === 0) {
        this.#line += String.fromCharCode(bytes[at++]!);
        if (this.#line.endsWith("\r\n")) {
          const length = this.#nextLength();
          if (length === 0) return true;
          this.#left = length + LINE_END;
        } else if (this.#line.length === MAX_CHUNK_LINE) throw damagedChunks();
        continue;
      }
      const part = bytes.subarray(at, at + this.#left);
      this.bytes.push(part.subarray(0, Math.max(0, this.#left - LINE_END)));
      this.#left -= part.length;
      at += part.length;
    }
    return false;
  }

  #nextLength(): number {
    const size = /^[0-9a-f]{1,6}(?=\s*(?:;|\r))/i.exec(this.#line);
    if (size === null) throw damagedChunks();
    this.#line = "";
    return parseInt(size[0], 16);
  }
}

function damagedChunks(): HttpFormatError {
  return new HttpFormatError("its chunks are damaged");
}

/** Bytes that arrive in parts, however small, in one array that grows by doubling. */
class ByteSink {
  #space = new Uint8Array(MIN_SPACE);
  #length = 0;

  push(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#space.length) {
      const larger = new Uint8Array(Math.max(length, 2 * this.#space.length));
      larger.set(this.taken());
      this.#space = larger;
    }
    this.#space.set(bytes, this.#length);
    this.#length = length;
  }

  taken(): Uint8Array {
    return this.#space.subarray(0, this.#length);
  }
}

/** Where the blank line is, from an index on; -1: nowhere. */
function indexOfBlankLine(bytes: Uint8Array, from: number): number {
  for (
    let at = bytes.indexOf(BLANK_LINE[0]!, from);
    at >= 0;
    at = bytes.indexOf(BLANK_LINE[0]!, at + 1)
  ) {
    if (BLANK_LINE.every((byte, index) => bytes[at + index] === byte)) return at;
  }
  return -1;
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

/** What ends a header. */
const BLANK_LINE = [13, 10, 13, 10];
/** Bytes. */
const MAX_HEAD = 16 << 10;
const MAX_CHUNK_LINE = 256;
const LINE_END = 2;
const MIN_SPACE = 4 << 10;
/** Interim responses before the final one. */
const MAX_INTERIM = 8;
