/** The rustls engine on a platform in memory. */

import { PeerError, StartupError } from "../../../../src/errors.ts";
import { createRustlsEngine } from "../../../../src/tls/rustls/engine.ts";
import { assert, assertEquals, assertRejects } from "../../../support/assert.ts";
import { FakeRuntime } from "../../../support/fake_runtime.ts";
import { FakeStream, NativeError } from "../../../support/fake_stream.ts";
import { TLS_CONFIGURATION } from "../../../support/tls_configuration.ts";
import { SOCKETS } from "../../../support/socket_settings.ts";

const OPTIONS = {
  address: { host: "127.0.0.1", port: 8443 },
  reusePort: true,
  sockets: SOCKETS,
};

Deno.test("the engine listens with certificate and key, and tunes the socket", async () => {
  const runtime = new FakeRuntime();
  const listener = await createRustlsEngine(runtime, TLS_CONFIGURATION).listen(OPTIONS);
  const { host, port, certificateChain, privateKey, reusePort } =
    runtime.network.listeners[0]!.options;
  assertEquals([host, port, certificateChain, privateKey, reusePort], [
    ...["127.0.0.1", 8443, "chain", "key", true],
  ]);
  assertEquals(runtime.kernel!.tuned, [
    { address: { host: "127.0.0.1", port: 8443 }, options: { sockets: SOCKETS } },
  ]);
  listener.close();
  assertEquals(runtime.network.listeners[0]!.closed, true);
});

Deno.test("the engine serves the default certificate", async () => {
  const runtime = new FakeRuntime();
  const [first] = TLS_CONFIGURATION.certificates;
  const certificates = [first!, { ...first!, certificateChain: "other", privateKey: "its key" }];
  const configuration = { ...TLS_CONFIGURATION, certificates, defaultCertificate: 1 };
  await createRustlsEngine(runtime, configuration).listen(OPTIONS);
  const { certificateChain, privateKey } = runtime.network.listeners[0]!.options;
  assertEquals([certificateChain, privateKey], ["other", "its key"]);
});

Deno.test("the engine says what it is", () => {
  const { name, library, oneRecordPerRead } = createRustlsEngine(
    new FakeRuntime(),
    TLS_CONFIGURATION,
  );
  assertEquals([name, library, oneRecordPerRead], ["rustls", "rustls", true]);
});

Deno.test("check() has the library look at certificate and key, on a port that no client knows", async () => {
  const runtime = new FakeRuntime();
  await createRustlsEngine(runtime, TLS_CONFIGURATION).check();
  assertEquals(
    runtime.network.listeners.map(({ closed, options }) => [
      ...[closed, options.host, options.port, options.reusePort],
      ...[options.certificateChain, options.privateKey],
    ]),
    [[true, "127.0.0.1", 0, false, "chain", "key"]],
  );
});

Deno.test("check() names the certificate that the library does not take, and the library's reason", async () => {
  const runtime = new FakeRuntime();
  const engine = createRustlsEngine(runtime, TLS_CONFIGURATION);
  const reason = new Error("invalid key");
  for (const thrown of [reason, new StartupError("cannot listen", { cause: reason })]) {
    runtime.network.listenTls = () => Promise.reject(thrown);
    const error = await assertRejects(
      () => engine.check(),
      StartupError,
      "a.pem: rustls cannot serve this certificate and key: invalid key; on Linux --tls-library=openssl ",
    );
    assertEquals(error.cause, thrown);
  }
});

Deno.test("the engine works without a kernel's help", async () => {
  const runtime = new FakeRuntime();
  runtime.kernel = undefined;
  const listener = await createRustlsEngine(runtime, TLS_CONFIGURATION).listen(OPTIONS);
  assertEquals(listener.address, OPTIONS.address);
});

Deno.test("a socket that cannot be tuned is closed again", async () => {
  const runtime = new FakeRuntime();
  runtime.kernel!.tuneListener = () => {
    throw new StartupError("nothing listens there");
  };
  const listen = () => createRustlsEngine(runtime, TLS_CONFIGURATION).listen(OPTIONS);
  await assertRejects(listen, StartupError, "nothing listens there");
  assertEquals(runtime.network.listeners.map(({ closed }) => closed), [true]);
});

Deno.test("what refuses to listen is a StartupError that names the address", async () => {
  const runtime = new FakeRuntime();
  runtime.network.listenTls = () => Promise.reject(new Error("bad key"));
  const listen = () => createRustlsEngine(runtime, TLS_CONFIGURATION).listen(OPTIONS);
  const error = await assertRejects(listen, StartupError, "cannot listen on 127.0.0.1:8443");
  assertEquals((error.cause as Error).message, "bad key");
});

Deno.test("a connection is the stream's, and a failed handshake is in an operator's words", async () => {
  const runtime = new FakeRuntime();
  const listener = await createRustlsEngine(runtime, TLS_CONFIGURATION).listen(OPTIONS);
  const [stream, another] = [new FakeStream(), new FakeStream()];
  runtime.network.listeners[0]!.arrive(stream);
  const client = await listener.accept();
  assertEquals([client.pair, client.serverName], [stream.pair, undefined]);
  stream.failHandshake(new NativeError("other", "received fatal alert: UnknownCA"));
  const error = await assertRejects(() => client.handshake(), PeerError, "alert unknown_ca");
  assertEquals(error.kind, "handshake");
  runtime.network.listeners[0]!.arrive(another);
  another.completeHandshake();
  const accepted = await listener.accept();
  const { stream: secure, negotiated } = await accepted.handshake();
  assertEquals(negotiated, undefined);
  another.deliver("abc");
  const into = new Uint8Array(10);
  assertEquals(await secure.read(into), 3);
  assertEquals(await secure.write(into.subarray(0, 3)), 3);
  assertEquals(another.text, "abc");
  await secure.closeWrite();
  accepted.close();
  assert(another.writeEnded && another.closed);
});

Deno.test("adopt() has a listener with the same certificate and key served on, and no other", async () => {
  const runtime = new FakeRuntime();
  const listener = await createRustlsEngine(runtime, TLS_CONFIGURATION).listen(OPTIONS);
  const [certificate] = TLS_CONFIGURATION.certificates;
  const engineWith = (particular: Partial<typeof certificate>) =>
    createRustlsEngine(runtime, {
      ...TLS_CONFIGURATION,
      certificates: [{ ...certificate!, ...particular }],
      ticketSecret: btoa("another secret of more than 32 octets"),
    });
  const adopt = await engineWith({ source: "moved.pem", names: ["other"] }).adopt(listener);
  adopt!();
  assertEquals(await engineWith({ certificateChain: "renewed" }).adopt(listener), undefined);
  assertEquals(await engineWith({ privateKey: "renewed" }).adopt(listener), undefined);
  assertEquals(runtime.network.listeners.length, 1);
});

Deno.test("adopt() leaves listeners of other engines alone", async () => {
  const engine = createRustlsEngine(new FakeRuntime(), TLS_CONFIGURATION);
  const foreign = { address: OPTIONS.address } as Awaited<ReturnType<typeof engine.listen>>;
  assertEquals(await engine.adopt(foreign), undefined);
  engine.discard();
});
