/** What is said of a connection that has ended, in each of the ways there are. */

import { PeerError } from "../../../src/errors.ts";
import type { ConnectionReport } from "../../../src/log/access_line.ts";
import { configureLog } from "../../../src/log/log.ts";
import type { OnConnection } from "../../../src/proxy/access_log.ts";
import { Proxy } from "../../../src/proxy/proxy.ts";
import type { Endpoint } from "../../../src/runtime/runtime.ts";
import type {
  Negotiated,
  PendingClient,
  SecureClient,
  TlsEngine,
} from "../../../src/tls/engine.ts";
import { createRustlsEngine } from "../../../src/tls/rustls/engine.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError, pairOf } from "../../support/fake_stream.ts";
import { FRESH } from "../../support/hello_samples.ts";
import { settled } from "../../support/manual_clock.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";
import { PROXY_OPTIONS } from "../../support/proxy_options.ts";

const BACKEND: Endpoint = { kind: "tcp", host: "127.0.0.1", port: 8000 };
const AGREED: Negotiated = {
  protocol: "TLSv1.3",
  cipher: "TLS_AES_256_GCM_SHA384",
  group: "x25519",
  alpn: "h2",
  resumed: true,
  clientCertificate: undefined,
  certificate: undefined,
};

/** A proxy before a backend that takes every connection. */
async function newProxy(
  { backend = BACKEND, wrap = (engine: TlsEngine) => engine, hear = (() => {}) as OnConnection } =
    {},
) {
  const runtime = new FakeRuntime();
  const reports: ConnectionReport[] = [];
  const backends: FakeStream[] = [];
  runtime.network.answer = () => {
    const stream = new FakeStream(pairOf(50_000 + backends.length));
    backends.push(stream);
    return Promise.resolve(stream);
  };
  const engine = wrap(createRustlsEngine(runtime, TLS_CONFIGURATION));
  const options = {
    ...PROXY_OPTIONS,
    frontends: [{ ...{ host: "192.0.2.1", port: 8443 }, engine }],
    backend: [backend],
    timeouts: { handshake: 5, backendConnect: 3, linger: 30, stall: 300 },
    onConnection: (report: ConnectionReport) => {
      reports.push(report);
      hear(report);
    },
  };
  const proxy = await Proxy.listen(runtime, options, configureLog(() => {}, "error"));
  proxy.serve();
  let port = 0;
  const arrive = async () => {
    const client = new FakeStream(pairOf(++port));
    runtime.network.listeners[0]!.arrive(client);
    await settled();
    return client;
  };
  const connect = async () => {
    const client = await arrive();
    client.completeHandshake();
    await settled();
    return { client, peer: backends.at(-1)! };
  };
  return { runtime, clock: runtime.clock, proxy, reports, backends, arrive, connect };
}

/** The end in short. */
function endOf({ end, by, reason }: ConnectionReport): string {
  return `${end} by ${by}: ${reason}`;
}

Deno.test("an orderly connection: addresses, bytes, times", async () => {
  const { clock, reports, arrive, backends } = await newProxy();
  const client = await arrive();
  await clock.advance(20);
  client.completeHandshake();
  client.deliver("hello");
  await settled();
  backends[0]!.deliver("hello to you");
  await clock.advance(1_000);
  client.end();
  backends[0]!.end();
  await settled();
  assertEquals(reports, [{
    time: clock.date(),
    client: "198.51.100.7:1",
    frontend: "192.0.2.1:8443",
    serverName: undefined,
    protocol: undefined,
    cipher: undefined,
    group: undefined,
    resumed: undefined,
    alpn: undefined,
    ja4: undefined,
    clientSubject: undefined,
    backend: "127.0.0.1:8000",
    bytesToBackend: 5,
    bytesToClient: 12,
    handshakeTime: 20,
    duration: 1_020,
    end: "orderly",
    by: undefined,
    reason: undefined,
  }]);
});

Deno.test("what an engine reports: name, fingerprint, agreement", async () => {
  const wrap = (engine: TlsEngine): TlsEngine => telling(engine, AGREED);
  const { reports, connect } = await newProxy({ wrap, backend: { kind: "unix", path: "/run/b" } });
  const { client, peer } = await connect();
  client.end();
  peer.end();
  await settled();
  const [report] = reports;
  assertEquals(
    [report!.serverName, report!.ja4, report!.protocol, report!.cipher, report!.group],
    [
      ...["www.example.org", "t13d3111h2_e8f1e7e78f70_1f22a2ca17c4", "TLSv1.3"],
      ...["TLS_AES_256_GCM_SHA384", "x25519"],
    ],
  );
  assertEquals([report!.alpn, report!.resumed, report!.backend], ["h2", true, "/run/b"]);
});

Deno.test("handshakes that fail: the reason, or the deadline", async () => {
  const { clock, reports, arrive } = await newProxy();
  const client = await arrive();
  client.failHandshake(new PeerError("client", "handshake", "no cipher suite in common"));
  await settled();
  await arrive();
  await clock.advance(5_100);
  assertEquals(reports.map(endOf), [
    "handshake-failed by client: no cipher suite in common",
    "deadline by client: no handshake within --ssl-handshake-timeout",
  ]);
  assertEquals(reports.map(({ handshakeTime }) => handshakeTime), [undefined, undefined]);
  assert(reports[1]!.duration >= 5_000);
});

Deno.test("backends that fail: the reason, or the deadline", async () => {
  const { runtime, clock, reports, arrive } = await newProxy();
  runtime.network.answer = () => Promise.reject(new NativeError("refused"));
  (await arrive()).completeHandshake();
  await settled();
  runtime.network.answer = (_, cancellation) =>
    new Promise((_, reject) => {
      cancellation.onCancel = () => reject(new NativeError("other", "given up"));
    });
  (await arrive()).completeHandshake();
  await clock.advance(3_000);
  runtime.network.answer = () => Promise.reject(new NativeError("resources", "no descriptors"));
  (await arrive()).completeHandshake();
  await settled();
  assertEquals(reports.map(endOf), [
    "backend-failed by backend: 127.0.0.1:8000: refused",
    "deadline by backend: 127.0.0.1:8000: no connection within 3 s",
    "resources by stud: 127.0.0.1:8000: no descriptors",
  ]);
  assertEquals(reports.map(({ backend }) => backend), [undefined, undefined, undefined]);
});

Deno.test("disorderly ends: whose doing, and what was relayed before", async () => {
  const { clock, reports, connect } = await newProxy();
  const faults: [side: "client" | "peer", fault: Error][] = [
    ["client", new NativeError("reset")],
    ["client", new PeerError("client", "closed", "ended without close_notify")],
    ["client", new PeerError("client", "other", "the client broke the protocol")],
    ["peer", new NativeError("reset")],
  ];
  for (const [side, fault] of faults) {
    const both = await connect();
    both.client.deliver("hello");
    await settled();
    both[side].fail(fault);
    await clock.advance(3_000);
  }
  assertEquals(reports.map(endOf), [
    "reset by client: reset",
    "closed by client: ended without close_notify",
    "failed by client: the client broke the protocol",
    "reset by backend: reset",
  ]);
  assertEquals(reports.map(({ bytesToBackend }) => bytesToBackend), [5, 5, 5, 5]);
  assertEquals(reports.map(({ backend }) => backend), Array(4).fill("127.0.0.1:8000"));
});

Deno.test("a peer that takes nothing has stalled", async () => {
  const { clock, reports, connect } = await newProxy();
  const first = await connect();
  first.peer.hold();
  first.client.deliver("hello");
  await clock.advance(330_000);
  const second = await connect();
  second.client.hold();
  second.peer.deliver("hello");
  await clock.advance(330_000);
  assertEquals(reports.map(endOf), [
    "stalled by backend: no progress within --stall-timeout or --linger-timeout",
    "stalled by client: no progress within --stall-timeout or --linger-timeout",
  ]);
});

Deno.test("whatever is left at the end of a drain was drained, and nothing that ended before", async () => {
  const { clock, proxy, reports, arrive, connect } = await newProxy();
  await arrive();
  await connect();
  const { client } = await connect();
  proxy.drain(1_000);
  await clock.advance(500);
  client.fail(new NativeError("reset"));
  await clock.advance(2_000);
  assertEquals(reports.map(({ end, by }) => `${end} by ${by}`), [
    "reset by client",
    "drained by stud",
    "drained by stud",
  ]);
});

Deno.test("a callback that throws does no harm", async () => {
  const hear = () => {
    throw new Error("a program's own fault");
  };
  const { proxy, reports, connect } = await newProxy({ hear });
  for (let count = 0; count < 2; count++) {
    const { client, peer } = await connect();
    client.end();
    peer.end();
    await settled();
  }
  assertEquals([reports.length, proxy.counters.active], [2, 0]);
});

Deno.test("a client whose addresses can no longer be read has none", async () => {
  const wrap = (engine: TlsEngine): TlsEngine => telling(engine, AGREED, true);
  const { reports, connect } = await newProxy({ wrap });
  const { client, peer } = await connect();
  client.end();
  peer.end();
  await settled();
  assertEquals([reports[0]!.client, reports[0]!.frontend], [undefined, undefined]);
});

Deno.test("a client that left before its address was known has none, but came to a frontend", async () => {
  const { runtime, reports } = await newProxy();
  const client = new FakeStream({ ...pairOf(1), peer: { host: "", port: 0 } });
  runtime.network.listeners[0]!.arrive(client);
  client.end();
  client.failHandshake(new NativeError("gone"));
  await settled();
  assertEquals([reports[0]!.client, reports[0]!.frontend], [undefined, "192.0.2.1:8443"]);
});

/** An engine that tells more of its connections, or not even their addresses. */
function telling(engine: TlsEngine, negotiated: Negotiated, gone = false): TlsEngine {
  return {
    ...engine,
    async listen(options) {
      const listener = await engine.listen(options);
      return {
        address: listener.address,
        close: () => listener.close(),
        async accept() {
          const client = await listener.accept();
          return new Proxied(client, negotiated, gone);
        },
      };
    },
  };
}

class Proxied implements PendingClient {
  readonly serverName = "www.example.org";
  readonly #negotiated: Negotiated;
  readonly #client: PendingClient;
  readonly #gone: boolean;

  constructor(client: PendingClient, negotiated: Negotiated, gone: boolean) {
    this.#client = client;
    this.#negotiated = negotiated;
    this.#gone = gone;
  }

  get pair() {
    if (this.#gone) throw new NativeError("gone");
    return this.#client.pair;
  }

  async handshake(onHello?: (bytes: Uint8Array) => void): Promise<SecureClient> {
    onHello?.(FRESH);
    const { stream } = await this.#client.handshake();
    return { stream, negotiated: this.#negotiated };
  }

  reset(): void {
    this.#client.reset();
  }

  unsent(): number {
    return this.#client.unsent();
  }

  close(): void {
    this.#client.close();
  }
}
