/**
 * Requests of HTTP/1.1 without a body (RFC 9112), as a small server receives them. It accepts less than the RFC allows:
 * what two readers could take differently is refused.
 */

import { HttpFormatError } from "./http.ts";

/** A request's first line and headers. */
export interface HttpRequestHead {
  /** As sent: `GET`. */
  readonly method: string;
  /** As sent: the path with its query. */
  readonly target: string;
  /** By name in lower case. A name that is given several times has its values joined by `, `. */
  readonly headers: ReadonlyMap<string, string>;
  /** Whether the client keeps the connection for further requests. */
  readonly keepsAlive: boolean;
  /** Whether a body follows. */
  readonly hasBody: boolean;
  /** The number of bytes that it takes. */
  readonly length: number;
}

/**
 * Parses the request at the beginning of what a client has sent so far; undefined if more is needed. Empty lines before
 * it are skipped. Throws {@linkcode HttpFormatError}.
 */
export function parseHttpRequest(bytes: Uint8Array): HttpRequestHead | undefined {
  const text = new TextDecoder("latin1").decode(bytes);
  const begin = /^(\r\n)*/.exec(text)![0].length;
  const end = text.indexOf("\r\n\r\n", begin);
  if (end < 0) return undefined;
  const [first = "", ...lines] = text.slice(begin, end).split("\r\n");
  const [, method, target, minor] = /^([A-Z]{1,20}) ([!-~]+) HTTP\/1\.([01])$/.exec(first) ?? [];
  if (method === undefined) throw new HttpFormatError("this is no request of HTTP/1.1");
  const headers = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = HEADER.exec(line) ?? [];
    if (name === undefined) throw new HttpFormatError("a header is damaged");
    const known = headers.get(name.toLowerCase());
    if (known !== undefined && ONCE.includes(name.toLowerCase())) {
      throw new HttpFormatError(`the header ${name} is given twice`);
    }
    headers.set(name.toLowerCase(), known === undefined ? value! : `${known}, ${value}`);
  }
  const asked = (headers.get("connection") ?? "").toLowerCase().split(/\s*,\s*/);
  const length = headers.get("content-length") ?? "0";
  return {
    ...{ method, target: target!, headers, length: end + 4 },
    keepsAlive: !asked.includes("close") && (minor === "1" || asked.includes("keep-alive")),
    hasBody: headers.has("transfer-encoding") || !/^0+$/.test(length),
  };
}

/** A name of RFC 9110 section 5.6.2, and a value without control characters. */
// deno-lint-ignore no-control-regex
const HEADER = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\x00-\x08\x0a-\x1f\x7f]*?)[ \t]*$/;
const ONCE = ["host", "content-length", "transfer-encoding", "origin"];
