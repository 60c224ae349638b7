/** Requests and answers of HTTP, octet by octet. */

import { encodeHttpRequest, HttpFormatError, parseHttpAnswer } from "../../../src/wire/http.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
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
  Deno.test(`parseHttpAnswer() reads an answer ${what} as soon as it is there`, () => {
    const all = bytes(answer);
    const least = Array.from(all, (_, length) => length)
      .find((length) => parseHttpAnswer(all.subarray(0, length), false) !== undefined) ??
      all.length;
    const { status: found, body: read } = parseHttpAnswer(all.subarray(0, least), false)!;
    assertEquals([found, text(read)], [status, body]);
    // Only the end of the chunks is of no interest.
    assertEquals(all.length - least <= 2, true);
    for (let length = 0; length < least; length++) {
      assertThrows(() => parseHttpAnswer(all.subarray(0, length), true), HttpFormatError);
    }
  });
}

Deno.test("parseHttpAnswer() takes what comes until the end where no length is given", () => {
  const all = bytes("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nabc");
  assertEquals(parseHttpAnswer(all, false), undefined);
  assertEquals(text(parseHttpAnswer(all, true)!.body), "abc");
});

Deno.test("parseHttpAnswer() says what is wrong", () => {
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
    assertThrows(() => parseHttpAnswer(bytes(answer!), false), HttpFormatError, message);
  }
});
