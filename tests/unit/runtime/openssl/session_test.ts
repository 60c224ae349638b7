/** Sessions of the host's OpenSSL: with a real client, with octets that are none of TLS, and after their end. */

import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import { assert, assertEquals, assertThrows } from "../../../support/assert.ts";
import { join } from "../../../support/client_hello.ts";
import * as hellos from "../../../support/hello_samples.ts";
import { within } from "../../../support/eventually.ts";
import { assertOctets, library, OPTIONS, pattern, Talk } from "./real_openssl.ts";

const context = library.newContext(OPTIONS);

Deno.test("a session agrees with a client, and returns what was negotiated", async () => {
  using talk = await Talk.begin();
  const { protocol, cipher, group, certificate, ...rest } = talk.session.facts;
  assertEquals(protocol, "TLSv1.3");
  assert(/^TLS_(AES_(128|256)_GCM|CHACHA20_POLY1305)_SHA(256|384)$/.test(cipher), cipher);
  assert(typeof group === "string" && group.length > 0, group);
  assertEquals(rest, {
    ...{ alpn: undefined, resumed: false, peerCertificate: undefined, verifyResult: 0 },
  });
  assertEquals(certificate?.certificateChain, talk.served);
});

Deno.test("handshake() takes a hello byte by byte", () => {
  const session = context.newSession();
  for (const [at, byte] of hellos.FRESH.entries()) {
    assertEquals(session.hasOutput, false, `after ${at} octets`);
    assertEquals(session.handshake(Uint8Array.of(byte), 1), false);
  }
  const output = session.takeOutput()!;
  // A server_hello.
  assertEquals([output.bytes[0], output.bytes[5]], [22, 2]);
  output.release();
  session.free();
});

Deno.test("read() gives the same bytes however small the buffers are", async () => {
  using talk = await Talk.begin();
  const plaintext = pattern(50_000);
  for (const [piece, size] of [[Infinity, 1_000], [Infinity, 64 << 10], [9_000, 700], [3, 5_000]]) {
    const ciphertext = await talk.ciphertext(plaintext);
    const read: Uint8Array[] = [];
    const into = new Uint8Array(size!);
    for (let at = 0; at < ciphertext.length;) {
      const input = ciphertext.slice(at, at + piece!);
      at += input.length;
      let count = talk.session.read(input, input.length, into)!;
      read.push(into.slice(0, count));
      while (talk.session.mayHaveMore) {
        count = talk.session.read(into, 0, into)!;
        read.push(into.slice(0, count));
      }
    }
    assertOctets(join(read), plaintext, `${piece} octets into ${size}`);
  }
});

Deno.test("read() puts plaintext where the ciphertext lay", async () => {
  using talk = await Talk.begin();
  for (const length of [1, 1_000, 16_000, 40_000]) {
    const plaintext = pattern(length, length);
    const ciphertext = await talk.ciphertext(plaintext);
    const buffer = new Uint8Array(64 << 10);
    buffer.set(ciphertext);
    let count = talk.session.read(buffer, ciphertext.length, buffer)!;
    const read = [buffer.slice(0, count)];
    while (talk.session.mayHaveMore) {
      count = talk.session.read(buffer, 0, buffer)!;
      read.push(buffer.slice(0, count));
    }
    assertOctets(join(read), plaintext);
  }
});

Deno.test("read() gives 0 for a record that is not whole", async () => {
  using talk = await Talk.begin();
  const ciphertext = await talk.ciphertext(hellos.text("hello"));
  const into = new Uint8Array(100);
  assertEquals(talk.session.read(ciphertext, 10, into), 0);
  assertEquals(talk.session.mayHaveMore, false);
  const rest = ciphertext.slice(10);
  assertEquals(talk.session.read(rest, rest.length, into), 5);
  assertEquals(new TextDecoder().decode(into.subarray(0, 5)), "hello");
});

Deno.test("read() hands over what came before a damaged record, and then fails for good", async () => {
  for (const length of [100, 12_000]) {
    using talk = await Talk.begin();
    const plaintext = pattern(length);
    const good = await talk.ciphertext(plaintext);
    const bad = await talk.ciphertext(hellos.text("damaged"));
    bad[bad.length - 1]! ^= 1;
    const both = join([good, bad]);
    const into = new Uint8Array(20_000);
    assertEquals(talk.session.read(both, both.length, into), length);
    assertOctets(into.slice(0, length), plaintext);
    assertEquals(talk.session.mayHaveMore, true);
    for (const _ of ["once", "and again"]) {
      const error = assertThrows(() => talk.session.read(into, 0, into), OpenSslError);
      assertEquals(error.message, "decryption failed or bad record mac");
    }
    assertEquals(talk.session.hasOutput, true);
  }
});

Deno.test("read() gives null at close_notify, after what came before it", async () => {
  using talk = await Talk.begin();
  const into = new Uint8Array(100);
  const last = await talk.ciphertext(hellos.text("last"));
  await talk.client.closeWrite();
  const end = await talk.arrived(0);
  const both = join([last, end]);
  assertEquals(talk.session.read(both, both.length, into), 4);
  assertEquals(talk.session.mayHaveMore, true);
  assertEquals(talk.session.read(into, 0, into), null);
});

Deno.test("write() encrypts all of it, however much it is", async () => {
  using talk = await Talk.begin();
  // The last ones grow their buffers; after them the buffers serve small writes again.
  for (
    const length of [1, 16 << 10, (16 << 10) + 1, 128 << 10, 300 << 10, 5, 20 << 10, 1 << 20, 5]
  ) {
    const plaintext = pattern(length, length);
    talk.session.write(plaintext);
    assertEquals(talk.session.hasOutput, true);
    assertOctets(await talk.clientReads(length), plaintext, `${length} octets`);
    assertEquals([talk.session.hasOutput, talk.session.takeOutput()], [false, undefined]);
  }
});

Deno.test("takeOutput() gives all that was written until then, in order", async () => {
  using talk = await Talk.begin();
  const parts = [pattern(10, 1), pattern(30_000, 2), pattern(20, 3)];
  for (const part of parts) talk.session.write(part);
  assertOctets(await talk.clientReads(30_030), join(parts));
});

Deno.test("an output stays the same until it is released, even during other writes", async () => {
  using one = await Talk.begin();
  using other = await Talk.begin();
  const plaintext = pattern(10_000);
  one.session.write(plaintext);
  const held = one.session.takeOutput()!;
  const copy = held.bytes.slice();
  one.session.write(pattern(5_000, 1));
  other.session.write(pattern(7_000, 2));
  assertOctets(held.bytes, copy);
  const later = one.session.takeOutput()!;
  assertOctets(await other.clientReads(7_000), pattern(7_000, 2));
  assertOctets(await one.clientReads(10_000, held), plaintext);
  assertOctets(await one.clientReads(5_000, later), pattern(5_000, 1));
});

Deno.test("closeWrite() produces close_notify, after which nothing can be written", async () => {
  using talk = await Talk.begin();
  talk.session.write(hellos.text("last"));
  talk.session.closeWrite();
  assertEquals(new TextDecoder().decode(await talk.clientReads(4)), "last");
  assertEquals(await within(10_000, "the end", talk.client.read(new Uint8Array(1))), null);
  assertThrows(() => talk.session.write(hellos.text("more")), OpenSslError);
});

/** What comes instead of a handshake, the reason, and the alert that tells the client. */
const GARBAGE: readonly (readonly [Uint8Array, reason: string, alert: number | undefined])[] = [
  [hellos.text("GET / HTTP/1.1\r\n\r\n"), "http request", undefined],
  [new Uint8Array(100), "wrong version number", undefined],
  [hellos.hello([hellos.extension(0, [1])]), "bad extension", 50],
  [hellos.hello(), "no shared cipher", 40],
];

Deno.test("a session that is fed garbage says why, and has an alert for the client", () => {
  for (const [bytes, reason, alert] of GARBAGE) {
    const session = context.newSession();
    const error = assertThrows(() => session.handshake(bytes, bytes.length), OpenSslError);
    assertEquals([error.message, error.alert], [reason, undefined]);
    const output = session.takeOutput();
    // A fatal alert (RFC 8446 sections 5.1 and 6), if the client speaks TLS at all.
    const said = output === undefined ? [] : [output.bytes[0], ...output.bytes.slice(3)];
    assertEquals(said, alert === undefined ? [] : [21, 0, 2, 2, alert]);
    output?.release();
    assertThrows(() => session.handshake(hellos.FRESH, hellos.FRESH.length), OpenSslError);
    session.free();
  }
});

Deno.test("a session returns the alert that the client sent", () => {
  const session = context.newSession();
  session.handshake(hellos.FRESH, hellos.FRESH.length);
  const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, 48);
  const error = assertThrows(() => session.handshake(alert, alert.length), OpenSslError);
  assertEquals(error.alert, 48);
  session.free();
});

Deno.test("a session's fault affects no other session", async () => {
  using talk = await Talk.begin();
  const broken = context.newSession();
  const garbage = new Uint8Array(100);
  assertThrows(() => broken.handshake(garbage, garbage.length), OpenSslError);
  const ciphertext = await talk.ciphertext(hellos.text("hello"));
  const into = new Uint8Array(10);
  assertEquals(talk.session.read(ciphertext, ciphertext.length, into), 5);
  broken.free();
});

Deno.test("a session cannot write before its handshake is done", () => {
  const session = context.newSession();
  const early = () => session.write(hellos.text("early"));
  assertThrows(early, OpenSslError, "write before the handshake was done");
  session.free();
});

Deno.test("free() may be called again, also with output that was never taken", () => {
  const session = context.newSession();
  session.handshake(hellos.FRESH, hellos.FRESH.length);
  assertEquals(session.hasOutput, true);
  session.free();
  session.free();
  assertEquals([session.hasOutput, session.takeOutput()], [false, undefined]);
});

Deno.test("an output may be released after its session has gone", () => {
  const session = context.newSession();
  session.handshake(hellos.FRESH, hellos.FRESH.length);
  const output = session.takeOutput()!;
  const copy = output.bytes.slice();
  session.free();
  assertOctets(output.bytes, copy);
  output.release();
});

Deno.test("a session that was freed refuses everything", () => {
  const session = context.newSession();
  session.free();
  const bytes = new Uint8Array(10);
  const uses = [
    () => session.handshake(bytes, 10),
    () => session.read(bytes, 10, bytes),
    () => session.write(bytes),
    () => session.closeWrite(),
    () => session.facts,
  ];
  for (const use of uses) assertThrows(use, OpenSslError, "the session has been released");
});
