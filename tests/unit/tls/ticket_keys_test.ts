/** Ticket keys by secret and date, on a clock that the test sets. */

import { createHmac } from "node:crypto";
import fc from "fast-check";
import {
  randomTicketSecret,
  TICKET_PERIOD,
  TicketKeyring,
  type TicketKeys,
} from "../../../src/tls/ticket_keys.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const SECRET = Uint8Array.from({ length: 32 }, (_, index) => index);

/** A keyring whose clock stands at the beginning of a period. */
function at(
  period: number,
  secret: Uint8Array = SECRET,
): { keyring: TicketKeyring; clock: ManualClock } {
  const clock = new ManualClock();
  clock.setDate(new Date(period * TICKET_PERIOD));
  return { keyring: new TicketKeyring(secret, clock), clock };
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** HKDF as RFC 5869 writes it, from HMAC alone. */
function hkdf(secret: Uint8Array, info: string, length: number): string {
  const hmac = (key: Uint8Array, bytes: Uint8Array) =>
    new Uint8Array(createHmac("sha256", key).update(bytes).digest());
  const key = hmac(new Uint8Array(32), secret);
  const output: number[] = [];
  let block = new Uint8Array(0);
  for (let counter = 1; output.length < length; counter++) {
    block = hmac(key, Uint8Array.from([...block, ...new TextEncoder().encode(info), counter]));
    output.push(...block);
  }
  return hex(Uint8Array.from(output.slice(0, length)));
}

Deno.test("current() is name, HMAC key and AES key out of HKDF over secret and period", () => {
  const keys = at(43_825).keyring.current();
  assertEquals(keys.period, 43_825);
  // Machines with one secret and different releases of stud have to come to the same keys.
  assertEquals(
    hex(keys.all),
    hkdf(SECRET, "stud session ticket keys, version 1, period 43825", 80),
  );
  assertEquals([keys.name, keys.hmacKey, keys.aesKey].map((part) => part.length), [16, 32, 32]);
  assertEquals([keys.name, keys.hmacKey, keys.aesKey].map(hex).join(""), hex(keys.all));
});

Deno.test("current() is the same object until the period changes, and other keys then", () => {
  const { keyring, clock } = at(100);
  const first = keyring.current();
  clock.setDate(new Date(101 * TICKET_PERIOD - 1));
  assert(keyring.current() === first);
  clock.setDate(new Date(101 * TICKET_PERIOD));
  const second = keyring.current();
  assertEquals(second.period, 101);
  for (const part of ["name", "hmacKey", "aesKey"] as const) {
    assert(hex(first[part]) !== hex(second[part]), part);
  }
});

Deno.test("every keyring with the same secret has the same keys, and no other has one of them", () => {
  const keys = (secret: Uint8Array) => hex(at(100, secret).keyring.current().all);
  assertEquals(keys(SECRET.slice()), keys(SECRET));
  const other = SECRET.slice();
  other[31]! ^= 1;
  assert(keys(other) !== keys(SECRET));
  assert(keys(SECRET.subarray(0, 31)) !== keys(SECRET));
});

Deno.test("a secret that is overwritten after the start changes nothing", () => {
  const secret = SECRET.slice();
  const { keyring } = at(100, secret);
  secret.fill(0);
  assertEquals(hex(keyring.current().all), hex(at(100).keyring.current().all));
});

Deno.test("neighbour() knows the previous and the next period by name, and nothing else", () => {
  const { keyring } = at(100);
  const named = (period: number) => keyring.neighbour(at(period).keyring.current().name)?.period;
  assertEquals([98, 99, 100, 101, 102].map(named), [undefined, 99, undefined, 101, undefined]);
  const previous = at(99).keyring.current();
  assertEquals(hex(keyring.neighbour(previous.name)!.all), hex(previous.all));
  const { name } = previous;
  for (const wrong of [name.subarray(0, 15), name.subarray(0, 4), name.subarray(0, 0)]) {
    assertEquals(keyring.neighbour(wrong), undefined);
  }
  assertEquals(keyring.neighbour(Uint8Array.from([...name, 0])), undefined);
  for (const index of name.keys()) {
    const changed = name.slice();
    changed[index]! ^= 0x80;
    assertEquals(keyring.neighbour(changed), undefined, `octet ${index}`);
  }
});

Deno.test("neighbour() derives its keys once a period", () => {
  const { keyring, clock } = at(100);
  const { name } = at(99).keyring.current();
  const first = keyring.neighbour(name);
  assert(first !== undefined && keyring.neighbour(name) === first);
  clock.setDate(new Date(101 * TICKET_PERIOD));
  assertEquals(keyring.neighbour(name), undefined);
});

Deno.test("a session goes on for a period after the keys changed, and no longer", () => {
  const { keyring, clock } = at(100);
  const ticket = keyring.current().name.slice();
  const known = (): TicketKeys | undefined => {
    const current = keyring.current();
    return hex(current.name) === hex(ticket) ? current : keyring.neighbour(ticket);
  };
  clock.setDate(new Date(102 * TICKET_PERIOD - 1));
  assertEquals(known()?.period, 100);
  clock.setDate(new Date(102 * TICKET_PERIOD));
  assertEquals(known(), undefined);
});

Deno.test("after any jump of the date, keys are those of the new date", () => {
  const { keyring, clock } = at(0);
  const period = fc.integer({ min: -3, max: 60_000 });
  const near = fc.integer({ min: -2, max: 2 });
  fc.assert(
    fc.property(period, near, fc.integer({ min: 0, max: TICKET_PERIOD - 1 }), (to, by, later) => {
      clock.setDate(new Date(to * TICKET_PERIOD + later));
      const fresh = at(to).keyring.current();
      assertEquals(keyring.current(), fresh);
      const asked = at(to + by).keyring.current();
      assertEquals(keyring.neighbour(asked.name), Math.abs(by) === 1 ? asked : undefined);
    }),
    { numRuns: 50 },
  );
});

Deno.test("randomTicketSecret() is 32 bytes, different each time", () => {
  const [one, other] = [randomTicketSecret(), randomTicketSecret()];
  assertEquals([one.length, other.length], [32, 32]);
  assert(hex(one) !== hex(other));
});
