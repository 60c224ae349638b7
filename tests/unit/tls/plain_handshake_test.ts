/** Hellos that come whole, in pieces, or not at all, from both kinds of sources. */

import { PeerError } from "../../../src/errors.ts";
import { NothingSent } from "../../../src/tls/handshake_end.ts";
import { lentClientHello, plainAlert, readClientHello } from "../../../src/tls/plain_handshake.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FRESH } from "../../support/hello_samples.ts";

/** Lends the pieces, in one buffer that the next piece overwrites, and then the end. */
function lender(pieces: readonly Uint8Array[]) {
  const shared = new Uint8Array(64 << 10);
  const left = [...pieces];
  return {
    lend(): Promise<Uint8Array | null> {
      const piece = left.shift();
      if (piece === undefined) return Promise.resolve(null);
      shared.fill(0xff);
      shared.set(piece);
      return Promise.resolve(shared.subarray(0, piece.length));
    },
  };
}

/** Fills the reader's buffer with as much of the octets as `most` allows. */
function reader(bytes: Uint8Array, most: number) {
  let at = 0;
  return {
    read(into: Uint8Array): Promise<number | null> {
      if (at === bytes.length) return Promise.resolve(null);
      const part = bytes.subarray(at, at + Math.min(most, into.length));
      into.set(part);
      at += part.length;
      return Promise.resolve(part.length);
    },
  };
}

function cut(bytes: Uint8Array, size: number): Uint8Array[] {
  return Array.from(
    { length: Math.ceil(bytes.length / size) },
    (_, at) => bytes.slice(at * size, (at + 1) * size),
  );
}

Deno.test("lentClientHello() keeps what was lent before, however the hello is cut", async () => {
  for (const size of [1, 7, 100, FRESH.length]) {
    const { verdict, bytes } = await lentClientHello(lender(cut(FRESH, size)));
    assert(verdict.kind === "hello", `${size}`);
    assertEquals([...bytes], [...FRESH]);
  }
});

Deno.test("readClientHello() makes room for a hello that its buffer is too small for", async () => {
  for (const most of [1, 100, FRESH.length]) {
    const { verdict, bytes } = await readClientHello(reader(FRESH, most), new Uint8Array(64));
    assert(verdict.kind === "hello", `${most}`);
    assertEquals([...bytes], [...FRESH]);
  }
});

Deno.test("a hello that is no TLS is refused with its alert, and none at all is the client's leaving", async () => {
  const http = new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n");
  const { verdict } = await lentClientHello(lender([http]));
  assert(verdict.kind === "refused");
  const half = FRESH.slice(0, 50);
  await assertRejects(() => lentClientHello(lender([half])), PeerError, "ended in the handshake");
  await assertRejects(
    async () => await readClientHello(reader(half, 9), new Uint8Array(64)),
    PeerError,
    "ended",
  );
});

Deno.test("a client that sends nothing is distinguished from one that stops in its hello", async () => {
  await assertRejects(() => lentClientHello(lender([])), NothingSent);
  const space = new Uint8Array(64);
  await assertRejects(
    async () => await readClientHello(reader(FRESH.slice(0, 0), 9), space),
    NothingSent,
  );
  const broken = new PeerError("client", "reset", "connection reset");
  const failing = { read: () => Promise.reject(broken), lend: () => Promise.reject(broken) };
  for (const begin of [() => readClientHello(failing, space), () => lentClientHello(failing)]) {
    const { cause } = await assertRejects(async () => await begin(), NothingSent);
    assert(cause === broken);
  }
  const throwing = {
    read(): never {
      throw broken;
    },
  };
  await assertRejects(async () => await readClientHello(throwing, space), NothingSent);
});

Deno.test("plainAlert() is a fatal alert in a record of its own", () => {
  assertEquals([...plainAlert(112)], [21, 3, 1, 0, 2, 2, 112]);
});
