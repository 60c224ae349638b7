/** A whole proxy on a platform in memory: clients from the accept queue to the end of a drain. */

import { PeerError, StartupError } from "../../../src/errors.ts";
import { configureLog } from "../../../src/log/log.ts";
import { Proxy, type ProxyOptions } from "../../../src/proxy/proxy.ts";
import type { TlsEngine, TlsListenerOptions } from "../../../src/tls/engine.ts";
import { createRustlsEngine } from "../../../src/tls/rustls/engine.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError, pairOf } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";
import { PROXY_OPTIONS } from "../../support/proxy_options.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";

const ADDRESS = { host: "192.0.2.1", port: 8443 };

const OPTIONS: typeof PROXY_OPTIONS = {
  ...PROXY_OPTIONS,
  preface: { ...PROXY_OPTIONS.preface, kind: "proxy-v1" },
  timeouts: { ...PROXY_OPTIONS.timeouts, handshake: 5 },
};

async function newProxy(options: Partial<ProxyOptions> = {}, engineIs: Partial<TlsEngine> = {}) {
  const runtime = new FakeRuntime();
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const backends: FakeStream[] = [];
  runtime.network.answer = () => {
    const stream = new FakeStream(pairOf(50_000 + backends.length));
    backends.push(stream);
    return Promise.resolve(stream);
  };
  const engine = { ...createRustlsEngine(runtime, TLS_CONFIGURATION), ...engineIs };
  const frontends = [{ ...ADDRESS, engine }];
  const proxy = await Proxy.listen(runtime, { ...OPTIONS, frontends, ...options }, log);
  proxy.serve();
  const arrive = async (port: number) => {
    const client = new FakeStream(pairOf(port));
    runtime.network.listeners[0]!.arrive(client);
    await settled();
    return client;
  };
  return { runtime, clock: runtime.clock, proxy, lines, backends, arrive };
}

Deno.test("a client is served after its handshake, and the preface comes first", async () => {
  const { runtime, proxy, backends, arrive } = await newProxy();
  const client = await arrive(1);
  assertEquals(
    runtime.network.dialed.length,
    0,
    "nothing is done for a client without a handshake",
  );
  client.completeHandshake();
  client.deliver("hello");
  await settled();
  assertEquals(backends[0]!.text, "PROXY TCP4 198.51.100.7 192.0.2.1 1 8443\r\nhello");
  assertEquals([proxy.counters.accepted, proxy.counters.active], [1, 1]);
  client.end();
  backends[0]!.end();
  await settled();
  assert(client.closed && backends[0]!.closed);
  assertEquals([proxy.counters.active, proxy.counters.bytesToBackend], [0, 5]);
});

Deno.test("a preface goes out whole, however little the backend takes at once", async () => {
  const { runtime, arrive } = await newProxy();
  const backend = new FakeStream(pairOf(9));
  backend.longestWrite = 1;
  runtime.network.answer = () => Promise.resolve(backend);
  (await arrive(1)).completeHandshake();
  await settled();
  assertEquals(backend.text, "PROXY TCP4 198.51.100.7 192.0.2.1 1 8443\r\n");
});

Deno.test("a client that leaves before it sends anything is counted apart and not logged", async () => {
  const { proxy, lines, arrive } = await newProxy();
  const client = await arrive(1);
  Object.assign(client, { hasSent: () => false });
  client.failHandshake(new NativeError("closed"));
  await settled();
  assert(client.closed);
  const { accepted, active, handshakesFailed, silent } = proxy.counters;
  assertEquals([accepted, active, handshakesFailed, silent], [1, 0, 0, 1]);
  assertEquals(lines.filter((line) => !line.startsWith("debug ")), []);
  assertEquals(lines.length, 1);
});

Deno.test("a silent client is reset at its deadline, and counted and logged", async () => {
  const { clock, proxy, lines, arrive } = await newProxy();
  const client = await arrive(1);
  await clock.advance(4_999);
  assertEquals(client.wasReset, false);
  await clock.advance(100);
  assert(client.wasReset && client.closed);
  assertEquals([proxy.counters.handshakesFailed, proxy.counters.active], [1, 0]);
  assert(
    lines[0]!.startsWith(
      "info handshake failed: no handshake within --ssl-handshake-timeout (client ",
    ),
  );
});

Deno.test("a client whose backend is not there is reset, not ended in order", async () => {
  const { runtime, clock, proxy, lines, arrive } = await newProxy();
  runtime.network.answer = () => Promise.reject(new NativeError("refused"));
  const client = await arrive(1);
  client.completeHandshake();
  await clock.advance(100);
  assert(client.wasReset && client.closed && !client.writeEnded);
  assertEquals(proxy.counters.backendsFailed, 1);
  assert(lines[0]!.startsWith("error backend failed: 127.0.0.1:8000: refused (client "), lines[0]);
});

Deno.test("no fault of accept() ends the loop, and none spins it", async () => {
  const { runtime, clock, lines, arrive } = await newProxy();
  const [listener] = runtime.network.listeners;
  listener!.arrive(new PeerError("client", "resources", "out of file descriptors"));
  await settled();
  assert(lines[0]!.startsWith("error cannot accept clients: out of file descriptors"));
  const waiting = await arrive(1);
  waiting.completeHandshake();
  await settled();
  assertEquals(runtime.network.dialed.length, 0, "it rests first");
  await clock.advance(100);
  assertEquals(runtime.network.dialed.length, 1);
  listener!.arrive(new PeerError("client", "reset", "gone before it was accepted"));
  await clock.advance(1);
  (await arrive(2)).completeHandshake();
  await settled();
  assertEquals(runtime.network.dialed.length, 2);
});

Deno.test("drain() takes who waits in the queue, then listens no more and waits for clients", async () => {
  const { runtime, clock, proxy, backends, arrive } = await newProxy();
  const client = await arrive(1);
  client.completeHandshake();
  let drained = false;
  proxy.drain(60_000).then(() => drained = true);
  const late = await arrive(2);
  late.completeHandshake();
  await clock.advance(50);
  assertEquals([runtime.network.listeners[0]!.closed, drained], [true, false]);
  for (const [index, stream] of [client, late].entries()) {
    stream.deliver("still served");
    await settled();
    assert(backends[index]!.text.endsWith("still served"));
    stream.end();
    backends[index]!.end();
  }
  await settled();
  assertEquals([drained, clock.waiting], [true, 0]);
});

Deno.test("drain() listens no more although clients never stop coming", async () => {
  const { runtime, clock, proxy } = await newProxy();
  let port = 1;
  const come = () => {
    runtime.network.listeners[0]!.arrive(new FakeStream(pairOf(port++)));
    if (port < 1_000) clock.after(3, come);
  };
  come();
  proxy.drain(60_000);
  await clock.advance(500);
  assertEquals(runtime.network.listeners[0]!.closed, true);
});

Deno.test("drain() resets whoever is left at its limit, in whatever state", async () => {
  const { runtime, clock, proxy, backends, arrive } = await newProxy();
  const silent = await arrive(1);
  const idle = await arrive(2);
  idle.completeHandshake();
  const halfClosed = await arrive(3);
  halfClosed.completeHandshake();
  halfClosed.end();
  await settled();
  backends[1]!.hold();
  let drained = false;
  proxy.drain(1_000).then(() => drained = true);
  await clock.advance(900);
  assertEquals(drained, false);
  await clock.advance(300);
  assert(silent.wasReset && idle.wasReset);
  assert([silent, idle, halfClosed, ...backends].every((stream) => stream.closed));
  assertEquals([drained, proxy.counters.active, runtime.clock.waiting], [true, 0, 0]);
});

Deno.test("drain() leaves nothing to do, although a crowd has just left", async () => {
  const { runtime, proxy, arrive } = await newProxy();
  const crowd: FakeStream[] = [];
  for (let port = 1; port <= 600; port++) crowd.push(await arrive(port));
  for (const client of crowd) client.failHandshake(new NativeError("gone"));
  await settled();
  assertEquals(proxy.counters.active, 0);
  const drained = proxy.drain(60_000);
  await runtime.clock.advance(1_000);
  await drained;
  assertEquals(runtime.clock.waiting, 0);
});

Deno.test("drain() gives up a backend that does not answer, at its limit", async () => {
  const { runtime, clock, proxy, lines, arrive } = await newProxy();
  runtime.network.answer = (_, cancellation) =>
    new Promise((_, reject) => {
      cancellation.onCancel = () => reject(new NativeError("other", "given up"));
    });
  const client = await arrive(1);
  client.completeHandshake();
  let drained = false;
  proxy.drain(1_000).then(() => drained = true);
  await clock.advance(1_200);
  assertEquals([drained, client.closed], [true, true]);
  assert(lines[0]!.includes("127.0.0.1:8000: no connection before the drain timeout"), lines[0]);
});

Deno.test("a second drain() with less patience ends both", async () => {
  const { clock, proxy, arrive } = await newProxy();
  (await arrive(1)).completeHandshake();
  const drained: string[] = [];
  proxy.drain(60_000).then(() => drained.push("first"));
  proxy.drain(0).then(() => drained.push("second"));
  await clock.advance(1_000);
  assertEquals(drained.sort(), ["first", "second"]);
});

Deno.test("a proxy tells its engine where and how to listen", async () => {
  const runtime = new FakeRuntime();
  const engine = createRustlsEngine(runtime, TLS_CONFIGURATION);
  const asked: TlsListenerOptions[] = [];
  const listen = (options: TlsListenerOptions) => {
    asked.push(options);
    return engine.listen(options);
  };
  const options = { ...OPTIONS, reusePort: false, steer: 4 };
  const frontends = [{ ...ADDRESS, engine: { ...engine, listen } }];
  const log = configureLog(() => {}, "error");
  const proxy = await Proxy.listen(runtime, { ...options, frontends }, log);
  assertEquals(proxy.addresses, [ADDRESS]);
  assertEquals(
    asked.map(({ address, reusePort, steer }) => [address, reusePort, steer]),
    [[{ host: "192.0.2.1", port: 8443 }, false, 4]],
  );
  assert(asked[0]!.sockets === options.sockets);
});

Deno.test("records leave together for the backend, if the engine gives one per read", async () => {
  const record = 16 << 10;
  for (const oneRecordPerRead of [true, false]) {
    const { runtime, arrive } = await newProxy({ preface: PROXY_OPTIONS.preface }, {
      oneRecordPerRead,
    });
    const backend = new FakeStream(pairOf(9));
    const writes: number[] = [];
    const write = backend.write.bind(backend);
    backend.write = (bytes) => {
      writes.push(bytes.length);
      return write(bytes);
    };
    runtime.network.answer = () => Promise.resolve(backend);
    const client = await arrive(1);
    client.longestRead = record;
    client.completeHandshake();
    client.deliver(new Uint8Array(8 * record));
    await settled();
    assertEquals(backend.bytes.length, 8 * record);
    assertEquals(Math.max(...writes) > record, oneRecordPerRead);
  }
});

Deno.test("a proxy listens on one frontend after the other, and accepts nobody before serve()", async () => {
  const runtime = new FakeRuntime();
  const addresses = [{ host: "192.0.2.1", port: 1 }, { host: "192.0.2.2", port: 2 }];
  const log = configureLog(() => {}, "error");
  const engine = createRustlsEngine(runtime, TLS_CONFIGURATION);
  const first = Promise.withResolvers<void>();
  const listen = async (options: TlsListenerOptions) => {
    if (options.address.port === 1) await first.promise;
    return await engine.listen(options);
  };
  const slow = { ...engine, listen };
  const frontends = addresses.map((address) => ({ ...address, engine: slow }));
  const listening = Proxy.listen(runtime, { ...OPTIONS, frontends }, log);
  await settled();
  assertEquals(runtime.network.listeners.length, 0);
  first.resolve();
  const proxy = await listening;
  assertEquals(proxy.addresses, addresses);
  runtime.network.listeners[1]!.arrive(new FakeStream(pairOf(1)));
  await settled();
  assertEquals(proxy.counters.accepted, 0);
  proxy.serve();
  await settled();
  assertEquals(proxy.counters.accepted, 1);
});

Deno.test("a proxy that cannot listen on all of its frontends listens on none", async () => {
  const runtime = new FakeRuntime();
  runtime.network.inUse.add("192.0.2.2:1");
  const log = configureLog(() => {}, "error");
  const engine = createRustlsEngine(runtime, TLS_CONFIGURATION);
  const frontends = ["192.0.2.1", "192.0.2.2"].map((host) => ({ host, port: 1, engine }));
  const make = () => Proxy.listen(runtime, { ...OPTIONS, frontends }, log);
  await assertRejects(make, StartupError, "in use");
  // Not even for a moment: whoever shares the port would lose clients to it.
  assertEquals(runtime.network.listeners, []);
  assertEquals(runtime.network.reserved, []);
});

Deno.test("drain() listens no more although the kernel does not let it close gently", async () => {
  const { runtime, clock, proxy } = await newProxy();
  runtime.kernel!.ignoreNewConnections = () => {
    throw new StartupError("operation not permitted");
  };
  let drained = false;
  proxy.drain(60_000, { successors: true }).then(() => drained = true);
  await clock.advance(1_300);
  assertEquals([runtime.network.listeners[0]!.closed, drained], [true, true]);
});
