/** Lines and counted bytes out of a stream, from any fragmentation, and never more kept than may be. */

import fc from "fast-check";
import {
  LineReader,
  type LineReaderOptions,
  LineTooLongError,
} from "../../../src/control/line_reader.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";

/** Bytes in pieces that end at these places. */
function inPieces(bytes: Uint8Array, cuts: readonly number[]): ReadableStream<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let from = 0;
  for (const cut of [...cuts, bytes.length]) {
    pieces.push(bytes.slice(from, cut));
    from = cut;
  }
  return ReadableStream.from(pieces);
}

async function linesOf(
  bytes: Uint8Array,
  cuts: readonly number[],
  options?: LineReaderOptions,
): Promise<string[]> {
  const reader = new LineReader(inPieces(bytes, cuts), options);
  const lines: string[] = [];
  for (let line; (line = await reader.line()) !== undefined;) lines.push(line);
  return lines;
}

const everyByte = (bytes: Uint8Array) => Array.from(bytes, (_, index) => index);
const encode = (text: string) => new TextEncoder().encode(text);
const places = (cuts: readonly number[], length: number) =>
  cuts.map((cut) => cut % (length + 1)).sort((a, b) => a - b);

Deno.test("line() finds lines in bytes that come one by one", async () => {
  const bytes = encode("eins\n\nzwei — drei 🦕\nlast");
  const expected = ["eins", "", "zwei — drei 🦕", "last"];
  assertEquals(await linesOf(bytes, everyByte(bytes)), expected);
  assertEquals(await linesOf(bytes, []), expected);
});

Deno.test("line() gives no line after a final newline, and none for nothing", async () => {
  assertEquals(await linesOf(encode("a\n"), []), ["a"]);
  assertEquals(await linesOf(encode("\n"), []), [""]);
  assertEquals(await linesOf(encode(""), []), []);
});

Deno.test("line() gives the same lines for any fragmentation", async () => {
  const texts = fc.array(fc.string({ unit: "grapheme" }), { maxLength: 6 });
  await fc.assert(fc.asyncProperty(texts, fc.array(fc.nat()), async (parts, cuts) => {
    const lines = parts.map((part) => part.replaceAll("\n", " "));
    const bytes = encode(lines.map((line) => `${line}\n`).join(""));
    assertEquals(await linesOf(bytes, places(cuts, bytes.length)), lines);
  }));
});

Deno.test("line() copies each byte a few times, in however many pieces a line comes", async () => {
  const bytes = new Uint8Array(4 << 20).fill("x".charCodeAt(0));
  const cuts = Array.from({ length: bytes.length / 4096 - 1 }, (_, index) => (index + 1) * 4096);
  const { set } = Uint8Array.prototype;
  let copied = 0;
  Uint8Array.prototype.set = function (source: ArrayLike<number>, offset?: number) {
    copied += source.length;
    set.call(this, source, offset);
  };
  try {
    const [line] = await linesOf(bytes, cuts);
    assertEquals(line?.length, bytes.length);
  } finally {
    Uint8Array.prototype.set = set;
  }
  // Copying all of it again for each piece would copy each byte 512 times on average.
  assert(copied < 4 * bytes.length, `${copied} bytes were copied for a line of ${bytes.length}`);
});

Deno.test("line() refuses a line that is longer than the limit, in whatever pieces", async () => {
  const fits = encode(`${"x".repeat(10)}\n${"y".repeat(10)}`);
  const long = encode(`ok\n${"x".repeat(11)}\n`);
  for (const cuts of [[], everyByte(fits)]) {
    assertEquals((await linesOf(fits, cuts, { limit: 10 })).length, 2);
    const error = await assertRejects(
      () => linesOf(long, cuts, { limit: 10 }),
      LineTooLongError,
    );
    assertEquals(error.message, "a line of more than 10 bytes");
  }
});

Deno.test("line() reads no more of an endless line than the limit and a piece", async () => {
  let given = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      given += 1_000;
      controller.enqueue(new Uint8Array(1_000).fill(65));
    },
  }, { highWaterMark: 0 });
  await assertRejects(() => new LineReader(endless, { limit: 10_000 }).line(), LineTooLongError);
  assertEquals(given, 11_000);
});

Deno.test("line() gives a long line in pieces where that is wanted, and nothing is lost", async () => {
  const texts = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 });
  await fc.assert(fc.asyncProperty(texts, fc.array(fc.nat()), async (parts, cuts) => {
    const text = parts.map((part) => String.fromCharCode(...part.map((byte) => byte & 0x7f)))
      .join("");
    const bytes = encode(text);
    const lines = await linesOf(bytes, places(cuts, bytes.length), { limit: 7, inPieces: true });
    assert(lines.every((line) => line.length <= 7));
    assertEquals(lines.join(""), text.replaceAll("\n", ""));
  }));
});

Deno.test("bytes() gives what follows a line, and overwrites where it came from", async () => {
  const text = encode("first\nSECRETsecond\n");
  for (const cut of everyByte(text)) {
    const pieces = [text.slice(0, cut), text.slice(cut)];
    const reader = new LineReader(ReadableStream.from(pieces));
    assertEquals(await reader.line(), "first");
    assertEquals(new TextDecoder().decode(await reader.bytes(6)), "SECRET");
    assertEquals(await reader.line(), "second");
    const left = new TextDecoder().decode(new Uint8Array([...pieces[0]!, ...pieces[1]!]));
    assertEquals(left, "first\n\0\0\0\0\0\0second\n");
  }
  assertEquals(await new LineReader(ReadableStream.from([encode("abc")])).bytes(4), undefined);
});
