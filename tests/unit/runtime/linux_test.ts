/** The system calls, against sockets of this very process. What they do to workers is tested end to end. */

import { openLinuxKernel } from "../../../src/runtime/linux.ts";
import type { SocketPair } from "../../../src/runtime/runtime.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { temporaryPem } from "../../support/certificates.ts";
import { eventually, within } from "../../support/eventually.ts";
import { testWith } from "../../support/tools.ts";

/** Opened outside the tests: it stays open for as long as the process lives. */
const kernel = openLinuxKernel()!;

const linux = { ignore: Deno.build.os !== "linux" };

function pairOf(conn: Deno.Conn): SocketPair {
  const address = ({ hostname: host, port }: Deno.NetAddr) => ({ host, port });
  return {
    local: address(conn.localAddr as Deno.NetAddr),
    peer: address(conn.remoteAddr as Deno.NetAddr),
  };
}

/** Two ends of a connection on the loopback. */
async function connected(hostname = "127.0.0.1"): Promise<[Deno.Conn, Deno.Conn]> {
  using listener = Deno.listen({ hostname, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  return await Promise.all([Deno.connect({ hostname, port }), listener.accept()]);
}

Deno.test(
  "reset() ends exactly the connections it is given, and tells which it knew",
  linux,
  async () => {
    const [one, oneOther] = await connected();
    const [two, twoOther] = await connected();
    const nobody = { ...pairOf(one), local: { host: "127.0.0.1", port: 1 } };
    const reading = one.read(new Uint8Array(1)).then((count) => count, String);
    assertEquals(kernel.reset([pairOf(one), nobody]), [true, false]);
    assert(await within(5_000, "the waiting read", reading) !== 1);
    const seen = await oneOther.read(new Uint8Array(1)).then((count) => count, String);
    assert(/reset/i.test(String(seen)), `the peer saw ${seen}`);
    await two.write(new Uint8Array(1));
    assertEquals(await within(5_000, "octets", twoOther.read(new Uint8Array(1))), 1);
    for (const conn of [one, oneOther, two, twoOther]) conn.close();
  },
);

Deno.test(
  "reset() ends a TLS connection whose handshake stalls, which close() alone does not",
  linux,
  async () => {
    using pem = await temporaryPem();
    const listener = Deno.listenTls({
      ...{ hostname: "127.0.0.1", port: 0, cert: pem.certificate },
      key: pem.text.slice(pem.certificate.length),
    });
    using client = await Deno.connect({
      hostname: "127.0.0.1",
      port: (listener.addr as Deno.NetAddr).port,
    });
    await client.write(new Uint8Array([22, 3, 1, 2, 0, 1]));
    const stalled = await listener.accept();
    const handshake = stalled.handshake().then(() => "done", () => "failed");
    assertEquals(kernel.reset([pairOf(stalled)]), [true]);
    assertEquals(await within(5_000, "the handshake", handshake), "failed");
    stalled.close();
    listener.close();
  },
);

Deno.test(
  "unsent() counts what the peer has not taken, for each connection its own",
  linux,
  async () => {
    const [full, fullOther] = await connected();
    const [idle, idleOther] = await connected();
    const filling = (async () => {
      try {
        for (;;) await full.write(new Uint8Array(1 << 20));
      } catch {
        // The test is over.
      }
    })();
    const pairs = [pairOf(idle), pairOf(full), { ...pairOf(idle), local: pairOf(full).local }];
    await eventually("a full queue", () => kernel.unsent(pairs)[1]! > 100_000);
    const [none, some, unknown] = kernel.unsent(pairs);
    assertEquals([none, unknown], [0, 0]);
    assert(some! > 0);
    kernel.reset([pairOf(full)]);
    await within(5_000, "the end of the filling", filling);
    for (const conn of [full, fullOther, idle, idleOther]) conn.close();
  },
);

testWith(
  { linux: true, ipv6: true },
  "connections over IPv6, and IPv4 ones on a socket for both, are found too",
  async () => {
    using both = Deno.listen({ hostname: "::", port: 0 });
    const { port } = both.addr as Deno.NetAddr;
    const [client, server] = await Promise.all([
      Deno.connect({ hostname: "127.0.0.1", port }),
      both.accept(),
    ]);
    const mapped = pairOf(server);
    const plain = (host: string) => host.replace("::ffff:", "");
    const pair = {
      local: { ...mapped.local, host: plain(mapped.local.host) },
      peer: { ...mapped.peer, host: plain(mapped.peer.host) },
    };
    assertEquals(pair.peer.host, "127.0.0.1");
    assertEquals(kernel.reset([pair]), [true]);
    for (const conn of [client, server]) conn.close();
    const [six, sixOther] = await connected("::1");
    assertEquals(kernel.reset([pairOf(six)]), [true]);
    for (const conn of [six, sixOther]) conn.close();
  },
);

Deno.test(
  "tuneListener() sets the backlog and what accepted connections inherit",
  linux,
  async () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { hostname: host, port } = listener.addr as Deno.NetAddr;
    kernel.tuneListener({ host, port }, { backlog: 7, keepalive: 1234 });
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
    const options = { backlog: 7, keepalive: 1234, silentClients };
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
