/** What a proxy counts for each frontend and backend, and which connections it says are open. */

import { configureLog } from "../../../src/log/log.ts";
import { Proxy, type ProxyOptions } from "../../../src/proxy/proxy.ts";
import { createRustlsEngine } from "../../../src/tls/rustls/engine.ts";
import { AddressFormatError } from "../../../src/wire/ip_address.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError, pairOf } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";
import { PROXY_OPTIONS } from "../../support/proxy_options.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

async function bench(options: Partial<ProxyOptions> = {}) {
  const runtime = new FakeRuntime();
  const backends: FakeStream[] = [];
  runtime.network.answer = () => {
    const stream = new FakeStream(pairOf(50_000 + backends.length));
    backends.push(stream);
    return Promise.resolve(stream);
  };
  const engine = createRustlsEngine(runtime, TLS_CONFIGURATION);
  const frontends = [
    { host: "192.0.2.1", port: 8443, name: "web", engine },
    { host: "192.0.2.1", port: 8444, engine },
  ];
  const log = configureLog(() => {}, "error");
  const proxy = await Proxy.listen(runtime, { ...PROXY_OPTIONS, frontends, ...options }, log);
  proxy.serve();
  const arrive = async (port: number, frontend = 0) => {
    const client = new FakeStream(pairOf(port));
    runtime.network.listeners[frontend]!.arrive(client);
    await settled();
    return client;
  };
  const begin = async (port: number, frontend = 0) => {
    const client = await arrive(port, frontend);
    client.completeHandshake();
    await settled();
    return client;
  };
  /** The values of a family that are not 0, by labels. */
  const counted = (family: string) => {
    const found: Record<string, unknown> = {};
    for (const [key, value] of proxy.metrics.values()) {
      const [name, ...labels] = JSON.parse(key) as string[];
      if (name === family && value !== 0) found[labels.join(" ")] = value;
    }
    return found;
  };
  return { runtime, clock: runtime.clock, proxy, backends, arrive, begin, counted };
}

Deno.test("connections, handshakes and bytes are counted for their frontend", async () => {
  const { proxy, backends, begin, counted } = await bench();
  const client = await begin(1);
  await begin(2, 1);
  client.deliver("hello");
  await settled();
  assertEquals(counted("connections_accepted"), { web: 1, "192.0.2.1:8444": 1 });
  assertEquals(counted("connections_active"), { web: 1, "192.0.2.1:8444": 1 });
  assertEquals(counted("to_backend_bytes"), { web: 5 });
  backends[0]!.deliver("answer!");
  client.end();
  backends[0]!.end();
  await settled();
  assertEquals(counted("to_client_bytes"), { web: 7 });
  assertEquals(counted("connections_active"), { "192.0.2.1:8444": 1 });
  assertEquals(counted("connections_ended"), { "web orderly none": 1 });
  const unknown = "unknown unknown unknown unknown rustls";
  assertEquals(counted("handshakes"), { [`web ${unknown}`]: 1, [`192.0.2.1:8444 ${unknown}`]: 1 });
  assertEquals(counted("backend_connects"), { "127.0.0.1:8000": 2 });
  assertEquals(proxy.counters.bytesToBackend, 5);
});

Deno.test("times are counted from the accept", async () => {
  const { clock, arrive, counted } = await bench();
  const client = await arrive(1);
  await clock.advance(30);
  client.completeHandshake();
  await settled();
  await clock.advance(2_000);
  client.reset();
  await settled();
  const sum = (family: string) => (counted(family).web as number[]).at(-1);
  assertEquals([sum("handshake_duration_seconds"), sum("connection_duration_seconds")], [
    0.03,
    2.03,
  ]);
});

Deno.test("a connection that ends within the millisecond of its accept lasted no less than nothing", async () => {
  const { clock, arrive, counted } = await bench();
  await clock.advance(0.7);
  (await arrive(1)).failHandshake(new NativeError("closed"));
  await settled();
  const [first, ...rest] = counted("connection_duration_seconds").web as number[];
  assertEquals(first, 1);
  assert(rest.at(-1)! >= 0, String(rest.at(-1)));
});

Deno.test("failed handshakes, silent clients and failed backends are counted by reason", async () => {
  const { runtime, arrive, begin, counted } = await bench();
  const silent = await arrive(1);
  Object.assign(silent, { hasSent: () => false });
  silent.failHandshake(new NativeError("closed"));
  (await arrive(2)).failHandshake(new NativeError("closed"));
  await settled();
  runtime.network.answer = () => Promise.reject(new NativeError("refused"));
  await begin(3);
  assertEquals(counted("connections_silent"), { web: 1 });
  assertEquals(counted("handshake_failures"), { "web closed": 1 });
  assertEquals(counted("backend_failures"), { "127.0.0.1:8000 refused": 1 });
  assertEquals(counted("connections_ended"), {
    "web silent client": 1,
    "web handshake-failed client": 1,
    "web backend-failed backend": 1,
  });
});

Deno.test("a client beyond its max number of connections is counted as refused by that limit", async () => {
  const limits = { ...PROXY_OPTIONS.limits, maxConnectionsPerClient: 1 };
  const { begin, arrive, counted } = await bench({ limits });
  await begin(1);
  await arrive(2);
  assertEquals(counted("connections_refused"), { "web max-connections-per-client": 1 });
  assertEquals(counted("limit_reached"), { "max-connections-per-client": 1 });
});

Deno.test("connections() tells what is known of each open connection", async () => {
  const { clock, proxy, backends, begin, arrive } = await bench();
  const client = await begin(1);
  await clock.advance(4_000);
  client.deliver("hello");
  await settled();
  backends[0]!.deliver("hi");
  await settled();
  await clock.advance(1_000);
  await arrive(2, 1);
  const { matching, connections } = await proxy.connections({}, 10);
  assertEquals(matching, 2);
  assertEquals(connections[0], {
    ...{ client: "198.51.100.7:1", serverName: null, frontend: "web", backend: "127.0.0.1:8000" },
    ...{ version: null, cipher: null, age: 5, idle: 1, bytesToBackend: 5, bytesToClient: 2 },
  });
  assertEquals(connections[1], {
    ...{ client: "198.51.100.7:2", serverName: null, frontend: "192.0.2.1:8444", backend: null },
    ...{ version: null, cipher: null, age: 0, idle: null, bytesToBackend: 0, bytesToClient: 0 },
  });
});

Deno.test("connections() counts all that match and tells the first of them", async () => {
  const { clock, proxy, begin, arrive } = await bench();
  await begin(1);
  await clock.advance(10_000);
  await begin(2);
  await begin(3, 1);
  await arrive(4, 1);
  const clients = async (filter: Parameters<typeof proxy.connections>[0], limit = 10) => {
    const { matching, connections } = await proxy.connections(filter, limit);
    return [matching, ...connections.map(({ client }) => Number(client!.split(":").at(-1)))];
  };
  assertEquals(await clients({}, 2), [4, 1, 2]);
  assertEquals(await clients({ frontend: "web" }), [2, 1, 2]);
  assertEquals(await clients({ backend: "127.0.0.1:8000" }), [3, 1, 2, 3]);
  assertEquals(await clients({ minAge: 10 }), [1, 1]);
  assertEquals(await clients({ minIdle: 10 }), [1, 1]);
  assertEquals(await clients({ client: "198.51.100.0/24" }), [4, 1, 2, 3, 4]);
  assertEquals(await clients({ client: "198.51.100.8" }), [0]);
  assertEquals(await clients({ serverName: "a.example" }), [0]);
  await assertRejects(() => proxy.connections({ client: "a.example" }, 1), AddressFormatError);
});

Deno.test("disconnect() resets both sides of what matches, and nothing else", async () => {
  const { proxy, backends, begin, arrive, counted } = await bench();
  const first = await begin(1);
  const half = await arrive(2);
  const other = await begin(3, 1);
  assertEquals(await proxy.disconnect({ frontend: "web" }), 2);
  await settled();
  assert(first.wasReset && backends[0]!.wasReset && half.wasReset);
  assert(!other.wasReset && !backends[1]!.wasReset);
  assertEquals(counted("connections_ended"), { "web disconnected stud": 2 });
  assertEquals((await proxy.connections({}, 0)).matching, 1);
});
