/** Which addresses are one client. */

import { clientNetwork } from "../../../src/wire/client_network.ts";
import { assert, assertEquals } from "../../support/assert.ts";

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
