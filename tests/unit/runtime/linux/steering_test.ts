/**
 * The steering program, run by an interpreter of classic BPF over packets made here. That the kernel takes it
 * and means the same by it is tested with real sockets in steer_by_client_test.ts.
 */

import fc from "fast-check";
import { INSTRUCTION_BYTES } from "../../../../src/runtime/linux/filter_program.ts";
import { steeringProgram } from "../../../../src/runtime/linux/steering.ts";
import { parseIpAddress } from "../../../../src/wire/ip_address.ts";
import { assert, assertEquals } from "../../../support/assert.ts";

const address = fc.oneof(fc.ipV4(), fc.ipV6());
const port = fc.integer({ min: 1, max: 65_535 });
const workers = fc.integer({ min: 1, max: 300 });

const byClient = (count: number) => steeringProgram({ first: 0, count, byClient: true });

/** The start of a TCP segment from a client: the IP header, its options if any, and the ports. */
function packet(client: string, clientPort = 50_000, server = "192.0.2.1"): Uint8Array {
  const source = parseIpAddress(client);
  const ports = [clientPort >> 8, clientPort & 0xff, 443 >> 8, 443 & 0xff];
  if (source.length === 4) {
    const header = new Uint8Array(20).fill(0xee);
    header[0] = 0x45;
    header.set(source, 12);
    header.set(parseIpAddress(server).subarray(0, 4), 16);
    return Uint8Array.from([...header, ...ports]);
  }
  const header = new Uint8Array(40).fill(0xee);
  header[0] = 0x6e;
  header.set(source, 8);
  return Uint8Array.from([...header, ...ports]);
}

/** Runs a program as the kernel does: 32-bit registers, and 0 for whoever reads beyond the packet. */
function run(program: Uint8Array, bytes: Uint8Array): number {
  const code = new DataView(program.buffer);
  const data = new DataView(bytes.buffer);
  let [a, x] = [0, 0];
  for (let at = 0; at < program.length; at += INSTRUCTION_BYTES) {
    const k = code.getUint32(at + 4, true);
    const offset = k - 0x1_0000_0000 + 0x10_0000;
    const jump = (taken: boolean) => code.getUint8(at + (taken ? 2 : 3)) * INSTRUCTION_BYTES;
    switch (code.getUint16(at, true)) {
      case 0x20: // ld [k]
        if (offset + 4 > bytes.length) return 0;
        a = data.getUint32(offset);
        break;
      case 0x30: // ldb [k]
        if (offset + 1 > bytes.length) return 0;
        a = data.getUint8(offset);
        break;
      case 0x05: // ja k
        at += k * INSTRUCTION_BYTES;
        break;
      case 0x15: // jeq #k, jt, jf
        at += jump(a === k);
        break;
      case 0x04: // add #k
        a = (a + k) >>> 0;
        break;
      case 0x24: // mul #k
        a = Math.imul(a, k) >>> 0;
        break;
      case 0x74: // rsh #k
        a >>>= k;
        break;
      case 0x94: // mod #k
        a %= k;
        break;
      case 0xac: // xor x
        a = (a ^ x) >>> 0;
        break;
      case 0x07: // tax
        x = a;
        break;
      case 0x16: // ret a
        return a;
      default:
        throw new Error(`unknown instruction 0x${code.getUint16(at, true).toString(16)}`);
    }
  }
  throw new Error("the program runs off its end");
}

/** How many of the clients each of the workers gets. */
function spread(count: number, clients: readonly string[]): number[] {
  const program = byClient(count);
  const counts = new Array<number>(count).fill(0);
  for (const client of clients) counts[run(program, packet(client))]!++;
  return counts;
}

Deno.test("steeringProgram() is what the kernel reads: struct sock_filter, little-endian", () => {
  const program = byClient(5);
  assertEquals(program.length % INSTRUCTION_BYTES, 0);
  assertEquals([...program.subarray(0, 24)], [
    ...[0x30, 0, 0, 0, 0x00, 0x00, 0xf0, 0xff], // ldb [SKF_NET_OFF]
    ...[0x74, 0, 0, 0, 4, 0, 0, 0], // rsh #4
    ...[0x15, 0, 0, 11, 6, 0, 0, 0], // jeq #6, 0, 11
  ]);
  assertEquals([...program.subarray(-24)], [
    ...[0x94, 0, 0, 0, 5, 0, 0, 0], // mod #5
    ...[0x04, 0, 0, 0, 0, 0, 0, 0], // add #0
    ...[0x16, 0, 0, 0, 0, 0, 0, 0], // ret a
  ]);
});

Deno.test("steeringProgram() gives a client one worker, whatever its port and whom it asks", () => {
  fc.assert(
    fc.property(address, workers, port, port, fc.ipV4(), (client, count, one, other, server) => {
      const program = byClient(count);
      const index = run(program, packet(client, one));
      assert(index < count, `${index} of ${count}`);
      assertEquals(run(program, packet(client, other, server)), index);
    }),
  );
});

Deno.test("steeringProgram() takes every bit of an address into account", () => {
  const wholeHash = byClient(1 << 16);
  for (const client of ["198.51.100.7", "2001:db8:1:2:3:4:5:6"]) {
    const original = packet(client);
    const [from, to] = original.length === 24 ? [12, 16] : [8, 24];
    for (let bit = from * 8; bit < to * 8; bit++) {
      const changed = original.slice();
      changed[bit >> 3]! ^= 1 << (bit & 7);
      assert(run(wholeHash, changed) !== run(wholeHash, original), `${client}, bit ${bit}`);
    }
  }
});

Deno.test("steeringProgram() spreads clients evenly, however alike they are", () => {
  const numbers = Array.from({ length: 2_000 }, (_, index) => index);
  const hex = (value: number) => value.toString(16);
  const networks: Record<string, (n: number) => string> = {
    "one network": (n) => `10.1.${n >> 8}.${n & 0xff}`,
    "even addresses": (n) => `10.1.${n >> 7}.${(n & 0x7f) * 2}`,
    "one host of each network": (n) => `${10 + (n >> 8)}.${n & 0xff}.0.1`,
    "one host of each great network": (n) => `${n & 0xff}.${(n >> 8) * 16}.0.1`,
    "one IPv6 network": (n) => `2001:db8::${hex(n + 1)}`,
    "one host of each /64": (n) => `2001:db8:0:${hex(n)}::1`,
    "one host of each /48": (n) => `2001:db8:${hex(n)}::1`,
    "IPv6 from network cards": (n) => `2001:db8::5054:ff:fe${hex(16 + (n >> 8))}:${hex(n & 0xff)}`,
    "IPv6 like IPv4": (n) => `2001:db8::10.1.${n >> 8}.${n & 0xff}`,
  };
  for (const [name, client] of Object.entries(networks)) {
    for (const count of [2, 3, 4, 7, 8, 16]) {
      const counts = spread(count, numbers.map(client));
      const share = numbers.length / count;
      const fair = counts.every((n) => n > 0.6 * share && n < 1.4 * share);
      assert(fair, `${name}, ${count} workers: ${counts}`);
    }
  }
});

Deno.test("steeringProgram() by network brings an IPv6 network of 64 bits to one socket", () => {
  const program = steeringProgram({ first: 0, count: 1 << 16, byClient: "network" });
  const at = (client: string) => run(program, packet(client));
  assertEquals(at("2001:db8:1:2::1"), at("2001:db8:1:2:ffff:ffff:ffff:fffe"));
  assert(at("2001:db8:1:2::1") !== at("2001:db8:1:3::1"));
  assert(at("192.0.2.1") !== at("192.0.2.2"));
});

Deno.test("steeringProgram() without clients spreads connections, over the sockets asked for", () => {
  for (const client of ["198.51.100.7", "2001:db8::7"]) {
    const program = steeringProgram({ first: 3, count: 4, byClient: false });
    const places = new Set<number>();
    for (let port = 40_000; port < 40_200; port++) places.add(run(program, packet(client, port)));
    assertEquals([...places].sort(), [3, 4, 5, 6]);
  }
});
