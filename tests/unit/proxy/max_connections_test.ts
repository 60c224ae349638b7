/** A proxy that takes no more connections than it may have open, in all and for each client, on a platform in memory. */

import { configureLog } from "../../../src/log/log.ts";
import type { ConnectionLimits } from "../../../src/config/settings.ts";
import { Proxy, type ProxyOptions } from "../../../src/proxy/proxy.ts";
import { createRustlsEngine } from "../../../src/tls/rustls/engine.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError, pairOf } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";
import { PROXY_OPTIONS } from "../../support/proxy_options.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

/** What differs: in general, and for the first frontend, which has two addresses, or the second. */
interface Limits extends Partial<ConnectionLimits> {
  readonly first?: Partial<ConnectionLimits>;
  readonly second?: Partial<ConnectionLimits>;
  readonly workers?: number;
}

/** A proxy with these limits. */
async function serve(limits: Limits) {
  const runtime = new FakeRuntime();
  runtime.network.answer = () => Promise.resolve(new FakeStream(pairOf(50_000)));
  const lines: string[] = [];
  const engine = createRustlsEngine(runtime, TLS_CONFIGURATION);
  const optionsOf = ({ first, second, workers, ...general }: Limits): ProxyOptions => ({
    ...PROXY_OPTIONS,
    workers,
    limits: { ...PROXY_OPTIONS.limits, ...general },
    frontends: [
      { host: "192.0.2.1", port: 8443, engine, name: "first", limits: first },
      { host: "192.0.2.2", port: 8443, engine, name: "first", limits: first },
      { host: "192.0.2.3", port: 8443, engine, name: "second", limits: second },
    ],
  });
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "info");
  const proxy = await Proxy.listen(runtime, optionsOf(limits), log);
  proxy.serve();
  let port = 1;
  const connect = async (host: string, listener = 0) => {
    const { local } = pairOf(1);
    const client = new FakeStream({ local, peer: { host, port: port++ } });
    runtime.network.listeners[listener]!.arrive(client);
    await settled();
    return client;
  };
  const arrive = async (host: string, listener = 0) => {
    const client = await connect(host, listener);
    client.completeHandshake();
    await settled();
    return client;
  };
  const change = async (limits: Limits) => {
    await (await proxy.prepare(optionsOf(limits))).commit();
    await settled();
  };
  const leave = async (client: FakeStream) => {
    client.fail(new NativeError("reset"));
    await settled();
  };
  return { runtime, clock: runtime.clock, proxy, lines, connect, arrive, change, leave };
}

const closed = (clients: FakeStream[]) => clients.map(({ closed }) => closed);

Deno.test("beyond --max-connections clients wait, and none of those that are there is cut off", async () => {
  const { clock, proxy, lines, arrive, leave } = await serve({ maxConnections: 2 });
  const one = await arrive("192.0.2.7");
  const other = await arrive("192.0.2.8");
  // It was being asked for already.
  const waiting = [await arrive("192.0.2.9"), await arrive("192.0.2.9")];
  await clock.advance(10_000);
  assertEquals([proxy.counters.active, closed([one, other, ...waiting])], [
    2,
    [false, false, false, false],
  ]);
  await leave(one);
  assertEquals([proxy.counters.active, proxy.counters.accepted, proxy.counters.refused], [2, 3, 0]);
  assertEquals(lines, [
    "warning --max-connections 2 reached: new clients wait in the kernel's queue",
  ]);
});

Deno.test("--max-connections holds although a handshake that was to make way is done in the meantime", async () => {
  const { clock, proxy, connect, arrive, leave } = await serve({ maxConnections: 2 });
  const first = await arrive("192.0.2.7");
  const slow = await connect("192.0.2.8");
  // From now on a new client would replace it.
  await clock.advance(300);
  slow.completeHandshake();
  await settled();
  const third = await arrive("192.0.2.9");
  assertEquals([proxy.counters.accepted, third.closed], [2, false]);
  await leave(first);
  assertEquals([proxy.counters.accepted, proxy.counters.active, closed([slow, third])], [
    ...[3, 2],
    [false, false],
  ]);
});

Deno.test("--max-connections holds although several frontends ask for a client at the last moment", async () => {
  const { proxy, arrive, leave } = await serve({ maxConnections: 1 });
  const clients = [await arrive("192.0.2.7", 0), await arrive("192.0.2.8", 2)];
  assertEquals([proxy.counters.active, closed(clients)], [1, [false, false]]);
  await leave(clients[0]!);
  assertEquals([proxy.counters.active, proxy.counters.accepted], [1, 2]);
});

Deno.test("drain() serves a client that waits inside", async () => {
  const { clock, proxy, arrive } = await serve({ maxConnections: 1 });
  const clients = [await arrive("192.0.2.7", 0), await arrive("192.0.2.8", 2)];
  proxy.drain(1_000);
  await clock.advance(200);
  assertEquals([proxy.counters.accepted, closed(clients)], [2, [false, false]]);
  await clock.advance(2_000);
  assertEquals(closed(clients), [true, true]);
});

Deno.test("each of several workers takes its share of --max-connections", async () => {
  const { proxy, lines, arrive } = await serve({ maxConnections: 3, workers: 2 });
  for (let count = 0; count < 5; count++) await arrive("192.0.2.7");
  assertEquals(proxy.counters.active, 2);
  assertEquals(lines, [
    "warning --max-connections 3 (2 for each of 2 workers) reached: new clients wait in the kernel's queue",
  ]);
});

Deno.test("a client with too many connections is reset before its handshake, counted and named", async () => {
  const { clock, proxy, lines, arrive, leave } = await serve({ maxConnectionsPerClient: 2 });
  const kept = [await arrive("192.0.2.7"), await arrive("192.0.2.7")];
  const refused: FakeStream[] = [];
  for (let count = 0; count < 100; count++) refused.push(await arrive("192.0.2.7"));
  assertEquals([closed(kept), refused.every(({ wasReset }) => wasReset)], [[false, false], true]);
  assertEquals(refused.every(({ taken }) => taken === 0), true);
  const { counters } = proxy;
  assertEquals([counters.active, counters.accepted, counters.refused, counters.handshakesFailed], [
    ...[2, 2, 100, 0],
  ]);
  const other = await arrive("192.0.2.8");
  assertEquals([other.closed, counters.active], [false, 3]);
  await clock.advance(10_000);
  const kind = "warning connection refused: --max-connections-per-client 2 reached";
  assertEquals(lines, [
    `${kind} (client 192.0.2.7:3 to 192.0.2.1:8443)`,
    `${kind}: 99 more within 10 s, the last one: client 192.0.2.7:102 to 192.0.2.1:8443`,
  ]);
  await leave(kept[0]!);
  assertEquals((await arrive("192.0.2.7")).closed, false);
  assertEquals((await arrive("192.0.2.7")).closed, true);
});

Deno.test("a frontend's limits hold for all of its addresses together, and for no other frontend", async () => {
  const { proxy, lines, arrive } = await serve({ first: { maxConnectionsPerClient: 1 } });
  assertEquals((await arrive("192.0.2.7", 0)).closed, false);
  assertEquals((await arrive("192.0.2.7", 1)).closed, true);
  assertEquals((await arrive("192.0.2.7", 2)).closed, false);
  assertEquals((await arrive("192.0.2.7", 2)).closed, false);
  assertEquals([proxy.counters.active, proxy.counters.refused], [3, 1]);
  assertEquals(lines, [
    "warning connection refused: max-connections-per-client 1 of frontend first reached " +
    "(client 192.0.2.7:2 to 192.0.2.1:8443)",
  ]);
});

Deno.test("a reload changes the limits in place: nothing is cut off, and what is there counts", async () => {
  const { proxy, arrive, change } = await serve({});
  const early = [await arrive("192.0.2.7"), await arrive("192.0.2.7"), await arrive("192.0.2.7")];
  await change({ maxConnectionsPerClient: 2 });
  assertEquals([closed(early), proxy.counters.active], [[false, false, false], 3]);
  assertEquals((await arrive("192.0.2.7")).closed, true);
  await change({ maxConnectionsPerClient: 4 });
  assertEquals((await arrive("192.0.2.7")).closed, false);
  assertEquals((await arrive("192.0.2.7")).closed, true);
  await change({ second: { maxConnections: 1 } });
  await arrive("192.0.2.7", 2);
  const waiting = await arrive("192.0.2.7", 2);
  assertEquals([proxy.counters.active, waiting.closed], [5, false]);
  await change({});
  assertEquals(proxy.counters.active, 6);
});

Deno.test("drain() takes the clients that wait although --max-connections is reached", async () => {
  const { clock, proxy, arrive } = await serve({ maxConnections: 1 });
  for (let count = 0; count < 4; count++) await arrive("192.0.2.7");
  assertEquals(proxy.counters.accepted, 1);
  proxy.drain(1_000);
  await clock.advance(200);
  assertEquals(proxy.counters.accepted, 4);
  await clock.advance(2_000);
});
