/** Connecting to the backend: addresses in order, under one deadline. */

import type { Cancellation } from "../../../src/runtime/cancellation.ts";
import { PeerError } from "../../../src/errors.ts";
import { Registry } from "../../../src/metrics/registry.ts";
import { Aborter } from "../../../src/proxy/aborter.ts";
import { BackendDialer } from "../../../src/proxy/backend_dialer.ts";
import type { Endpoint, Stream } from "../../../src/runtime/runtime.ts";
import type { TlsDialer } from "../../../src/tls/dialer.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError, pairOf } from "../../support/fake_stream.ts";

const FIRST: Endpoint = { kind: "tcp", host: "::1", port: 80 };
const SECOND: Endpoint = { kind: "tcp", host: "127.0.0.1", port: 80 };
const UNIX: Endpoint = { kind: "unix", path: "/run/web" };

function newDialer(...endpoints: Endpoint[]) {
  const runtime = new FakeRuntime();
  const options = { timeout: 2_000, aborter: new Aborter(runtime), metrics: new Registry() };
  return { runtime, dialer: new BackendDialer(runtime, endpoints, options) };
}

/** One to the second address alone, with TLS whose handshakes are the test's. */
function newTlsDialer() {
  const runtime = new FakeRuntime();
  const streams: FakeStream[] = [];
  const tls: TlsDialer = {
    library: "fake",
    oneRecordPerRead: false,
    prepare: () => Promise.resolve(),
    dial() {
      const stream = new FakeStream(pairOf(8_000 + streams.length));
      streams.push(stream);
      const handshake = () => stream.handshake().then(() => stream);
      return Promise.resolve({
        handshake,
        reset: () => stream.reset(),
        unsent: () => stream.unsent(),
        close: () => stream.close(),
      });
    },
  };
  const options = { timeout: 2_000, aborter: new Aborter(runtime), metrics: new Registry(), tls };
  return { runtime, streams, dialer: new BackendDialer(runtime, [SECOND], options) };
}

Deno.test("with TLS dial() gives a connection whose handshake is done", async () => {
  const { runtime, streams, dialer } = newTlsDialer();
  const dialing = dialer.dial({ backend: undefined });
  await runtime.clock.advance(1_999);
  streams[0]!.completeHandshake();
  assert(await dialing === streams[0]);
  assertEquals([streams[0]!.closed, runtime.clock.waiting], [false, 0]);
});

Deno.test("a handshake that fails is reported with its backend, and the connection closed", async () => {
  const { runtime, streams, dialer } = newTlsDialer();
  const dialing = Promise.resolve(dialer.dial({ backend: undefined }))
    .then(() => undefined, (error: PeerError) => error);
  await runtime.clock.advance(1);
  streams[0]!.failHandshake(new PeerError("backend", "handshake", "TLS: it is no good"));
  const error = await dialing;
  assertEquals([error?.kind, error?.message], ["handshake", "127.0.0.1:80: TLS: it is no good"]);
  assertEquals([streams[0]!.closed, streams[0]!.wasReset], [true, false]);
});

Deno.test("a handshake that stalls is reset at the deadline, and closed after that", async () => {
  const { runtime, streams, dialer } = newTlsDialer();
  const dialing = Promise.resolve(dialer.dial({ backend: undefined }))
    .then(() => undefined, (error: PeerError) => error);
  await runtime.clock.advance(1_999);
  assertEquals([streams[0]!.wasReset, streams[0]!.closed], [false, false]);
  await runtime.clock.advance(100);
  const error = await dialing;
  assertEquals(
    [error?.kind, error?.message],
    ["timeout", "127.0.0.1:80: no TLS connection within 2 s"],
  );
  assertEquals([streams[0]!.wasReset, streams[0]!.closed], [true, true]);
  assertEquals(runtime.clock.waiting, 0);
});

Deno.test("cancelAll() gives up handshakes too", async () => {
  const { runtime, dialer } = newTlsDialer();
  const dialing = Promise.resolve(dialer.dial({ backend: undefined }))
    .then(() => undefined, (error: PeerError) => error);
  await runtime.clock.advance(1);
  dialer.cancelAll();
  await runtime.clock.advance(100);
  assertEquals(
    (await dialing)?.message,
    "127.0.0.1:80: no TLS connection before the drain timeout",
  );
});

/** Never connects; gives up when told to. */
function hang(_: Endpoint, cancellation: Cancellation): Promise<Stream> {
  return new Promise((_, reject) => {
    cancellation.onCancel = () => reject(new NativeError("other", "given up"));
  });
}

Deno.test("dial() connects to the first address, and leaves no timer", async () => {
  const { runtime, dialer } = newDialer(FIRST, SECOND);
  const stream = new FakeStream();
  runtime.network.answer = () => Promise.resolve(stream);
  assert(await dialer.dial({ backend: undefined }) === stream);
  assertEquals(runtime.network.dialed, [FIRST]);
  assertEquals(runtime.clock.waiting, 0);
});

Deno.test("dial() rejects with the fault of each address", async () => {
  const refused = newDialer(FIRST, SECOND);
  const error = await assertRejects(
    async () => await refused.dialer.dial({ backend: undefined }),
    PeerError,
    "[::1]:80: refused; 127.0.0.1:80: refused",
  );
  assertEquals([error.party, error.kind], ["backend", "refused"]);
  assertEquals(refused.runtime.clock.waiting, 0);
  await assertRejects(
    async () => await newDialer(FIRST).dialer.dial({ backend: undefined }),
    PeerError,
    "[::1]:80: refused",
  );
  await assertRejects(
    async () => await newDialer(UNIX).dialer.dial({ backend: undefined }),
    PeerError,
    "/run/web: refused",
  );
});

Deno.test("one deadline counts for all addresses together", async () => {
  const { runtime, dialer } = newDialer(FIRST, SECOND);
  runtime.network.answer = hang;
  const dialing = Promise.resolve(dialer.dial({ backend: undefined }))
    .then(() => undefined, (error: PeerError) => error);
  await runtime.clock.advance(2_000);
  const error = await dialing;
  assertEquals([error?.kind, error?.message], [
    "timeout",
    "[::1]:80: no connection within 2 s; 127.0.0.1:80: no connection within 2 s",
  ]);
  assertEquals(runtime.network.dialed, [FIRST, SECOND]);
  assertEquals(runtime.clock.waiting, 0);
});

Deno.test("a fault before the deadline keeps its own reason", async () => {
  const { runtime, dialer } = newDialer(FIRST, SECOND);
  runtime.network.answer = (endpoint, cancellation) =>
    endpoint === FIRST ? Promise.reject(new NativeError("refused")) : hang(endpoint, cancellation);
  const dialing = Promise.resolve(dialer.dial({ backend: undefined }))
    .then(() => undefined, (error: PeerError) => error);
  await runtime.clock.advance(2_000);
  const { kind, message } = (await dialing)!;
  assertEquals([kind, message], [
    ...["timeout", "[::1]:80: refused; 127.0.0.1:80: no connection within 2 s"],
  ]);
});

Deno.test("a name with very many addresses gives a short line", async () => {
  const many = Array.from({ length: 9 }, (_, index): Endpoint => ({
    ...{ kind: "tcp", host: `192.0.2.${index}`, port: 80 },
  }));
  const { dialer } = newDialer(...many);
  await assertRejects(
    async () => await dialer.dial({ backend: undefined }),
    PeerError,
    "192.0.2.0:80: refused; 192.0.2.1:80: refused; 192.0.2.2:80: refused; 6 more addresses",
  );
  await assertRejects(
    async () => await newDialer().dialer.dial({ backend: undefined }),
    PeerError,
    "the backend has no address",
  );
});

Deno.test("use() is for new connections; those under way go on", async () => {
  const { runtime, dialer } = newDialer(FIRST);
  const [stream, later] = [new FakeStream(), new FakeStream()];
  const connecting = Promise.withResolvers<Stream>();
  runtime.network.answer = (endpoint) =>
    endpoint === FIRST ? connecting.promise : Promise.resolve(later);
  const first = dialer.dial({ backend: undefined });
  dialer.use([SECOND]);
  assert(await dialer.dial({ backend: undefined }) === later);
  connecting.resolve(stream);
  assert(await first === stream);
  assertEquals(runtime.network.dialed, [FIRST, SECOND]);
});

Deno.test("a deadline that one dial has used up is not another one's", async () => {
  const { runtime, dialer } = newDialer(FIRST);
  runtime.network.answer = hang;
  const first = Promise.resolve(dialer.dial({ backend: undefined })).catch(() => "late");
  await runtime.clock.advance(1_500);
  const stream = new FakeStream();
  runtime.network.answer = () => Promise.resolve(stream);
  assert(await dialer.dial({ backend: undefined }) === stream);
  await runtime.clock.advance(500);
  assertEquals(await first, "late");
});

Deno.test("use() dials other addresses from then on, in another time", async () => {
  const { runtime, dialer } = newDialer(FIRST);
  runtime.network.answer = hang;
  const before = Promise.resolve(dialer.dial({ backend: undefined }));
  before.catch(() => {});
  dialer.use([UNIX]);
  dialer.change({ timeout: 500 });
  runtime.network.answer = () => Promise.resolve(new FakeStream());
  await dialer.dial({ backend: undefined });
  assertEquals(runtime.network.dialed, [FIRST, UNIX]);
  await runtime.clock.advance(2_000);
  await assertRejects(() => before, PeerError);
  runtime.network.answer = hang;
  const after = Promise.resolve(dialer.dial({ backend: undefined }));
  after.catch(() => {});
  await runtime.clock.advance(500);
  await assertRejects(() => after, PeerError, "/run/web");
});
