/** Socket addresses in the C library's form, there and back again. */

import { AF_INET, AF_INET6, AF_UNIX } from "../../../../src/runtime/linux/abi.ts";
import fc from "fast-check";
import {
  AddressSpace,
  encodeAddress,
  encodePath,
  packAddress,
  packedAddress,
  unpackAddress,
} from "../../../../src/runtime/linux/socket_address.ts";
import { formatIpAddress } from "../../../../src/wire/ip_address.ts";
import { assertEquals } from "../../../support/assert.ts";

const ports = fc.integer({ min: 0, max: 65_535 });

for (const [family, length] of [["IPv4", 4], ["IPv6", 16]] as const) {
  Deno.test(`every address of ${family} is the same after it was encoded and packed`, () => {
    const octets = fc.uint8Array({ minLength: length, maxLength: length });
    fc.assert(fc.property(octets, ports, (address, port) => {
      const host = formatIpAddress(address);
      assertEquals(unpackAddress(packedAddress(encodeAddress({ host, port }))!), { host, port });
    }));
  });
}

Deno.test("encodeAddress() makes the structures of ip(7) and ipv6(7)", () => {
  assertEquals(
    [...encodeAddress({ host: "192.0.2.1", port: 0x1234 })],
    [AF_INET, 0, 0x12, 0x34, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0],
  );
  const ipv6 = encodeAddress({ host: "2001:db8::1", port: 1 });
  assertEquals([ipv6.length, ipv6[0], ipv6[3]], [28, AF_INET6, 1]);
  assertEquals([...ipv6.subarray(8, 24)], [0x20, 1, 0xd, 0xb8, ...Array(11).fill(0), 1]);
});

Deno.test("an IPv4 address in its mapped form is a socket for IPv6, and is shown as IPv4", () => {
  const mapped = encodeAddress({ host: "::ffff:192.0.2.1", port: 443 });
  assertEquals(mapped[0], AF_INET6);
  const packed = packedAddress(mapped)!;
  assertEquals(unpackAddress(packed), { host: "192.0.2.1", port: 443 });
  // As small as it can be: a number, not sixteen bytes.
  assertEquals(typeof packed, "number");
});

Deno.test("what is no IP address has no packed form", () => {
  const space = new AddressSpace().ready();
  assertEquals(space.length[0], space.bytes.length);
  space.bytes.set(encodePath("/run/s")!);
  assertEquals(packAddress(space), undefined);
});

Deno.test("encodePath() ends a path with NUL, and refuses one that is too long", () => {
  assertEquals([...encodePath("/a")!], [AF_UNIX, 0, 47, 97, 0]);
  assertEquals(encodePath("x".repeat(107))!.length, 110);
  assertEquals(encodePath("x".repeat(108)), undefined);
  // Characters are not what counts.
  assertEquals(encodePath("é".repeat(54)), undefined);
});
