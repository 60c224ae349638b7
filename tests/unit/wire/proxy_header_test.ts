/** Where PROXY headers end, from any fragmentation, and what is none. */

import fc from "fast-check";
import {
  LONGEST_PROXY_HEADER,
  parseProxyHeader,
  PROXY_V2_SIGNATURE,
} from "../../../src/wire/proxy_header.ts";
import { encodeProxyV1 } from "../../../src/wire/preface.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const octetsOf = (text: string) => new TextEncoder().encode(text);

/** A header of version 2: command, family, and what follows the length. */
function version2(command: number, family: number, body: readonly number[] | Uint8Array) {
  const fixed = [command, family, body.length >> 8, body.length & 0xff];
  return Uint8Array.of(...PROXY_V2_SIGNATURE, ...fixed, ...body);
}

const LINE = "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n";
const IPV4 = [192, 168, 0, 1, 192, 168, 0, 11, 0xdc, 4, 1, 0xbb];
const IPV6 = [...Array(15).fill(0), 1, ...Array(15).fill(0), 2, 0, 7, 1, 0xbb];
const CLIENT = { host: "192.168.0.1", port: 56_324 };

/** Headers, and the clients they are about. */
const HEADERS: readonly (readonly [string, Uint8Array, typeof CLIENT | undefined])[] = [
  ["TCP4", octetsOf(LINE), CLIENT],
  ["TCP6", octetsOf("PROXY TCP6 2001:db8::1 ::2 0 65535\r\n"), { host: "2001:db8::1", port: 0 }],
  [
    "TCP6 of mapped addresses",
    octetsOf("PROXY TCP6 ::ffff:192.168.0.1 ::2 56324 1\r\n"),
    CLIENT,
  ],
  ["UNKNOWN", octetsOf("PROXY UNKNOWN\r\n"), undefined],
  ["UNKNOWN with more", octetsOf(`PROXY UNKNOWN ${"f".repeat(91)}\r\n`), undefined],
  ["TCP over IPv4", version2(0x21, 0x11, IPV4), CLIENT],
  ["TCP over IPv6", version2(0x21, 0x21, IPV6), { host: "::1", port: 7 }],
  ["UDP over IPv4", version2(0x21, 0x12, IPV4), CLIENT],
  ["a unix socket", version2(0x21, 0x31, new Uint8Array(216)), undefined],
  ["TLVs", version2(0x21, 0x11, [...IPV4, 4, 0, 2, 0, 0, 0xe5, 0, 0]), CLIENT],
  ["what are no TLVs", version2(0x21, 0x11, [...IPV4, 4, 0xff]), CLIENT],
  ["LOCAL", version2(0x20, 0, []), undefined],
  ["LOCAL with a family", version2(0x20, 0x11, []), undefined],
  ["LOCAL with addresses", version2(0x20, 0x11, IPV4), undefined],
  ["UNSPEC", version2(0x21, 0, []), undefined],
  ["UNSPEC with octets", version2(0x21, 0, [1, 2, 3]), undefined],
  ["an unknown family", version2(0x21, 0x41, [1]), undefined],
  ["an unknown transport", version2(0x21, 0x1f, IPV4), CLIENT],
  ["the longest", version2(0x21, 0, new Uint8Array(LONGEST_PROXY_HEADER - 16)), undefined],
];

for (const [what, header, client] of HEADERS) {
  Deno.test(`parseProxyHeader() finds the end of ${what}, octet by octet`, () => {
    const wire = Uint8Array.of(...header, 22, 3, 1, 13, 10);
    for (let have = 0; have <= wire.length; have++) {
      const expected = have < header.length
        ? { kind: "incomplete" }
        : { kind: "header", length: header.length, client };
      assertEquals<unknown>(parseProxyHeader(wire.subarray(0, have)), expected, `after ${have}`);
      // The long one need not be looked at after every octet.
      if (have > 300 && have < header.length - 10) have += 997;
    }
  });
}

const LINE_FAULT = "malformed PROXY header of version 1";
const NO_HEADER = "no PROXY header";
const UNKNOWN_COMMAND = "a PROXY header of an unknown version or command";
const SHORT = "malformed PROXY header of version 2 (too short for its addresses)";
const TOO_LONG = "a PROXY header of more than 16 KiB";

/** What is none, why, and with how many octets that is known at the latest; all of them if undefined. */
const REFUSED: readonly (readonly [Uint8Array, string, number?])[] = [
  [octetsOf("GET / HTTP/1.1\r\n"), NO_HEADER, 1],
  [octetsOf("POST / HTTP/1.1\r\n"), NO_HEADER, 2],
  [octetsOf("PROXY\tTCP4"), NO_HEADER, 6],
  [octetsOf("PROXYTCP4"), NO_HEADER, 6],
  [octetsOf("proxy TCP4"), NO_HEADER, 1],
  [octetsOf("\r\n\r\nGET /"), NO_HEADER, 5],
  [Uint8Array.of(22, 3, 1), "no PROXY header, but TLS at once", 1],
  [octetsOf("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4 1.1.1.1 2.2.2.2 1 2\rX"), LINE_FAULT],
  [octetsOf("PROXY UNKNOWN \r \r\n"), LINE_FAULT, 16],
  [octetsOf("PROXY TCP4 1.1.1.1 2.2.2.2 1\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 3\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4  1.1.1.1 2.2.2.2 1 2\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4 1.1.1.1 2.2.2.2 1 2 \r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4 01.1.1.1 2.2.2.2 1 2\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4 1.1.1.1 2.2.2.2 01 2\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4 1.1.1.1 2.2.2.2 1 65536\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4 1.1.1.1 2.2.2.2 1 -2\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP4 ::1 ::2 1 2\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP6 1.1.1.1 2.2.2.2 1 2\r\n"), LINE_FAULT],
  [octetsOf("PROXY TCP6 ::1%lo ::2 1 2\r\n"), LINE_FAULT],
  [octetsOf("PROXY UDP4 1.1.1.1 2.2.2.2 1 2\r\n"), LINE_FAULT],
  [octetsOf("PROXY UNKNOWNS\r\n"), LINE_FAULT],
  [octetsOf("PROXY \r\n"), LINE_FAULT],
  [
    octetsOf(`PROXY UNKNOWN ${"f".repeat(93)}\r\n`),
    "a PROXY header of version 1 with more than 107 bytes",
    107,
  ],
  [version2(0x11, 0x11, IPV4), UNKNOWN_COMMAND, 13],
  [version2(0x31, 0x11, IPV4), UNKNOWN_COMMAND, 13],
  [version2(0x22, 0x11, IPV4), UNKNOWN_COMMAND, 13],
  [version2(0x21, 0x11, IPV4.slice(1)), SHORT, 16],
  [version2(0x21, 0x21, IPV6.slice(1)), SHORT, 16],
  [version2(0x21, 0x31, new Uint8Array(215)), SHORT, 16],
  [version2(0x21, 0x11, new Uint8Array(LONGEST_PROXY_HEADER - 15)), TOO_LONG, 16],
  [version2(0x20, 0x00, new Uint8Array(65_535)), TOO_LONG, 16],
];

Deno.test("parseProxyHeader() refuses what is none, as soon as that is sure", () => {
  for (const [wire, reason, latest = wire.length] of REFUSED) {
    const what = String.fromCharCode(...wire.subarray(0, 60));
    for (let have = 0; have <= Math.min(wire.length, 200); have++) {
      const verdict = parseProxyHeader(wire.subarray(0, have));
      const isMissing = reason.startsWith("no PROXY header");
      const refused = { kind: "refused", reason, isMissing };
      const expected = have < latest ? { kind: "incomplete" } : refused;
      assertEquals<unknown>(verdict, expected, `${what} after ${have}`);
    }
  }
});

Deno.test("parseProxyHeader() takes every line that stud writes", () => {
  const port = fc.nat(65_535);
  const hosts = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
  fc.assert(fc.property(hosts, port, port, ([host, other], clientPort, serverPort) => {
    // What the kernel shows is never written like this, and the line would be of both families.
    if (/^::ffff:.*\./i.test(host + other)) return;
    const client = { host, port: clientPort };
    const line = encodeProxyV1(client, { host: other, port: serverPort });
    const verdict = parseProxyHeader(line);
    if (parseFamily(line) !== (host.includes(":") ? "TCP6" : "TCP4")) return;
    assert(verdict.kind === "header", new TextDecoder().decode(line));
    assertEquals([verdict.length, verdict.client!.port], [line.length, clientPort]);
  }));
});

Deno.test("parseProxyHeader() throws nothing, and is never undecided with the longest header's octets", () => {
  const start = fc.constantFrom(
    new Uint8Array(),
    octetsOf("PROXY "),
    octetsOf("PROXY TCP4 "),
    octetsOf("PROXY UNKNOWN"),
    Uint8Array.of(...PROXY_V2_SIGNATURE),
    Uint8Array.of(...PROXY_V2_SIGNATURE, 0x21),
    Uint8Array.of(...PROXY_V2_SIGNATURE, 0x21, 0x11, 0),
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: 400 }), (start, rest) => {
      const wire = Uint8Array.of(...start, ...rest);
      const verdict = parseProxyHeader(wire);
      const padded = new Uint8Array(LONGEST_PROXY_HEADER);
      padded.set(wire);
      const final = parseProxyHeader(padded);
      assert(final.kind !== "incomplete");
      if (verdict.kind !== "incomplete") assertEquals(final, verdict, "it stays the same");
      if (verdict.kind === "header") {
        assert(verdict.length <= wire.length);
        assertEquals(parseProxyHeader(wire.subarray(0, verdict.length)), verdict);
        assertEquals(parseProxyHeader(wire.subarray(0, verdict.length - 1)).kind, "incomplete");
      }
    }),
    { numRuns: 2_000 },
  );
});

function parseFamily(line: Uint8Array): string | undefined {
  return new TextDecoder().decode(line).split(" ")[1];
}
