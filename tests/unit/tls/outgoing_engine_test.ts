/** The engine for TLS to the backend, on a platform in memory. */

import { Cancellation } from "../../../src/runtime/cancellation.ts";
import { PeerError, StartupError } from "../../../src/errors.ts";
import type { TlsDialOptions } from "../../../src/runtime/runtime.ts";
import { makeEngine } from "../../../src/tls/make_engine.ts";
import type { BackendTls } from "../../../src/tls/tls_configuration.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError } from "../../support/fake_stream.ts";
import { engineWith, TLS_CONFIGURATION } from "../../support/tls_configuration.ts";
import { SOCKETS } from "../../support/socket_settings.ts";

const LISTENING = {
  address: { host: "127.0.0.1", port: 8000 },
  reusePort: true,
  sockets: SOCKETS,
};
const ENDPOINT = { kind: "tcp", host: "192.0.2.1", port: 443 } as const;

async function newEngine(backend: Partial<BackendTls> = {}, ownProcess = true) {
  const runtime = new FakeRuntime();
  const streams: FakeStream[] = [];
  const options: TlsDialOptions[] = [];
  runtime.network.answerTls = (_, given) => {
    options.push(given);
    const stream = new FakeStream();
    streams.push(stream);
    return Promise.resolve(stream);
  };
  const engine = await makeEngine(runtime, {
    ...TLS_CONFIGURATION,
    certificates: [],
    ...engineWith({ alpnProtocols: ["h2"] }),
    backend: { authorities: undefined, name: "www.example", verify: true, ...backend },
  }, { ownProcess });
  return { runtime, engine, dialer: engine.dialer!, streams, options };
}

Deno.test("it listens in clear, for clients that wait to be spoken to as well", async () => {
  const { runtime, engine } = await newEngine();
  const listener = await engine.listen({ ...LISTENING, steer: 3 });
  assertEquals(runtime.network.listeners, []);
  assertEquals(runtime.kernel!.tuned, [{
    address: LISTENING.address,
    options: { sockets: SOCKETS, silentClients: true },
  }]);
  assertEquals(runtime.kernel!.steered, [{
    address: LISTENING.address,
    steering: { first: 0, count: 3, byClient: true },
  }]);
  const plain = runtime.network.plainListeners.at(-1)!;
  const client = new FakeStream();
  plain.arrive(client);
  const accepted = await listener.accept();
  const { stream, negotiated } = await accepted.handshake();
  assertEquals([accepted.pair, negotiated], [client.pair, undefined]);
  client.deliver("question");
  assertEquals(await stream.read(new Uint8Array(100)), 8);
  listener.close();
  assert(plain.closed);
});

Deno.test("its listener says whether clients must be accepted as they come", async () => {
  const { runtime, engine } = await newEngine();
  assertEquals((await engine.listen(LISTENING)).acceptsUnasked, undefined);
  const { network } = runtime;
  const listen = network.listen.bind(network);
  network.listen = async (options) =>
    Object.assign(await listen(options), { acceptsUnasked: true });
  assertEquals((await engine.listen(LISTENING)).acceptsUnasked, true);
});

Deno.test("a socket that cannot be tuned is closed again", async () => {
  const { runtime, engine } = await newEngine();
  runtime.kernel!.tuneListener = () => {
    throw new StartupError("no");
  };
  await assertRejects(() => engine.listen(LISTENING), StartupError, "no");
  assertEquals(runtime.network.plainListeners.map(({ closed }) => closed), [true, true]);
});

Deno.test("before it listens, rustls gets the authorities to trust and starts TLS with itself", async () => {
  for (const [authorities, trusted] of [[undefined, "machine"], ["PEM", "none"]] as const) {
    const { runtime, engine, streams, options } = await newEngine({ authorities });
    await engine.listen(LISTENING);
    assertEquals(runtime.network.trusted, trusted);
    assertEquals(options, [{ name: "www.example", authorities, alpnProtocols: ["h2"] }]);
    assert(streams[0]!.closed);
  }
});

Deno.test("a process that is not stud's own keeps what it trusts", async () => {
  const { runtime, engine } = await newEngine({}, false);
  await engine.check();
  assertEquals(runtime.network.trusted, undefined);
});

Deno.test("authorities that rustls does not take are a StartupError", async () => {
  const { runtime, engine } = await newEngine();
  runtime.network.answerTls = () => Promise.reject(new Error("invalid"));
  await assertRejects(
    () => engine.check(),
    StartupError,
    "--client: rustls cannot use these authorities: invalid",
  );
  assertEquals(runtime.network.plainListeners.map(({ closed }) => closed), [true]);
});

Deno.test("a refusal right after rustls's handshake is reported as one, with the backend", async () => {
  const { dialer, streams } = await newEngine();
  const dialled = await dialer.dial(ENDPOINT, new Cancellation());
  streams[0]!.completeHandshake();
  const connection = await dialled.handshake();
  streams[0]!.fail(new NativeError("other", "received fatal alert: CertificateRequired"));
  const { party, kind, message } = await assertRejects(
    async () => await connection.read(new Uint8Array(1)),
    PeerError,
  );
  assertEquals([party, kind], ["backend", "handshake"]);
  assert(message.startsWith("192.0.2.1:443: TLS: it requires a client certificate"), message);
});
