/** A proxy that takes no more clients than it may have handshakes under way, on a platform in memory. */

import { configureLog } from "../../../src/log/log.ts";
import type { ConnectionReport } from "../../../src/log/access_line.ts";
import { Proxy, type ProxyOptions } from "../../../src/proxy/proxy.ts";
import type { TlsEngine } from "../../../src/tls/engine.ts";
import { createRustlsEngine } from "../../../src/tls/rustls/engine.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError, pairOf } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";
import { PROXY_OPTIONS } from "../../support/proxy_options.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

const FIRST = { host: "192.0.2.1", port: 8443 };
const SECOND = { host: "192.0.2.2", port: 8443 };

/** A proxy of so many handshakes, on two addresses. */
async function serve(maxHandshakes: number, wrap = (engine: TlsEngine) => engine) {
  const runtime = new FakeRuntime();
  runtime.network.answer = () => Promise.resolve(new FakeStream(pairOf(50_000)));
  const lines: string[] = [];
  const reports: ConnectionReport[] = [];
  const engine = wrap(createRustlsEngine(runtime, TLS_CONFIGURATION));
  const optionsOf = (maxHandshakes: number): ProxyOptions => ({
    ...PROXY_OPTIONS,
    frontends: [FIRST, SECOND].map((address) => ({ ...address, engine })),
    limits: { ...PROXY_OPTIONS.limits, maxHandshakes },
    onConnection: (report) => void reports.push(report),
  });
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "info");
  const proxy = await Proxy.listen(runtime, optionsOf(maxHandshakes), log);
  proxy.serve();
  let port = 1;
  const arrive = async (listener = 0) => {
    const client = new FakeStream(pairOf(port++));
    runtime.network.listeners[listener]!.arrive(client);
    await settled();
    return client;
  };
  const arriveAll = async (count: number, listener = 0) => {
    const clients: FakeStream[] = [];
    while (clients.length < count) clients.push(await arrive(listener));
    return clients;
  };
  const change = async (maxHandshakes: number) => {
    await (await proxy.prepare(optionsOf(maxHandshakes))).commit();
    await settled();
  };
  return { runtime, clock: runtime.clock, proxy, lines, reports, arrive, arriveAll, change };
}

Deno.test("no client is accepted beyond the limit, and one more when a handshake is done or has failed", async () => {
  const { proxy, lines, arriveAll } = await serve(3);
  const clients = await arriveAll(10);
  assertEquals(proxy.counters.accepted, 3);
  clients[1]!.completeHandshake();
  await settled();
  assertEquals(proxy.counters.accepted, 4);
  clients[0]!.failHandshake(new NativeError("reset"));
  await settled();
  assertEquals(proxy.counters.accepted, 5);
  clients[2]!.completeHandshake();
  clients[3]!.completeHandshake();
  await settled();
  // Those whose handshake is done count no more, however long they stay.
  assertEquals([proxy.counters.accepted, proxy.counters.active], [7, 6]);
  assertEquals(lines.filter((line) => line.includes("--max-handshakes 3 reached")).length, 1);
});

Deno.test("the oldest silent client gives way to a new one after 2 seconds", async () => {
  const { clock, proxy, lines, reports, arrive, arriveAll } = await serve(2);
  const [oldest, next] = await arriveAll(2);
  const waiting = await arrive();
  await clock.advance(1_900);
  assertEquals([proxy.counters.accepted, oldest!.wasReset], [2, false]);
  await clock.advance(200);
  assertEquals([oldest!.wasReset, oldest!.closed, next!.closed], [true, true, false]);
  assertEquals([proxy.counters.accepted, proxy.counters.handshakesFailed], [3, 1]);
  const reason = "gave way to a new client: --max-handshakes 2 reached";
  assertEquals(
    lines.filter((line) => line.includes("gave way")),
    [
      `info handshake failed: ${reason} (client 198.51.100.7:1 to 192.0.2.1:8443)`,
    ],
  );
  assertEquals(
    reports.map(({ end, by, reason }) => [end, by, reason]),
    [["handshake-failed", "client", reason]],
  );
  waiting.completeHandshake();
  await settled();
  assertEquals([waiting.closed, proxy.counters.active], [false, 2]);
});

Deno.test("without a new client nobody gives way", async () => {
  const { clock, proxy, arriveAll } = await serve(2);
  const silent = await arriveAll(2);
  await clock.advance(29_000);
  assertEquals([silent.map(({ closed }) => closed), proxy.counters.active], [[false, false], 2]);
});

Deno.test("all frontends share the limit", async () => {
  const { proxy, arriveAll } = await serve(3);
  const [first] = await arriveAll(2, 0);
  await arriveAll(3, 1);
  // The other frontend was asking for a client already when the third came.
  await arriveAll(3, 0);
  assertEquals(proxy.counters.accepted, 3);
  first!.completeHandshake();
  await settled();
  assertEquals(proxy.counters.accepted, 4);
});

Deno.test("another limit holds at once", async () => {
  const { clock, proxy, arriveAll, change } = await serve(2);
  const before = await arriveAll(8);
  assertEquals(proxy.counters.accepted, 2);
  await change(4);
  assertEquals(proxy.counters.accepted, 4);
  await change(1);
  for (const client of before.slice(0, 3)) client.completeHandshake();
  await settled();
  assertEquals(proxy.counters.accepted, 4);
  before[3]!.completeHandshake();
  await settled();
  assertEquals(proxy.counters.accepted, 5);
  await clock.advance(2_100);
  assertEquals([proxy.counters.accepted, before[4]!.wasReset], [6, true]);
});

Deno.test("drain() takes the clients that wait although the limit is reached", async () => {
  const { runtime, clock, proxy, arriveAll } = await serve(2);
  const clients = await arriveAll(6);
  assertEquals(proxy.counters.accepted, 2);
  let drained = false;
  proxy.drain(60_000).then(() => drained = true);
  await clock.advance(100);
  assertEquals(proxy.counters.accepted, 6);
  assert(runtime.network.listeners.every(({ closed }) => closed));
  for (const client of clients) client.failHandshake(new NativeError("reset"));
  await clock.advance(100);
  assertEquals([drained, clock.waiting], [true, 0]);
});

Deno.test("after each client the others have a turn", async () => {
  const { clock, arriveAll } = await serve(100);
  await arriveAll(5);
  assertEquals(clock.turns, 5);
});

Deno.test("where the platform accepts clients unasked, all are taken", async () => {
  const unasked = (engine: TlsEngine): TlsEngine => ({
    ...engine,
    async listen(options) {
      return Object.assign(await engine.listen(options), { acceptsUnasked: true });
    },
  });
  const { clock, proxy, arriveAll } = await serve(2, unasked);
  const clients = await arriveAll(6);
  await clock.advance(5_000);
  assertEquals([proxy.counters.accepted, clients.some(({ closed }) => closed)], [6, false]);
  assertEquals(clock.turns, 0, "while others have their turns, more may come than can wait");
});
