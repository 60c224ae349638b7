/** Control messages as lines, taken apart again from any fragmentation. */

import fc from "fast-check";
import { decodeMessage, messageLine, readLines } from "../../../src/control/message_lines.ts";
import type { WorkerMessage } from "../../../src/control/messages.ts";
import { assertEquals } from "../../support/assert.ts";

/** The lines of octets that arrive in the given pieces. */
async function linesOf(octets: Uint8Array, cuts: readonly number[]): Promise<string[]> {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const cut of [...cuts, octets.length]) {
    pieces.push(octets.subarray(from, cut));
    from = cut;
  }
  return await Array.fromAsync(readLines(ReadableStream.from(pieces)));
}

const everyOctet = (octets: Uint8Array) => Array.from(octets, (_, index) => index);
const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("messageLine() is one line, whatever the message holds", () => {
  const line = messageLine({ type: "log", level: "info", text: "a\nb\r\u2028\0" } as WorkerMessage);
  assertEquals(line.split("\n").length, 2);
  assertEquals(line.endsWith("\n"), true);
  assertEquals(decodeMessage<WorkerMessage>(line), {
    ...{ type: "log", level: "info", text: "a\nb\r\u2028\0" },
  } as WorkerMessage);
});

Deno.test("readLines() finds lines in octets that come one by one", async () => {
  const octets = encode("eins\n\nzwei — drei 🦕\nlast");
  const expected = ["eins", "", "zwei — drei 🦕", "last"];
  assertEquals(await linesOf(octets, everyOctet(octets)), expected);
  assertEquals(await linesOf(octets, []), expected);
});

Deno.test("readLines() gives no line after a final newline, and none for nothing", async () => {
  assertEquals(await linesOf(encode("a\n"), []), ["a"]);
  assertEquals(await linesOf(encode("\n"), []), [""]);
  assertEquals(await linesOf(encode(""), []), []);
});

Deno.test("readLines() gives the same lines for any fragmentation", async () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 6 });
  await fc.assert(fc.asyncProperty(texts, fc.array(fc.nat()), async (parts, cuts) => {
    const lines = parts.map((part) => part.replaceAll("\n", " "));
    const octets = encode(lines.map((line) => `${line}\n`).join(""));
    const places = cuts.map((cut) => cut % (octets.length + 1)).sort((a, b) => a - b);
    // A byte order mark at the start belongs to no message.
    const expected = lines.map((line, index) => index === 0 ? line.replace(/^\uFEFF/, "") : line);
    assertEquals(await linesOf(octets, places), expected);
  }));
});

Deno.test("readLines() takes a line of 32 MiB in small pieces about as fast as in one", async () => {
  const octets = new Uint8Array(32 << 20).fill("x".charCodeAt(0));
  const cuts = Array.from({ length: 8191 }, (_, index) => (index + 1) * 4096);
  const started = performance.now();
  const [line] = await linesOf(octets, cuts);
  assertEquals(line?.length, octets.length);
  // Looking at all of it again for each piece takes minutes.
  assertEquals(performance.now() - started < 10_000, true);
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
