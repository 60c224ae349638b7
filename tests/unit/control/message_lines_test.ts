/** Control messages as lines, taken apart again from any fragmentation. */

import fc from "fast-check";
import { decodeMessage, messageLine, readRequests } from "../../../src/control/message_lines.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("messageLine() is one line, whatever the message holds", () => {
  const line = messageLine({ ...{ type: "log", level: "info", text: "a\nb\r\u2028\0" } });
  assertEquals(line.split("\n").length, 2);
  assertEquals(line.endsWith("\n"), true);
  assertEquals(decodeMessage(line), {
    ...{ type: "log", level: "info", text: "a\nb\r\u2028\0" },
  });
});

Deno.test("decodeMessage() gives back what messageLine() made", () => {
  fc.assert(fc.property(fc.string(), fc.jsonValue(), (type, content) => {
    const message = JSON.parse(JSON.stringify({ type, content }));
    assertEquals(decodeMessage(messageLine(message)), message);
  }));
});

Deno.test("decodeMessage() knows what is no message", () => {
  for (const line of ["", "panic!", "{", "null", "1", '"type"', "[]", '{"text":"a"}']) {
    assertEquals(decodeMessage(line), undefined, line);
  }
});

Deno.test("readRequests() gives what is asked, and has refused what it does not know", async () => {
  const lines = [
    { type: "commit", id: 1, version: 2, more: true },
    { type: "shell", id: 2, command: "id" },
    { type: "toString", id: 3 },
    { type: "commit", id: 4, version: -1 },
    { type: "drain", id: 5, seconds: null, successors: false },
    { type: "ping" },
    { type: "ping", id: 6 },
  ].map((line) => `${JSON.stringify(line)}\n`);
  const bytes = new TextEncoder().encode(`noise\n${lines.join("")}`);
  const refused: [number, string][] = [];
  const requests = readRequests(
    ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte))),
    (id, fault) => refused.push([id, fault]),
  );
  assertEquals(await Array.fromAsync(requests), [
    { type: "commit", id: 1, version: 2 },
    { type: "ping", id: 6 },
  ]);
  assertEquals(refused, [
    [2, "a request of an unknown kind"],
    [3, "a request of an unknown kind"],
    [4, "commit.version is not a whole number up to 9007199254740991"],
    [5, "drain.seconds is not a length of time"],
  ]);
});
