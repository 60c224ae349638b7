/** The system calls, against sockets of this very process. What they do to workers is tested end to end. */

import { openLinuxKernel } from "../../../../src/runtime/linux/kernel.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { SOCKETS } from "../../../support/socket_settings.ts";

/** Opened outside the tests: it stays open for as long as the process lives. */
const kernel = openLinuxKernel()!;

const linux = { ignore: Deno.build.os !== "linux" };

Deno.test(
  "tuneListener() sets the backlog and what accepted connections inherit",
  linux,
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname: host, port } = listener.addr as Deno.NetAddr;
    kernel.tuneListener({ host, port }, { sockets: { ...SOCKETS, backlog: 7, keepalive: 1234 } });
    const tuned = await socketsOn(port);
    // For a listening socket ss(8) shows the backlog as Send-Q; its timers show keepalive on connections.
    if (tuned !== undefined) assert(/^LISTEN\s+0\s+7\s/m.test(tuned), tuned);
    const [client, server] = await Promise.all([
      (async () => {
        const conn = await Deno.connect({ hostname: host, port });
        await conn.write(new Uint8Array(1)); // The kernel may wait for it before it lets accept.
        return conn;
      })(),
      listener.accept(),
    ]);
    const established = await socketsOn(port);
    if (established !== undefined) {
      assert(
        /timer:\(keepalive,(20min|20:)/.test(established),
        established,
      );
    }
    const untouched = await socketsOn((other.addr as Deno.NetAddr).port);
    if (untouched !== undefined) assert(!/^LISTEN\s+0\s+7\s/m.test(untouched), untouched);
    client.close();
    server.close();
  },
);

Deno.test("a listener for silent clients accepts them before others that talk", linux, async () => {
  for (const silentClients of [true, false]) {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname, port } = listener.addr as Deno.NetAddr;
    const options = { sockets: SOCKETS, silentClients };
    kernel.tuneListener({ host: hostname, port }, options);
    using silent = await Deno.connect({ hostname, port });
    using talking = await Deno.connect({ hostname, port });
    await talking.write(new Uint8Array(1));
    using accepted = await listener.accept();
    const first = silentClients ? silent : talking;
    assertEquals(
      (accepted.remoteAddr as Deno.NetAddr).port,
      (first.localAddr as Deno.NetAddr).port,
    );
  }
});

Deno.test("raiseDescriptorLimit() gives the hard limit", linux, () => {
  const limit = kernel.raiseDescriptorLimit();
  const [, soft, hard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(
    Deno.readTextFileSync("/proc/self/limits"),
  )!;
  assertEquals([Number(soft), Number(hard)], [limit, limit]);
});

/** What ss(8) says of a port, or undefined where there is no ss. */
async function socketsOn(port: number): Promise<string | undefined> {
  try {
    const { stdout } = await new Deno.Command("ss", {
      args: ["-tnaoH", `sport = :${port}`],
      stdout: "piped",
      stderr: "null",
    }).output();
    return new TextDecoder().decode(stdout);
  } catch {
    return undefined;
  }
}
