/** What the backend reads first, byte for byte. */

import fc from "fast-check";
import { encodeIpPreface, encodeProxyV1 } from "../../../src/wire/preface.ts";
import { parseIpAddress } from "../../../src/wire/ip_address.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const address = fc.record({
  host: fc.oneof(fc.ipV4(), fc.ipV6()),
  port: fc.integer({ min: 1, max: 65_535 }),
});

Deno.test("encodeIpPreface() sends Linux's number of the family and the address in network order", () => {
  assertEquals([...encodeIpPreface({ host: "192.0.2.1", port: 1 })], [2, 192, 0, 2, 1]);
  assertEquals(
    [...encodeIpPreface({ host: "2001:db8::1", port: 1 })],
    [10, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  );
});

Deno.test("encodeIpPreface() takes a mapped IPv4 address for IPv4", () => {
  assertEquals([...encodeIpPreface({ host: "::ffff:192.0.2.1", port: 1 })], [2, 192, 0, 2, 1]);
});

Deno.test("encodeIpPreface() is family and address, whatever the address", () => {
  fc.assert(fc.property(address, (client) => {
    const preface = encodeIpPreface(client);
    const bytes = parseIpAddress(client.host);
    assertEquals(preface[0], bytes.length === 4 ? 2 : 10);
    assertEquals([...preface.slice(1)], [...bytes]);
  }));
});

Deno.test("encodeProxyV1() writes the line of the specification, byte for byte", () => {
  const line = (client: string, server: string) =>
    new TextDecoder().decode(
      encodeProxyV1({ host: client, port: 56_324 }, { host: server, port: 443 }),
    );
  assertEquals(
    line("192.168.0.1", "192.168.0.11"),
    "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
  );
  assertEquals(
    line("2001:db8::1", "2001:db8::2"),
    "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n",
  );
});

Deno.test("encodeProxyV1() keeps to the form and the length of the specification", () => {
  const pair = fc.oneof(fc.tuple(fc.ipV4(), fc.ipV4()), fc.tuple(fc.ipV6(), fc.ipV6()));
  const port = fc.integer({ min: 0, max: 65_535 });
  fc.assert(fc.property(pair, port, port, ([host, other], clientPort, serverPort) => {
    const bytes = encodeProxyV1({ host, port: clientPort }, { host: other, port: serverPort });
    const text = new TextDecoder().decode(bytes);
    // proxy-protocol.txt section 2.1: 107 octets hold the longest line, CRLF included.
    assert(bytes.length <= 107, text);
    const [, family, source, target, from, to] =
      /^PROXY (TCP4|TCP6) (\S+) (\S+) (\d+) (\d+)\r\n$/.exec(text) ?? [];
    assertEquals([source, target, from, to], [host, other, `${clientPort}`, `${serverPort}`]);
    assertEquals(family, parseIpAddress(host).length === 4 ? "TCP4" : "TCP6");
  }));
});
