/** A proxy that changes to other options while clients are there, on a platform in memory. */

import { StartupError } from "../../../src/errors.ts";
import { configureLog } from "../../../src/log/log.ts";
import { Proxy, type ProxyOptions } from "../../../src/proxy/proxy.ts";
import type { TlsEngine } from "../../../src/tls/engine.ts";
import { createRustlsEngine } from "../../../src/tls/rustls/engine.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, pairOf } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";
import { PROXY_OPTIONS } from "../../support/proxy_options.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

const FIRST = { host: "192.0.2.1", port: 8443 };
const SECOND = { host: "192.0.2.2", port: 8443 };

const OPTIONS: typeof PROXY_OPTIONS = {
  ...PROXY_OPTIONS,
  timeouts: { ...PROXY_OPTIONS.timeouts, handshake: 5 },
};

/** A proxy that serves on the first address. */
async function bench() {
  const runtime = new FakeRuntime();
  const { network, clock } = runtime;
  const backends: FakeStream[] = [];
  network.answer = () => {
    backends.push(new FakeStream(pairOf(50_000 + backends.length)));
    return Promise.resolve(backends.at(-1)!);
  };
  const engine = createRustlsEngine(runtime, TLS_CONFIGURATION);
  const optionsOf = (
    addresses: readonly { host: string; port: number }[],
    by: TlsEngine = engine,
    other: Partial<ProxyOptions> = {},
  ): ProxyOptions => ({
    ...OPTIONS,
    frontends: addresses.map((address) => ({ ...address, engine: by })),
    ...other,
  });
  const log = configureLog(() => {}, "error");
  const proxy = await Proxy.listen(runtime, optionsOf([FIRST]), log);
  proxy.serve();
  let port = 1;
  const arrive = async (listener = 0) => {
    const client = new FakeStream(pairOf(port++));
    network.listeners[listener]!.arrive(client);
    client.completeHandshake();
    await settled();
    return client;
  };
  /** Another certificate, for which rustls needs a socket of its own. */
  const renewed = () =>
    createRustlsEngine(runtime, {
      ...TLS_CONFIGURATION,
      certificates: [{ ...TLS_CONFIGURATION.certificates[0]!, certificateChain: "renewed" }],
    });
  const open = () => network.listeners.map(({ closed }) => !closed);
  return { runtime, network, clock, engine, proxy, backends, optionsOf, arrive, renewed, open };
}

Deno.test("prepare() changes nothing, and forget() closes gently what it has opened", async () => {
  const { network, clock, proxy, backends, optionsOf, arrive, renewed, open } = await bench();
  const change = await proxy.prepare(optionsOf([FIRST, SECOND], renewed()));
  assertEquals(change.reopened.map(({ host }) => host), [FIRST.host]);
  assertEquals([proxy.addresses, open()], [[FIRST], [true, true, true]]);
  const queued = new FakeStream(pairOf(9));
  network.listeners[1]!.arrive(queued);
  await settled();
  assertEquals(proxy.counters.accepted, 0);
  change.forget();
  // Nobody was to know of a new address; where others are served a client may wait already.
  assertEquals(open(), [true, true, false]);
  queued.completeHandshake();
  await clock.advance(200);
  assertEquals([open(), queued.closed, backends.length], [[true, false, false], false, 1]);
  await arrive();
  assertEquals(proxy.counters.active, 2);
});

Deno.test("commit() keeps, adds and removes frontends, and former clients go on", async () => {
  const { clock, proxy, backends, optionsOf, arrive, open } = await bench();
  const client = await arrive();
  const more = await proxy.prepare(optionsOf([SECOND, FIRST]));
  assertEquals(more.reopened, []);
  await more.commit();
  assertEquals([proxy.addresses, open()], [[SECOND, FIRST], [true, true]]);
  await arrive(0);
  await arrive(1);
  assertEquals(proxy.counters.accepted, 3);
  const fewer = await proxy.prepare(optionsOf([SECOND]));
  let closed = false;
  fewer.commit().then(() => closed = true);
  await clock.advance(100);
  assertEquals([closed, proxy.addresses, open()], [true, [SECOND], [false, true]]);
  client.deliver("still there");
  await settled();
  assertEquals(backends[0]!.text, "still there");
});

Deno.test("commit() serves on by another socket where the engine needs one, and gives packets time", async () => {
  const { runtime, clock, proxy, optionsOf, arrive, renewed, open, network } = await bench();
  const change = await proxy.prepare(optionsOf([FIRST], renewed()));
  let closed = false;
  change.commit().then(() => closed = true);
  await arrive(1);
  // Who comes to the former socket is served yet.
  await arrive(0);
  assertEquals([proxy.counters.accepted, open()], [2, [true, true]]);
  await clock.advance(1_100);
  assertEquals([closed, open()], [false, [true, true]]);
  await clock.advance(200);
  assertEquals([closed, open()], [true, [false, true]]);
  assertEquals(network.listeners[1]!.options.certificateChain, "renewed");
  assert(runtime.events.includes("overlook 0") && !runtime.events.includes("overlook 1"));
});

Deno.test("commit() has the same socket served by another engine that can do so", async () => {
  const { runtime, engine, proxy, optionsOf, arrive, open } = await bench();
  const adopted: string[] = [];
  const adopting: TlsEngine = {
    ...engine,
    adopt: (listener) =>
      Promise.resolve(() => void adopted.push(`${listener.address.host}:${listener.address.port}`)),
  };
  const change = await proxy.prepare(optionsOf([FIRST], adopting));
  assertEquals([adopted, change.reopened], [[], []]);
  await change.commit();
  assertEquals([adopted, open()], [["192.0.2.1:8443"], [true]]);
  await arrive();
  assertEquals(proxy.counters.accepted, 1);
  // With the same engine there is nothing to adopt.
  const sockets = { ...PROXY_OPTIONS.sockets, backlog: 7 };
  await (await proxy.prepare(optionsOf([FIRST], adopting, { sockets }))).commit();
  assertEquals(adopted.length, 1);
  assertEquals(runtime.kernel!.tuned.at(-1)!.options.sockets.backlog, 7);
});

Deno.test("a frontend that cannot listen leaves everything as it was", async () => {
  const { network, engine, proxy, optionsOf, arrive, renewed, open } = await bench();
  network.inUse.add("192.0.2.9:8443");
  const addresses = [FIRST, SECOND, { host: "192.0.2.9", port: 8443 }];
  const prepare = () => proxy.prepare(optionsOf(addresses, renewed()));
  await assertRejects(prepare, StartupError, "in use");
  assertEquals([proxy.addresses, open()], [[FIRST], [true]]);
  const refusing = {
    ...engine,
    adopt: () => Promise.reject(new StartupError("no cipher match")),
  };
  await assertRejects(
    () => proxy.prepare(optionsOf([SECOND, FIRST], refusing)),
    StartupError,
    "no cipher match",
  );
  assertEquals(open(), [true]);
  await arrive();
  assertEquals(proxy.counters.accepted, 1);
});

Deno.test("new connections get the new backend and preface, those of before keep theirs", async () => {
  const { network, proxy, backends, engine, optionsOf, arrive } = await bench();
  const before = await arrive();
  const change = await proxy.prepare(optionsOf([FIRST], engine, {
    backend: [{ kind: "unix", path: "/run/web" }],
    preface: { ...PROXY_OPTIONS.preface, kind: "proxy-v1" },
  }));
  await change.commit();
  await arrive();
  assertEquals(network.dialed.map(({ kind }) => kind), ["tcp", "unix"]);
  assert(backends[1]!.text.startsWith("PROXY TCP4 "));
  before.deliver("plain");
  await settled();
  assertEquals(backends[0]!.text, "plain");
});

Deno.test("a new handshake timeout is for clients that come from then on", async () => {
  const { network, clock, proxy, engine, optionsOf } = await bench();
  const silent = async () => {
    const client = new FakeStream(pairOf(77));
    network.listeners[0]!.arrive(client);
    await settled();
    return client;
  };
  const limit = async (handshake: number) => {
    const timeouts = { ...OPTIONS.timeouts, handshake };
    await (await proxy.prepare(optionsOf([FIRST], engine, { timeouts }))).commit();
  };
  const before = await silent();
  await limit(10);
  const after = await silent();
  await clock.advance(5_100);
  assertEquals([before.closed, after.closed], [true, false]);
  await clock.advance(5_000);
  assertEquals(after.closed, true);
  await limit(1);
  const last = await silent();
  await clock.advance(1_100);
  assertEquals(last.closed, true);
});

Deno.test("drain() waits for the clients of former frontends, and resets them at its limit", async () => {
  const { clock, proxy, optionsOf, arrive, backends } = await bench();
  const former = await arrive();
  const change = await proxy.prepare(optionsOf([SECOND]));
  change.commit();
  await clock.advance(100);
  let drained = false;
  proxy.drain(1_000).then(() => drained = true);
  await clock.advance(900);
  assertEquals([drained, former.closed], [false, false]);
  await clock.advance(300);
  assertEquals([drained, former.wasReset, backends[0]!.closed], [true, true, true]);
});

Deno.test("drain() ends when the clients of former frontends have ended", async () => {
  const { clock, proxy, optionsOf, arrive, backends } = await bench();
  const former = await arrive();
  (await proxy.prepare(optionsOf([SECOND]))).commit();
  await clock.advance(100);
  let drained = false;
  proxy.drain(60_000).then(() => drained = true);
  await clock.advance(100);
  former.end();
  backends[0]!.end();
  await settled();
  assertEquals([drained, clock.waiting], [true, 0]);
});
