/** The OpenSSL engine on a platform and a library in memory. */

import { StartupError } from "../../../../src/errors.ts";
import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import { createOpenSslEngine } from "../../../../src/tls/openssl/engine.ts";
import { openHostLibrary } from "../../../../src/tls/openssl/host_library.ts";
import type { TlsConfiguration } from "../../../../src/tls/tls_configuration.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../../support/assert.ts";
import { FakeOpenSsl } from "../../../support/fake_openssl.ts";
import { FakeRuntime } from "../../../support/fake_runtime.ts";
import { FakeStream } from "../../../support/fake_stream.ts";
import { hello } from "../../../support/hello_samples.ts";
import { engineWith, TLS_CONFIGURATION } from "../../../support/tls_configuration.ts";
import { SOCKETS } from "../../../support/socket_settings.ts";

const OPTIONS = {
  address: { host: "127.0.0.1", port: 8443 },
  reusePort: true,
  sockets: SOCKETS,
};

Deno.test("the engine says what it is", () => {
  const { engine, library } = bench();
  assertEquals([engine.name, engine.library, engine.oneRecordPerRead], [
    ...["openssl", library.version, false],
  ]);
});

Deno.test("the engine needs a library, and says for what if the operator did not ask for it", () => {
  const runtime = new FakeRuntime();
  const line = (because: string | undefined) =>
    assertThrows(
      () => makeOn(runtime, { ...TLS_CONFIGURATION, because }),
      StartupError,
    ).message;
  assertEquals(line(undefined), "no OpenSSL here");
  assertEquals(line("--pem-dir"), "OpenSSL is needed because of --pem-dir: no OpenSSL here");
});

Deno.test("listen() listens without TLS of the platform's, and tunes the socket", async () => {
  const { engine, runtime } = bench();
  const listener = await engine.listen(OPTIONS);
  const { network, kernel } = runtime;
  assertEquals(network.listeners.length, 0);
  assertEquals(network.plainListeners.map(({ options }) => options), [
    { ...OPTIONS.address, reusePort: true, sockets: SOCKETS, besideTls: false },
  ]);
  assertEquals(kernel!.tuned, [
    { address: { host: "127.0.0.1", port: 8443 }, options: { sockets: SOCKETS } },
  ]);
  assertEquals(listener.address, { host: "127.0.0.1", port: 8443 });
  listener.close();
  assertEquals(network.plainListeners[0]!.closed, true);
});

Deno.test("listen() works without a kernel that can be tuned", async () => {
  const { engine, runtime } = bench();
  runtime.kernel = undefined;
  (await engine.listen(OPTIONS)).close();
});

Deno.test("listen() has the library look at the certificates before anybody can connect", async () => {
  const { engine, runtime, library } = bench();
  library.judge = () => {
    throw new OpenSslError("key values mismatch", { subject: "private key" });
  };
  await assertRejects(() => engine.listen(OPTIONS), StartupError, "a.pem: the private key");
  assertEquals(runtime.network.plainListeners.length, 0);
});

Deno.test("check() has the library look at everything, on no port", async () => {
  const { engine, runtime, library } = bench();
  await engine.check();
  assertEquals([library.contexts.length, runtime.network.plainListeners.length], [1, 0]);
});

Deno.test("check() and listen() reject with what the library says", async () => {
  const { engine, library } = bench();
  library.judge = () => {
    throw new OpenSslError("no cipher match", { subject: "ciphers" });
  };
  await assertRejects(() => engine.check(), StartupError, "-c/--ciphers");
  await assertRejects(() => engine.listen(OPTIONS), StartupError, "-c/--ciphers");
});

Deno.test("listen() leaves nothing behind where it cannot", async () => {
  const { engine, runtime, library } = bench();
  const { network, kernel } = runtime;
  network.inUse.add("127.0.0.1:8443");
  await assertRejects(() => engine.listen(OPTIONS), StartupError, "in use");
  network.inUse.clear();
  kernel!.tuneListener = () => {
    throw new StartupError("nothing listens there");
  };
  await assertRejects(() => engine.listen(OPTIONS), StartupError, "nothing listens there");
  assertEquals(network.plainListeners.map(({ closed }) => closed), [true]);
  assertEquals(library.contexts.map(({ freed }) => freed), [true, true]);
});

Deno.test("accept() gives the connections that come", async () => {
  const { engine, runtime, library } = bench();
  const listener = await engine.listen(OPTIONS);
  const stream = new FakeStream();
  runtime.network.plainListeners[0]!.arrive(stream);
  const connection = await listener.accept();
  assertEquals([connection.pair, connection.serverName], [stream.pair, undefined]);
  stream.deliver(hello());
  await connection.handshake();
  assertEquals(library.contexts[0]!.sessions.length, 1);
  connection.close();
  listener.close();
});

Deno.test("the contexts go with the last listener", async () => {
  const { engine, library } = bench();
  const listeners = [await engine.listen(OPTIONS), await engine.listen(OPTIONS)];
  const isFreed = () => library.contexts.map(({ freed }) => freed);
  listeners[0]!.close();
  listeners[0]!.close();
  assertEquals(isFreed(), [false]);
  listeners[1]!.close();
  assertEquals(isFreed(), [true]);
  // Whoever listens again has them again.
  (await engine.listen(OPTIONS)).close();
  assertEquals(isFreed(), [true, true]);
});

Deno.test("adopt() has a listener's new clients served by this engine, whose contexts go with it", async () => {
  const { engine, library, runtime } = bench();
  const listener = await engine.listen(OPTIONS);
  const next = makeOn(runtime, { ...TLS_CONFIGURATION, ...engineWith({ ciphers: "HIGH" }) });
  const isFreed = () => library.contexts.map(({ freed }) => freed);
  const adopt = await next.adopt(listener);
  assertEquals([isFreed(), runtime.network.plainListeners.length], [[false, false], 1]);
  adopt!();
  assertEquals(isFreed(), [true, false]);
  // What is there to be discarded is in use.
  next.discard();
  assertEquals(isFreed(), [true, false]);
  listener.close();
  assertEquals(isFreed(), [true, true]);
});

Deno.test("adopt() frees the contexts of an engine whose last listener leaves it only", async () => {
  const { engine, library, runtime } = bench();
  const listeners = [await engine.listen(OPTIONS), await engine.listen(OPTIONS)];
  const next = makeOn(runtime, { ...TLS_CONFIGURATION, ...engineWith({ ciphers: "HIGH" }) });
  const isFreed = () => library.contexts.map(({ freed }) => freed);
  (await next.adopt(listeners[0]!))!();
  assertEquals(isFreed(), [false, false]);
  listeners[1]!.close();
  assertEquals(isFreed(), [true, false]);
  listeners[0]!.close();
  assertEquals(isFreed(), [true, true]);
});

Deno.test("adopt() rejects what the library refuses, and discard() frees what is unused", async () => {
  const { engine, library, runtime } = bench();
  const listener = await engine.listen(OPTIONS);
  const unwanted = makeOn(runtime, { ...TLS_CONFIGURATION, ...engineWith({ ciphers: "HIGH" }) });
  await unwanted.adopt(listener);
  unwanted.discard();
  assertEquals(library.contexts.map(({ freed }) => freed), [false, true]);
  library.judge = () => {
    throw new OpenSslError("key values mismatch", { subject: "private key" });
  };
  const refused = makeOn(runtime, { ...TLS_CONFIGURATION, ...engineWith({ ciphers: "LOW" }) });
  await assertRejects(() => refused.adopt(listener), StartupError, "a.pem: the private key");
  refused.discard();
  assertEquals(library.contexts[0]!.freed, false);
  listener.close();
});

Deno.test("adopt() leaves listeners of other engines alone", async () => {
  const { engine } = bench();
  const foreign = { address: OPTIONS.address } as Awaited<ReturnType<typeof engine.listen>>;
  assertEquals(await engine.adopt(foreign), undefined);
});

Deno.test("an engine of OpenSSL's is loaded before any certificate", () => {
  assertEquals(bench().library.enginesUsed, []);
  assertEquals(bench(engineWith({ sslEngine: "pkcs11" })).library.enginesUsed, ["pkcs11"]);

  const runtime = new FakeRuntime();
  const cause = new OpenSslError("no such engine", { subject: "engine" });
  runtime.openSsl = Object.assign(new FakeOpenSsl(), {
    useEngine: () => {
      throw cause;
    },
  });
  const error = assertThrows(
    () => makeOn(runtime, { ...TLS_CONFIGURATION, ...engineWith({ sslEngine: "tpm" }) }),
    StartupError,
  );
  assertEquals(
    error.message,
    "-e/--ssl-engine tpm: no such engine; openssl version -e names the directory of the engines that " +
      "are installed",
  );
  assert(error.cause === cause);
});

function bench(particular: Partial<TlsConfiguration> = {}) {
  const runtime = new FakeRuntime();
  const library = runtime.openSsl = new FakeOpenSsl();
  const engine = makeOn(runtime, { ...TLS_CONFIGURATION, ...particular });
  return { runtime, library, engine };
}

function makeOn(runtime: FakeRuntime, particular: TlsConfiguration) {
  const configuration = { ...particular, library: "openssl" } as const;
  const library = openHostLibrary(runtime, configuration);
  return createOpenSslEngine(runtime, configuration, library);
}
