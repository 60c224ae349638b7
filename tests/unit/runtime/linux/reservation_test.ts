/** Ports that are kept without listening on them. */

import { reserve } from "../../../../src/runtime/linux/reservation.ts";
import { assertEquals, assertThrows } from "../../../support/assert.ts";
import { eventually } from "../../../support/eventually.ts";
import { freePort } from "../../../support/ports.ts";

const ignore = Deno.build.os !== "linux";
// The library stays open: not within a test, which would be blamed for it.
if (!ignore) reserve({ host: "127.0.0.1", port: 0 })?.close();

Deno.test({
  name: "a port that is kept can be shared by this user, and takes no connection",
  ignore,
  async fn() {
    const port = freePort();
    const listen = (hostname: string, reusePort: boolean) =>
      Deno.listen({ hostname, port, reusePort }).close();
    const kept = reserve({ host: "127.0.0.1", port })!;
    let refused = false;
    await Deno.connect({ port }).catch(() => refused = true);
    assertEquals(refused, true);
    for (const host of ["127.0.0.1", "0.0.0.0"]) {
      assertThrows(() => listen(host, false), Deno.errors.AddrInUse);
    }
    listen("127.0.0.1", true);
    kept.close();
    // Between its fork(2) and execve(2), a process that another test starts has the socket too.
    await eventually("nobody keeps the port", () => {
      try {
        listen("127.0.0.1", false);
        return true;
      } catch (error) {
        if (error instanceof Deno.errors.AddrInUse) return false;
        throw error;
      }
    });
  },
});

Deno.test({
  name: "a port of which another server's connections are left can be kept",
  ignore,
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    using _client = await Deno.connect({ port });
    using _served = await listener.accept();
    listener.close();
    const kept = reserve({ host: "127.0.0.1", port })!;
    assertThrows(() => Deno.listen({ hostname: "127.0.0.1", port }), Deno.errors.AddrInUse);
    kept.close();
  },
});

Deno.test({
  name:
    "reserve() gives nothing where a process listens alone, or this machine has no such address",
  ignore,
  fn() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    assertEquals(reserve({ host: "127.0.0.1", port }), undefined);
    assertEquals(reserve({ host: "192.0.2.1", port }), undefined);
  },
});
