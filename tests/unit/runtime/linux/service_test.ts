/** System calls for a service: datagrams to the service manager, and its sockets under Deno's listeners. */

import { createDenoNetwork } from "../../../../src/runtime/deno/network.ts";
import { socketDescriptors } from "../../../../src/runtime/linux/descriptors.ts";
import { monotonicMicroseconds, sendDatagram } from "../../../../src/runtime/linux/service.ts";
import { listeningDescriptor } from "../../../../src/runtime/passed_listeners.ts";
import { assert, assertEquals, assertThrows } from "../../../support/assert.ts";

// Loads the C library now: loaded by a test, it would count as leaked by it.
socketDescriptors();

const ignore = Deno.build.os !== "linux";
// The library stays open: not within a test, which would be blamed for it.
if (!ignore) monotonicMicroseconds();

Deno.test({
  name: "sendDatagram() reaches a socket by path, and says when nobody listens",
  ignore,
  async fn() {
    const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
    const path = `${folder}/notify`;
    const text = "READY=1";
    assertThrows(() => sendDatagram(path, text), Error, "no such file or directory");
    const socket = Deno.listenDatagram({ transport: "unixpacket", path });
    sendDatagram(path, text);
    assertEquals(new TextDecoder().decode((await socket.receive())[0]), text);
    socket.close();
    assertThrows(() => sendDatagram(path, text), Error, "nothing listens there");
    assertThrows(() => sendDatagram("@stud-test-nobody", text), Error, "nothing listens there");
    assertThrows(() => sendDatagram("/long".repeat(30), text), Error, "too long");
    Deno.removeSync(folder, { recursive: true });
  },
});

Deno.test({
  name: "monotonicMicroseconds() is the time since this machine has started",
  ignore,
  fn() {
    const uptime = Number(Deno.readTextFileSync("/proc/uptime").split(" ")[0]) * 1e6;
    // Sleep counts only there.
    assert(Number(monotonicMicroseconds()) <= uptime + 1e6);
    const before = monotonicMicroseconds();
    assert(monotonicMicroseconds() >= before);
  },
});

Deno.test({
  name: "listen() accepts thousands of clients on a socket that somebody else has opened",
  ignore,
  async fn() {
    const opened = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname: host, port } = opened.addr as Deno.NetAddr;
    const descriptor = listeningDescriptor({ host, port })!;
    const listener = await createDenoNetwork().listen({
      host,
      port,
      reusePort: true,
      descriptor,
    });
    assertEquals(listener.address, { host, port });
    for (let round = 0; round < 20; round++) {
      const clients = await Promise.all(
        Array.from({ length: 100 }, () => Deno.connect({ hostname: host, port })),
      );
      for (const client of clients) {
        const accepted = await listener.accept();
        assertEquals(accepted.pair.local, { host, port });
        accepted.close();
        client.close();
      }
    }
    listener.close();
    opened.close();
  },
});
