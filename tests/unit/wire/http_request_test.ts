/** Requests that a small server receives. */

import { HttpFormatError } from "../../../src/wire/http.ts";
import { parseHttpRequest } from "../../../src/wire/http_request.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

const parse = (text: string) => parseHttpRequest(new TextEncoder().encode(text));

Deno.test("a request is complete with its empty line, wherever the bytes are cut", () => {
  const text = "GET /status?a=b HTTP/1.1\r\nHost: stud\r\nAccept: a\r\naccept:  b \r\n\r\n";
  for (let cut = 0; cut < text.length; cut++) assertEquals(parse(text.slice(0, cut)), undefined);
  const request = parse(`${text}GET /next`)!;
  assertEquals([request.method, request.target, request.length], [
    "GET",
    "/status?a=b",
    text.length,
  ]);
  assertEquals([...request.headers], [["host", "stud"], ["accept", "a, b"]]);
  assertEquals([request.keepsAlive, request.hasBody], [true, false]);
});

Deno.test("who keeps the connection, and whether a body follows", () => {
  const cases = [
    ["GET / HTTP/1.1\r\nConnection: Close\r\n\r\n", false, false],
    ["GET / HTTP/1.0\r\n\r\n", false, false],
    ["GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true, false],
    ["POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", true, false],
    ["POST / HTTP/1.1\r\nContent-Length: 1\r\n\r\n", true, true],
    ["POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", true, true],
    ["POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", true, true],
    ["\r\n\r\nGET / HTTP/1.1\r\n\r\n", true, false],
  ] as const;
  for (const [text, keepsAlive, hasBody] of cases) {
    const request = parse(text)!;
    assertEquals([request.keepsAlive, request.hasBody], [keepsAlive, hasBody], text);
    assertEquals(request.length, text.length);
  }
});

Deno.test("what is no request, or could be read in two ways, is refused", () => {
  const cases = [
    "hello\r\n\r\n",
    "GET /\r\n\r\n",
    "GET / HTTP/2.0\r\n\r\n",
    "GET  / HTTP/1.1\r\n\r\n",
    "get / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\n Host: folded\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\nb: c\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: \x00\r\n\r\n",
    "GET /\x01 HTTP/1.1\r\n\r\n",
    "\x16\x03\x01\x02\x00\r\n\r\n",
  ];
  for (const text of cases) assertThrows(() => parse(text), HttpFormatError, undefined, text);
});
