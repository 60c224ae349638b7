/** Headers before handshakes, from sources that fill buffers and from those that lend octets. */

import { PeerError } from "../../../src/errors.ts";
import { NothingSent } from "../../../src/tls/handshake_end.ts";
import { readProxyHeader, type Source } from "../../../src/tls/read_proxy_header.ts";
import { LONGEST_PROXY_HEADER } from "../../../src/wire/proxy_header.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeStream } from "../../support/fake_stream.ts";

const octetsOf = (text: string) => new TextEncoder().encode(text);
const LINE = octetsOf("PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n");
const CLIENT = { host: "198.51.100.7", port: 56_324 };
const HELLO = octetsOf("the handshake of the client");
const LONG = new Uint8Array(LONGEST_PROXY_HEADER);
LONG.set([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x20, 0, 0x3f, 0xf0]);

const SPACE = new Uint8Array(64 << 10);

/** Buffers on their way to others. */
const lent: Promise<unknown>[] = [];

/** A test that waits for them. */
function test(name: string, run: () => Promise<void>): void {
  Deno.test(name, async () => {
    await run();
    await Promise.all(lent.splice(0));
  });
}

/** The ways that octets come in. A lent buffer is another's as soon as it was looked at. */
const SOURCES: Readonly<Record<string, (stream: FakeStream) => Source>> = {
  "read": (stream) => ({ read: (into) => stream.read(into) }),
  "lent": (stream) => ({
    read: () => Promise.reject(new Error("it lends")),
    async lend() {
      const count = await stream.read(SPACE);
      if (count === null) return null;
      const bytes = SPACE.slice(0, count);
      lent.push(new Promise<void>((resolve) => setTimeout(resolve)).then(() => void bytes.fill(0)));
      return bytes;
    },
  }),
};

/** All that a source has to give. */
async function drain(source: Source): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const part = source.lend === undefined ? await readPart(source) : await source.lend();
    if (part === null) return text;
    text += decoder.decode(part, { stream: true });
  }
}

async function readPart(source: Source): Promise<Uint8Array | null> {
  const buffer = new Uint8Array(4 << 10);
  const count = await source.read(buffer);
  return count === null ? null : buffer.subarray(0, count);
}

for (const [how, sourceOf] of Object.entries(SOURCES)) {
  test(`readProxyHeader() separates header and handshake wherever they are split, ${how}`, async () => {
    const whole = Uint8Array.of(...LINE, ...HELLO);
    for (let at = 0; at <= whole.length; at++) {
      const stream = new FakeStream();
      for (const part of [whole.subarray(0, at), whole.subarray(at)]) {
        if (part.length > 0) stream.deliver(part);
      }
      stream.end();
      const { header, client, rest } = await readProxyHeader(sourceOf(stream));
      assertEquals([header, client], [LINE, CLIENT]);
      // A turn in which what was lent becomes another's.
      await Promise.all(lent);
      assertEquals(await drain(rest), new TextDecoder().decode(HELLO), `split at ${at}`);
    }
  });

  test(`readProxyHeader() takes the longest header, byte by byte too, ${how}`, async () => {
    for (const longestRead of [Infinity, 1_000, 1]) {
      const stream = new FakeStream();
      stream.longestRead = longestRead;
      stream.deliver(Uint8Array.of(...LONG, ...HELLO));
      stream.end();
      const { header, rest } = await readProxyHeader(sourceOf(stream));
      assertEquals(header, LONG);
      assertEquals(await drain(rest), new TextDecoder().decode(HELLO));
    }
  });

  test(`readProxyHeader() says what came instead, ${how}`, async () => {
    const stream = new FakeStream();
    stream.deliver("GET / HTTP/1.1\r\n");
    const fault = await assertRejects(() => readProxyHeader(sourceOf(stream)), PeerError);
    assertEquals([fault.party, fault.kind], ["client", "handshake"]);
    assertEquals(fault.message, "no PROXY header");
    assertEquals(fault.detail, 'it sent "GET / HTTP/1.1\\x0d\\x0a"');
  });

  test(`readProxyHeader() rejects at the end, and with the source, ${how}`, async () => {
    const ended = new FakeStream();
    ended.deliver(LINE.subarray(0, 20));
    ended.end();
    const fault = await assertRejects(() => readProxyHeader(sourceOf(ended)), PeerError);
    assertEquals(fault.kind, "closed");
    const broken = new FakeStream();
    const error = new Error("broken");
    broken.fail(error);
    const { cause } = await assertRejects(() => readProxyHeader(sourceOf(broken)), NothingSent);
    assert(cause === error);
    const silent = new FakeStream();
    silent.end();
    await assertRejects(() => readProxyHeader(sourceOf(silent)), NothingSent);
  });
}

test("readProxyHeader() reads little beyond the header, so that one read takes the rest", async () => {
  const stream = new FakeStream();
  stream.deliver(Uint8Array.of(...LINE, ...new Uint8Array(10_000).fill(120)));
  const { rest } = await readProxyHeader(SOURCES.read!(stream));
  assertEquals(stream.taken, 1_024);
  assertEquals(await rest.read(new Uint8Array(4 << 10)), 1_024 - LINE.length);
});
