/** The kernel's tables of sockets, as samples and as this machine has them. */

import { countListeners, hasAllListeners, listenerOn } from "../../../src/wire/listener_tables.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { testWith } from "../../support/tools.ts";

const HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid";
const V4 = `${HEAD}
   0: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1
   1: 0100007F:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000    33        0 2 1
   2: 0100007F:20FB 0100007F:C350 01 00000000:00000000 00:00000000 00000000     0        0 3 1
   3: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4 1
`;
const V6 = `${HEAD}
   0: B80D0120000000000000000007000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0 0 0 0 5
   1: 00000000000000000000000000000000:01BB 00000000000000000000000000000000:0000 0A 0:0 0 0 0 0 6
`;

Deno.test("countListeners() counts sockets that listen on exactly the address", () => {
  assertEquals(countListeners(V4, { host: "127.0.0.1", port: 8443 }), 2);
  assertEquals(countListeners(V4, { host: "0.0.0.0", port: 8443 }), 1);
  assertEquals(countListeners(V4, { host: "127.0.0.1", port: 8444 }), 0);
  assertEquals(countListeners(V6, { host: "2001:db8::7", port: 443 }), 1);
  assertEquals(countListeners(V6, { host: "::", port: 443 }), 1);
  assertEquals(countListeners("", { host: "::", port: 443 }), 0);
});

Deno.test("listenerOn() finds what would share an address, by that address or by all", () => {
  const tables = { ipv4: V4, ipv6: V6 };
  const cases = [
    ["127.0.0.1", 8443, "127.0.0.1"],
    ["127.0.0.2", 8443, "0.0.0.0"],
    ["127.0.0.1", 443, "::"],
    ["2001:db8::8", 443, "::"],
    ["2001:db8::8", 8443, undefined],
    ["::", 8443, "::"],
    ["0.0.0.0", 50_000, undefined],
  ] as const;
  for (const [host, port, found] of cases) {
    assertEquals(listenerOn(tables, { host, port })?.host, found, `${host} ${port}`);
  }
  assertEquals(listenerOn({ ipv4: "", ipv6: "" }, { host: "::", port: 443 }), undefined);
});

testWith({ linux: true }, "countListeners() reads this machine's table", () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0, reusePort: true });
  const { port } = listener.addr as Deno.NetAddr;
  const address = { host: "127.0.0.1", port };
  const count = () => countListeners(Deno.readTextFileSync("/proc/net/tcp"), address);
  assertEquals(count(), 1);
  const another = Deno.listen({ hostname: "127.0.0.1", port, reusePort: true });
  assertEquals(count(), 2);
  another.close();
  listener.close();
  return Promise.resolve();
});

Deno.test("hasAllListeners() is true from the first line of another socket on", () => {
  const lines = V4.split(/^/m);
  assert(!hasAllListeners(""));
  assert(!hasAllListeners(lines.slice(0, 3).join("")));
  assert(!hasAllListeners(`${lines.slice(0, 3).join("")}   2: 0100007F:20FB 0100007F:C350 0`));
  assert(hasAllListeners(lines.slice(0, 4).join("")));
  assert(!hasAllListeners(V6));
});

testWith({ linux: true }, "the kernel lists listening sockets before all others", async () => {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const lines = Deno.readTextFileSync("/proc/net/tcp").trim().split("\n").slice(1);
  const first = lines.findIndex((line) => !/^ *\d+: \S+ \S+ 0A /.test(line));
  assert(first > 0);
  for (const line of lines.slice(first)) assert(!/^ *\d+: \S+ \S+ 0A /.test(line), line);
  conn.close();
  (await listener.accept()).close();
  listener.close();
});
