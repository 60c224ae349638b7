/** Networks in CIDR notation. */

import { isWithin, parseCidr } from "../../../src/wire/cidr.ts";
import { AddressFormatError } from "../../../src/wire/ip_address.ts";
import { assertEquals, assertThrows } from "../../support/assert.ts";

/** A network, an address in it, and one outside. */
const CASES = [
  ["192.0.2.0/24", "192.0.2.255", "192.0.3.0"],
  ["192.0.2.7", "192.0.2.7", "192.0.2.6"],
  ["192.0.2.128/25", "192.0.2.129", "192.0.2.127"],
  ["10.0.0.0/7", "11.255.0.1", "12.0.0.0"],
  ["0.0.0.0/0", "255.1.2.3", "::1"],
  ["2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"],
  ["::1", "::1", "::2"],
  ["192.0.2.0/24", "::ffff:192.0.2.1", "no address"],
] as const;

Deno.test("isWithin() compares the bits of the network", () => {
  for (const [network, inside, outside] of CASES) {
    assertEquals(isWithin(parseCidr(network), inside), true, `${network} ${inside}`);
    assertEquals(isWithin(parseCidr(network), outside), false, `${network} ${outside}`);
  }
});

Deno.test("parseCidr() refuses everything else", () => {
  for (const text of ["", "/8", "192.0.2.0/33", "::/129", "192.0.2.0/", "192.0.2.0/8/8", "a/8"]) {
    assertThrows(() => parseCidr(text), AddressFormatError);
  }
});
