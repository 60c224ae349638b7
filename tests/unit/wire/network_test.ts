/** Networks in CIDR notation and the addresses in them. */

import { AddressFormatError } from "../../../src/wire/ip_address.ts";
import { isInNetwork, parseNetwork } from "../../../src/wire/network.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

Deno.test("isInNetwork() compares the prefix and nothing else", () => {
  const rows: [network: string, inside: string[], outside: string[]][] = [
    ["192.0.2.7", ["192.0.2.7", "::ffff:192.0.2.7"], ["192.0.2.8", "::1", "name", ""]],
    ["192.0.2.0/24", ["192.0.2.0", "192.0.2.255"], ["192.0.3.0", "192.0.1.255"]],
    ["192.0.2.0/23", ["192.0.3.255"], ["192.0.4.0"]],
    ["192.0.2.128/25", ["192.0.2.129"], ["192.0.2.127"]],
    ["10.0.0.0/7", ["11.255.0.1"], ["12.0.0.0"]],
    ["10.0.0.0/9", ["10.127.0.1"], ["10.128.0.1"]],
    ["0.0.0.0/0", ["203.0.113.1"], ["2001:db8::1"]],
    ["2001:db8::/33", ["2001:db8:7fff::1"], ["2001:db8:8000::1", "32.1.13.184"]],
    ["::1", ["::1"], ["::2"]],
    ["::/0", ["2001:db8::1"], ["192.0.2.1"]],
    ["::ffff:192.0.2.0/120", ["192.0.2.9"], ["192.0.3.9"]],
  ];
  for (const [text, inside, outside] of rows) {
    const network = parseNetwork(text);
    for (const address of inside) assertEquals(isInNetwork(address, network), true, address);
    for (const address of outside) assertEquals(isInNetwork(address, network), false, address);
  }
});

Deno.test("parseNetwork() refuses what is no network", () => {
  const wrong = ["", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/8/8", "10.0.0.0/-1", "10.0/8"];
  for (const text of [...wrong, "::/129", "::ffff:10.0.0.0/8", "example.com/8", "10.0.0.0/1e1"]) {
    assertThrows(() => parseNetwork(text), AddressFormatError);
  }
});
