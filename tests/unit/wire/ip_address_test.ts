/** IP addresses from text to octets. */

import fc from "fast-check";
import {
  AddressFormatError,
  clientNetwork,
  formatIpAddress,
  formatSocketAddress,
  isIpAddress,
  parseIpAddress,
  unmapIpv4,
} from "../../../src/wire/ip_address.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

Deno.test("parseIpAddress() gives octets in network order", () => {
  const cases: [text: string, bytes: number[]][] = [
    ["192.0.2.1", [192, 0, 2, 1]],
    ["0.0.0.0", [0, 0, 0, 0]],
    ["::", new Array(16).fill(0)],
    ["::1", [...new Array(15).fill(0), 1]],
    ["2001:db8::a:b", [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 11]],
    ["1:2:3:4:5:6:7:8", [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ["64:ff9b::192.0.2.33", [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, 192, 0, 2, 33]],
    ["fe80::1%eth0", [0xfe, 0x80, ...new Array(13).fill(0), 1]],
  ];
  for (const [text, bytes] of cases) assertEquals([...parseIpAddress(text)], bytes, text);
});

Deno.test("parseIpAddress() takes a mapped IPv4 address for the IPv4 address it is", () => {
  for (const text of ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"]) {
    assertEquals([...parseIpAddress(text)], [192, 0, 2, 1], text);
  }
  // Not mapped: one group more, or another prefix.
  assertEquals(parseIpAddress("::ffff:0:192.0.2.1").length, 16);
  assertEquals(parseIpAddress("::192.0.2.1").length, 16);
});

Deno.test("parseIpAddress() names the text that is no address", () => {
  for (
    const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "256.1.1.1",
      "1:2",
      "1::2::3",
      "::g",
      "::1%",
      "1.2.3.4::",
    ]
  ) {
    assertThrows(() => parseIpAddress(text), AddressFormatError, `not an IP address: ${text}`);
    assertEquals(isIpAddress(text), false);
  }
});

Deno.test("parseIpAddress() gives every IPv4 address its octets back", () => {
  fc.assert(fc.property(fc.uint8Array({ minLength: 4, maxLength: 4 }), (bytes) => {
    assertEquals([...parseIpAddress(bytes.join("."))], [...bytes]);
  }));
});

Deno.test("parseIpAddress() gives every IPv6 address its octets back, in any spelling", () => {
  const spelling = fc.record({
    bytes: fc.uint8Array({ minLength: 16, maxLength: 16 }),
    zeros: fc.tuple(fc.nat(7), fc.integer({ min: 1, max: 8 })),
    shorten: fc.boolean(),
    padded: fc.boolean(),
    upper: fc.boolean(),
    dotted: fc.boolean(),
  });
  fc.assert(fc.property(spelling, (how) => {
    const bytes = how.bytes;
    const [from, count] = how.zeros;
    const end = Math.min(from + count, how.dotted ? 6 : 8);
    if (how.shorten) bytes.fill(0, from * 2, end * 2);
    if (bytes[10] === 0xff && bytes[11] === 0xff) bytes[0] = 1;
    const text = spell(bytes, {
      ...how,
      run: how.shorten && from < end ? [from, end] : undefined,
    });
    assertEquals([...parseIpAddress(text)], [...bytes], text);
  }));
});

Deno.test("parseIpAddress() throws nothing but AddressFormatError", () => {
  const texts = fc.oneof(
    fc.string(),
    fc.stringMatching(/^[0-9a-f:.%]{0,45}$/),
    fc.ipV4(),
    fc.ipV6(),
  );
  fc.assert(fc.property(texts, (text) => {
    try {
      assert([4, 16].includes(parseIpAddress(text).length));
      assertEquals(isIpAddress(text), true);
    } catch (error) {
      assert(error instanceof AddressFormatError, String(error));
    }
  }));
});

Deno.test("unmapIpv4() drops the prefix of a mapped address and nothing else", () => {
  assertEquals(unmapIpv4("::ffff:192.0.2.1"), "192.0.2.1");
  for (const text of ["192.0.2.1", "2001:db8::1", "::ffff:1", "::1", "localhost"]) {
    assertEquals(unmapIpv4(text), text);
  }
});

Deno.test("formatSocketAddress() puts brackets around IPv6 hosts", () => {
  assertEquals(formatSocketAddress({ host: "192.0.2.1", port: 443 }), "192.0.2.1:443");
  assertEquals(formatSocketAddress({ host: "::1", port: 443 }), "[::1]:443");
});

Deno.test("formatIpAddress() writes addresses as RFC 5952 does", () => {
  const same = ["192.0.2.1", "0.0.0.0", "::", "::1", "1::", "2001:db8::a:b", "1:2:3:4:5:6:7:8"]
    .concat(["2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "2001:db8::1:0:0:1", "10::100:0:0:1000"]);
  for (const text of same) assertEquals(formatIpAddress(parseIpAddress(text)), text);
  assertEquals(formatIpAddress(parseIpAddress("2001:DB8:0:0:0:0:0:00AB")), "2001:db8::ab");
  const mapped = Uint8Array.of(...new Array(10).fill(0), 255, 255, 192, 0, 2, 1);
  assertEquals(formatIpAddress(mapped), "192.0.2.1");
});

Deno.test("formatIpAddress() writes what parseIpAddress() reads", () => {
  const byte = fc.oneof(fc.constant(0), fc.nat(255));
  const bytes = fc.constantFrom(4, 16).chain((length) =>
    fc.array(byte, { minLength: length, maxLength: length })
  );
  fc.assert(fc.property(bytes, (bytes) => {
    const text = formatIpAddress(Uint8Array.from(bytes));
    assertEquals([...parseIpAddress(text)].slice(-4), bytes.slice(-4), text);
    if (text.includes(":")) assertEquals([...parseIpAddress(text)], bytes, text);
  }));
});

interface Spelling {
  readonly padded: boolean;
  readonly upper: boolean;
  readonly dotted: boolean;
  /** Groups that `::` stands for: from, and up to but not including. */
  readonly run: readonly [number, number] | undefined;
}

function spell(bytes: Uint8Array, { padded, upper, dotted, run }: Spelling): string {
  const groups = Array.from({ length: 8 }, (_, index) => {
    const text = (bytes[2 * index]! * 256 + bytes[2 * index + 1]!).toString(16);
    return padded ? text.padStart(4, "0") : text;
  });
  const parts = dotted ? [...groups.slice(0, 6), bytes.slice(12).join(".")] : groups;
  const text = run === undefined
    ? parts.join(":")
    : `${parts.slice(0, run[0]).join(":")}::${parts.slice(run[1]).join(":")}`;
  return upper ? text.toUpperCase() : text;
}

Deno.test("clientNetwork() keeps IPv4 addresses apart, mapped into IPv6 or not", () => {
  assertEquals(clientNetwork("192.0.2.1"), clientNetwork("::ffff:192.0.2.1"));
  assert(clientNetwork("192.0.2.1") !== clientNetwork("192.0.2.2"));
  assert(clientNetwork("::ffff:192.0.2.1") !== clientNetwork("::ffff:192.0.2.2"));
});

Deno.test("clientNetwork() takes an IPv6 network of 64 bits for one client", () => {
  const client = clientNetwork("2001:db8:1:2::1");
  assertEquals(clientNetwork("2001:db8:1:2:ffff:ffff:ffff:ffff"), client);
  assertEquals(clientNetwork("2001:0db8:0001:0002::9%eth0"), client);
  assert(clientNetwork("2001:db8:1:3::1") !== client);
  assert(clientNetwork("::1") !== client);
});

Deno.test("clientNetwork() takes what is no address for a client of its own", () => {
  assertEquals(clientNetwork("a:b"), "a:b");
  assertEquals(clientNetwork(""), "");
});
