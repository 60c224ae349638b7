/** The BIOs that sessions write to, without any session. */

import { OutputBio, OutputBios } from "../../../../src/runtime/openssl/output_bio.ts";
import { openLibraries } from "../../../../src/runtime/openssl/symbols.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { assertOctets, pattern } from "./real_openssl.ts";

/** Opened outside the tests: it stays open for as long as the process lives. */
const { crypto } = openLibraries();

const CAPACITY = 1 << 10;

Deno.test("top() gives the same one until it is taken", () => {
  const bios = new OutputBios(crypto, CAPACITY, 10);
  const first = bios.top();
  assert(bios.top() === first);
  bios.take();
  const second = bios.top();
  assert(second !== first);
  for (const bio of [first, second]) bio.free();
});

Deno.test("release() makes it the next one to write to", () => {
  const bios = new OutputBios(crypto, CAPACITY, 10);
  const first = taken(bios);
  const second = taken(bios);
  first.release();
  assert(bios.top() === first);
  second.release();
  assert(bios.top() === second);
  for (const bio of [first, second]) bio.free();
});

Deno.test("give() frees what is more than the pool keeps", () => {
  const bios = new OutputBios(crypto, CAPACITY, 1);
  const [first, second] = [taken(bios), taken(bios)];
  first.release();
  second.release();
  assert(bios.top() === first);
  bios.take();
  assert(bios.top() !== second);
  for (const bio of [first, bios.top()]) bio.free();
});

Deno.test("bytes are what was written since it was released", () => {
  const bios = new OutputBios(crypto, CAPACITY, 10);
  for (const [round, length] of [10, CAPACITY, 1, 500, CAPACITY].entries()) {
    const bio = bios.top();
    assertEquals([bio.length, bio.bytes.length], [0, 0]);
    write(bio, pattern(length, round));
    assertOctets(bio.bytes, pattern(length, round));
    bios.take();
    bio.release();
    assert(bios.top() === bio);
  }
  bios.top().free();
});

Deno.test("bytes are right beyond the capacity, and after it", () => {
  const bios = new OutputBios(crypto, CAPACITY, 10);
  const lengths = [CAPACITY + 1, 10, 100 * CAPACITY, 10, CAPACITY, 300 * CAPACITY, 20];
  for (const [round, length] of lengths.entries()) {
    const bio = bios.top();
    const expected = pattern(length, round);
    // In pieces, as records are: the memory moves under what is there already.
    for (let at = 0; at < length; at += 700) write(bio, expected.slice(at, at + 700));
    assertOctets(bio.bytes, expected, `${length} octets`);
    bios.take();
    bio.release();
  }
  bios.top().free();
});

Deno.test("measure() returns how much there is, and changes nothing", () => {
  const bio = new OutputBio(new OutputBios(crypto, CAPACITY, 10), crypto, CAPACITY);
  assertEquals(bio.measure(), 0);
  write(bio, pattern(300));
  assertEquals([bio.measure(), bio.measure(), bio.length], [300, 300, 300]);
  bio.free();
});

function taken(bios: OutputBios): OutputBio {
  const bio = bios.top();
  bios.take();
  return bio;
}

/** As a session does. */
function write(bio: OutputBio, bytes: Uint8Array): void {
  crypto.BIO_write(bio.pointer, new Uint8Array(bytes), bytes.length);
  bio.measure();
}
