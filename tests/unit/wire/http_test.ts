/** Requests and answers of HTTP, octet by octet. */

import {
  encodeHttpRequest,
  type HttpAnswer,
  HttpAnswerParser,
  HttpFormatError,
} from "../../../src/wire/http.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
/** Parses what has arrived; `ended`: that is all. */
function parse(bytes: Uint8Array, ended: boolean): HttpAnswer | undefined {
  const parser = new HttpAnswerParser();
  return parser.push(bytes) ?? (ended ? parser.end() : undefined);
}
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

Deno.test("encodeHttpRequest() writes a request that ends the connection", () => {
  const url = new URL("http://example.org:8080/ocsp?a=b");
  assertEquals(
    text(encodeHttpRequest({ method: "GET", url, headers: { Accept: "x/y" } })),
    "GET /ocsp?a=b HTTP/1.1\r\nHost: example.org:8080\r\nAccept: x/y\r\nConnection: close\r\n\r\n",
  );
  assertEquals(
    text(encodeHttpRequest({ method: "POST", url, headers: {}, body: bytes("body") })),
    "POST /ocsp?a=b HTTP/1.1\r\nHost: example.org:8080\r\nContent-Length: 4\r\n" +
      "Connection: close\r\n\r\nbody",
  );
});

for (
  const [what, answer, status, body] of [
    ["of a known length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", 200, "abc"],
    ["without a reason", "HTTP/1.0 404\r\ncontent-length:0\r\n\r\n", 404, ""],
    [
      "in chunks",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
      200,
      "abc",
    ],
    [
      "after an interim one",
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
      200,
      "a",
    ],
  ] as const
) {
  Deno.test(`HttpAnswerParser reads an answer ${what} as soon as it is there`, () => {
    const all = bytes(answer);
    const least = Array.from(all, (_, length) => length)
      .find((length) => parse(all.subarray(0, length), false) !== undefined) ??
      all.length;
    const { status: found, body: read } = parse(all.subarray(0, least), false)!;
    assertEquals([found, text(read)], [status, body]);
    // Only the end of the chunks is of no interest.
    assertEquals(all.length - least <= 2, true);
    for (let length = 0; length < least; length++) {
      assertThrows(() => parse(all.subarray(0, length), true), HttpFormatError);
    }
  });
}

Deno.test("HttpAnswerParser takes what comes until the end where no length is given", () => {
  const all = bytes("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nabc");
  assertEquals(parse(all, false), undefined);
  assertEquals(text(parse(all, true)!.body), "abc");
});

Deno.test("HttpAnswerParser says what is wrong", () => {
  const head = "HTTP/1.1 200 OK\r\n";
  for (
    const [answer, message] of [
      ["SSH-2.0-x\r\n\r\n", "the answer is not HTTP"],
      ["HTTP/2 200\r\n\r\n", "the answer is not HTTP"],
      [`${head}no header\r\n\r\n`, "its header is damaged"],
      [`${head}Content-Length: -1\r\n\r\n`, "its length is no number"],
      [`${head}Transfer-Encoding: gzip\r\n\r\n`, "its coding is gzip"],
      [`${head}Transfer-Encoding: chunked\r\n\r\nxyz\r\n`, "its chunks are damaged"],
      [`${head}Transfer-Encoding: chunked\r\n\r\n${"1".repeat(300)}`, "its chunks are damaged"],
      [`${head}X: ${"x".repeat(20_000)}`, "its header has no end"],
    ]
  ) {
    assertThrows(() => parse(bytes(answer!), false), HttpFormatError, message);
  }
});

Deno.test("HttpAnswerParser reads the same in parts of any size, the smallest chunks too", () => {
  const chunks = Array.from("x".repeat(3_000), (byte) => `1\r\n${byte}\r\n`).join("");
  const interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n".repeat(8);
  const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const all = bytes(`${interim}${head}${chunks}0\r\n\r\n`);
  for (const size of [1, 2, 3, 7, 1_000, all.length]) {
    const parser = new HttpAnswerParser();
    let answer: HttpAnswer | undefined;
    for (let at = 0; at < all.length && answer === undefined; at += size) {
      answer = parser.push(all.subarray(at, at + size));
    }
    assertEquals([answer?.status, answer && text(answer.body)], [200, "x".repeat(3_000)]);
  }
});

Deno.test("HttpAnswerParser gives up on interim responses without end", () => {
  const parser = new HttpAnswerParser();
  const flood = bytes("HTTP/1.1 100 C\r\n\r\n".repeat(5_000));
  assertThrows(() => parser.push(flood), HttpFormatError, "its answer never comes");
});
