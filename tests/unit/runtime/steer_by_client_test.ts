/** Steering with real sockets: which of several listeners on one port the kernel gives a client to. */

import { StartupError } from "../../../src/errors.ts";
import type { Steering } from "../../../src/runtime/runtime.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { closeQuietly } from "../../support/backend.ts";
import { eachOf } from "../../support/crowd.ts";
import { eventually, within } from "../../support/eventually.ts";
import { kernel } from "../../support/kernel.ts";
import { runTool } from "../../support/tool_process.ts";
import { testWith } from "../../support/tools.ts";

/** Listening sockets on one port, in the order of listening, and what came to each. */
class Group implements AsyncDisposable {
  readonly #open = new Map<number, { listener: Deno.Listener; ended: Promise<void> }>();
  readonly #hostname: string;
  readonly #came: { client: string; index: number }[] = [];
  #listened = 0;
  port = 0;

  constructor(hostname: string, count: number) {
    this.#hostname = hostname;
    for (let index = 0; index < count; index++) this.listen();
  }

  /** One more listener. */
  listen(): void {
    const listener = Deno.listen({ hostname: this.#hostname, port: this.port, reusePort: true });
    this.port = (listener.addr as Deno.NetAddr).port;
    const index = this.#listened++;
    const ended = (async () => {
      for await (const conn of listener) {
        const { hostname } = conn.remoteAddr as Deno.NetAddr;
        this.#came.push({ client: hostname.replace("::ffff:", ""), index });
        conn.close();
      }
    })();
    this.#open.set(index, { listener, ended });
  }

  /** As the kernel does for a process that dies. */
  async close(index: number): Promise<void> {
    const { listener, ended } = this.#open.get(index)!;
    this.#open.delete(index);
    closeQuietly(listener);
    await ended;
    const left = this.#open.size;
    await eventually(`${left} listeners`, () => listenersOn(this.port) === left);
  }

  steer(count: number): void {
    this.steerTo({ first: 0, count, byClient: true });
  }

  steerTo(steering: Steering | undefined): void {
    kernel().steer({ host: this.#hostname, port: this.port }, steering);
  }

  /** Connects so often and tells at which listeners the client arrived, each once. */
  async arrivals(client: string, times: number): Promise<number[]> {
    const before = this.#came.length;
    await eachOf(times, 1, async () => {
      const { status } = await this.#connect(client);
      assertEquals(status, 0);
    });
    const came = () => this.#came.slice(before).filter((arrival) => arrival.client === client);
    await eventually(`${times} arrivals of ${client}`, () => came().length === times);
    return [...new Set(came().map(({ index }) => index))].sort();
  }

  /** The one listener of each client. Fails if one of them arrived at several. */
  async homes(clients: readonly string[]): Promise<Map<string, number>> {
    const homes = new Map<string, number>();
    for (const client of clients) {
      const [home, ...others] = await this.arrivals(client, 3);
      assertEquals(others, [], `${client} arrived at ${home} too`);
      homes.set(client, home!);
    }
    return homes;
  }

  async #connect(client: string): Promise<{ status: number }> {
    const to = client.includes(":") ? `TCP6:[::1]:${this.port}` : `TCP4:127.0.0.1:${this.port}`;
    const bind = client.includes(":") ? `[${client}]` : client;
    const tool = await runTool("socat", ["-u", "OPEN:/dev/null", `${to},bind=${bind}`]);
    return { status: tool.status!.code };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { listener } of this.#open.values()) closeQuietly(listener);
    const ended = [...this.#open.values()].map((open) => open.ended);
    await within(5_000, "the end of the listeners", Promise.all(ended));
  }
}

/** How many sockets listen on a port: proc_net(5), state 0A. */
function listenersOn(port: number): number {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const tables = ["/proc/net/tcp", "/proc/net/tcp6"].map((path) => {
    try {
      return Deno.readTextFileSync(path);
    } catch {
      return ""; // No IPv6.
    }
  });
  const pattern = new RegExp(`: [0-9A-F]+:${wanted} [0-9A-F]+:0000 0A`, "g");
  return [...tables.join("").matchAll(pattern)].length;
}

const CLIENTS = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 2}`);
const NEEDS = { linux: true, tools: ["socat"] };

testWith(NEEDS, "steer() by client brings a client to the same listener each time", async () => {
  await using group = new Group("127.0.0.1", 4);
  // Each worker does it, the first when the others do not listen yet: the last one counts.
  group.steer(1);
  group.steer(4);
  const homes = await group.homes(CLIENTS);
  assertEquals([...new Set(homes.values())].sort(), [0, 1, 2, 3]);
});

testWith(
  { ...NEEDS, ipv6: true },
  "steer() by client does so on a socket for IPv6 and IPv4 clients too",
  async () => {
    await using group = new Group("::", 4);
    group.steer(4);
    const homes = await group.homes(["::1", ...CLIENTS]);
    assertEquals([...new Set(homes.values())].sort(), [0, 1, 2, 3]);
    // By their address alone: IPv4 clients are where they would be on a socket of their own.
    await using other = new Group("127.0.0.1", 4);
    other.steer(4);
    const [first, second] = [CLIENTS[0]!, CLIENTS[1]!];
    const there = await other.homes([first, second]);
    assertEquals([...there.values()], [homes.get(first), homes.get(second)]);
  },
);

testWith(NEEDS, "a listener that is missing costs no client its connection", async () => {
  await using group = new Group("127.0.0.1", 2);
  group.steer(4);
  const arrivals = new Map<string, number[]>();
  for (const client of CLIENTS) arrivals.set(client, await group.arrivals(client, 8));
  // The clients of the listeners 2 and 3 are with 0 and 1 in the meantime, by the kernel's own hash.
  const several = [...arrivals.values()].filter(({ length }) => length > 1);
  assert(several.length > 0 && several.length < CLIENTS.length, JSON.stringify([...arrivals]));
});

testWith(NEEDS, "a listener that is replaced moves the clients of two places only", async () => {
  await using group = new Group("127.0.0.1", 4);
  group.steer(4);
  const before = await group.homes(CLIENTS);
  await group.close(1);
  group.listen();
  group.steer(4);
  // The last of the group, number 3, has taken the place of number 1; the successor, number 4, came last.
  const places = [0, 3, 2, 4];
  const expected = [...before].map(([client, home]) => [client, places[home]]);
  assertEquals([...await group.homes(CLIENTS)], expected);
});

testWith(
  NEEDS,
  "steer() brings new connections to the latest listeners alone, by their ports too",
  async () => {
    await using group = new Group("127.0.0.1", 4);
    group.steerTo({ first: 2, count: 2, byClient: false });
    // One client is spread over them, however it is one client.
    assertEquals(await group.arrivals("127.0.0.2", 24), [2, 3]);
    group.steerTo({ first: 3, count: 1, byClient: false });
    assertEquals(await group.arrivals("127.0.0.2", 8), [3]);
    group.steerTo({ first: 1, count: 2, byClient: true });
    const homes = await group.homes(CLIENTS);
    assertEquals([...new Set(homes.values())].sort(), [1, 2]);
    group.steerTo(undefined);
    assertEquals(await group.arrivals("127.0.0.2", 64), [0, 1, 2, 3]);
    // Where nothing is steered there is nothing to take back.
    group.steerTo(undefined);
  },
);

testWith(NEEDS, "a listener without steered clients closes without losing one", async () => {
  await using group = new Group("127.0.0.1", 3);
  group.steerTo({ first: 1, count: 2, byClient: false });
  const arriving = group.arrivals("127.0.0.2", 20);
  await group.close(0);
  assertEquals(await arriving, [1, 2]);
});

testWith(
  { linux: true, root: true },
  "overlook() has a listener lose new clients, who find another one",
  async () => {
    const at = { hostname: "127.0.0.1", reusePort: true };
    using first = Deno.listen({ ...at, port: 0 });
    const { port } = first.addr as Deno.NetAddr;
    const address = { host: "127.0.0.1", port };
    const names = kernel().listeners(address);
    assertEquals(names.length, 1);
    // One that is in the queue already comes to be accepted.
    using early = await Deno.connect({ hostname: "127.0.0.1", port });
    kernel().ignoreNewConnections(names);
    const connecting = Deno.connect({ hostname: "127.0.0.1", port });
    using accepted = await within(5_000, "the early client", first.accept());
    assertEquals(
      (accepted.remoteAddr as Deno.NetAddr).port,
      (early.localAddr as Deno.NetAddr).port,
    );
    using second = Deno.listen({ ...at, port });
    assertEquals(kernel().listeners(address).filter((name) => !names.includes(name)).length, 1);
    first.close();
    using late = await within(5_000, "the late client", connecting);
    using taken = await within(5_000, "its connection", second.accept());
    assertEquals((taken.remoteAddr as Deno.NetAddr).port, (late.localAddr as Deno.NetAddr).port);
    kernel().ignoreNewConnections(["no such socket"]);
  },
);

testWith({ linux: true }, "steer() by client is a StartupError where it cannot be", async () => {
  using alone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = alone.addr as Deno.NetAddr;
  const steer = (count: number) => () =>
    kernel().steer({ host: "127.0.0.1", port }, { first: 0, count, byClient: true });
  assertThrows(steer(2), StartupError, `cannot steer clients on 127.0.0.1:${port}`);
  alone.close();
  assertThrows(steer(2), StartupError, "nothing listens there");
  await using group = new Group("127.0.0.1", 1);
  assertThrows(() => group.steer(0), StartupError, "invalid argument");
});
