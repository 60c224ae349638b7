/** Listening sockets as the kernel lists them. */

import {
  listeningAddress,
  listeningDescriptor,
  parseListeningSockets,
} from "../../../src/runtime/passed_listeners.ts";
import { assertEquals } from "../../support/assert.ts";

const HEAD =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";
const rest = (inode: number) =>
  `00000000:00000000 00:00000000 00000000     0        0 ${inode} 1 0 100 0`;

Deno.test("parseListeningSockets() reads listening sockets of IPv4, and no connections", () => {
  const text = `${HEAD}   0: 0100007F:1F90 00000000:0000 0A ${rest(41)}\n` +
    `   1: 0100007F:1F90 0100007F:C001 01 ${rest(42)}\n` +
    `  10: 00000000:01BB 00000000:0000 0A ${rest(43)}\n`;
  assertEquals(parseListeningSockets(text), [
    { address: { host: "127.0.0.1", port: 8080 }, inode: "41" },
    { address: { host: "0.0.0.0", port: 443 }, inode: "43" },
  ]);
  assertEquals(parseListeningSockets(HEAD), []);
});

Deno.test("parseListeningSockets() reads those of IPv6 in the usual short form", () => {
  const entry = (address: string) =>
    `   0: ${address}:01BB 00000000000000000000000000000000:0000 0A ${rest(7)}\n`;
  const host = (address: string) => parseListeningSockets(HEAD + entry(address))[0]?.address.host;
  assertEquals(host("00000000000000000000000000000000"), "::");
  assertEquals(host("00000000000000000000000001000000"), "::1");
  assertEquals(host("B80D01200000000000000000FF000000"), "2001:db8::ff");
});

Deno.test({
  name: "a socket of this process is found by its address, and its address by its descriptor",
  ignore: Deno.build.os !== "linux",
  fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname: host, port } = listener.addr as Deno.NetAddr;
    const descriptor = listeningDescriptor({ host, port });
    assertEquals(listeningAddress(descriptor!), { host, port });
    assertEquals(listeningAddress(0), undefined);
  },
});
