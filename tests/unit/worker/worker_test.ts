/** A worker process, with the test as its supervisor and its platform. */

import { messageLine } from "../../../src/control/message_lines.ts";
import type { Asked, RequestKind, WorkerConfiguration } from "../../../src/control/messages.ts";
import { stateFrame } from "../../../src/control/packed_configuration.ts";
import { StartupError } from "../../../src/errors.ts";
import { KeyBytes } from "../../../src/x509/key_bytes.ts";
import type { TlsEngine } from "../../../src/tls/engine.ts";
import { createRustlsEngine } from "../../../src/tls/rustls/engine.ts";
import type { TlsConfiguration } from "../../../src/tls/tls_configuration.ts";
import { runWorker } from "../../../src/worker/worker.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, NativeError, pairOf } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";
import {
  CONFIGURATION,
  failed,
  frameBytes,
  READY,
  readyBy,
  stateOf,
} from "../../support/worker_configuration.ts";
import { LOG } from "../../support/log_settings.ts";
import { engineWith } from "../../support/tls_configuration.ts";

function newWorker(wrap: (engine: TlsEngine) => TlsEngine = (engine) => engine) {
  const runtime = new FakeRuntime();
  const made: TlsConfiguration[] = [];
  let code: number | undefined;
  const makeEngine = (configuration: TlsConfiguration) => {
    made.push(configuration);
    return Promise.resolve(wrap(createRustlsEngine(runtime, configuration)));
  };
  runWorker(runtime, makeEngine).then((given) => code = given);
  let lastId = 0;
  const tell = async <Kind extends RequestKind>(type: Kind, asked: Asked<Kind>) => {
    runtime.processes.input(messageLine({ type, id: ++lastId, ...asked }));
    await settled();
  };
  const start = async (configuration: WorkerConfiguration = CONFIGURATION) => {
    runtime.processes.input(startLine(configuration, ++lastId));
    await settled();
  };
  const messages = () => {
    return runtime.processes.stdout.split("\n").filter((line) => line !== "")
      .map((line) => JSON.parse(line));
  };
  return {
    runtime,
    made,
    tell,
    start,
    messages,
    /** Answers by the number of their request. */
    types: () => messages().map(({ type, id }) => id === undefined ? type : `${type} ${id}`),
    code: () => code,
  };
}

function startLine(configuration: WorkerConfiguration, id: number): string {
  const frame = stateFrame("start", id, stateOf(configuration), configuration.index);
  return new TextDecoder().decode(frameBytes(frame));
}

Deno.test("nothing is read from the supervisor while the worker starts", async () => {
  const runtime = new FakeRuntime();
  let reads = 0;
  const lines = [startLine(CONFIGURATION, 1), messageLine({ type: "ping", id: 2 })];
  const stdin = new ReadableStream<Uint8Array>({
    pull(controller) {
      const line = lines[reads++];
      if (line !== undefined) controller.enqueue(new TextEncoder().encode(line));
      else return new Promise(() => {});
    },
  }, { highWaterMark: 0 });
  Object.defineProperty(runtime.processes, "stdin", { value: stdin });
  const engine = Promise.withResolvers<TlsEngine>();
  void runWorker(runtime, () => engine.promise);
  await settled();
  assertEquals(reads, 1);
  engine.resolve(createRustlsEngine(runtime, CONFIGURATION.tls));
  await settled();
  assertEquals(reads, 3);
  assert(runtime.processes.stdout.includes('{"type":"answer","id":2}'), runtime.processes.stdout);
});

Deno.test("a ping is answered before the start and after it, and starts nothing", async () => {
  const { tell, start, types, code } = newWorker();
  await tell("ping", {});
  assertEquals(types(), ["answer 1"]);
  await start();
  await tell("ping", {});
  assertEquals(types().filter((type) => type.startsWith("answer")), [
    "answer 1",
    "answer 2",
    "answer 3",
  ]);
  assertEquals(code(), undefined);
});

Deno.test("a worker writes no access log unless it is told to", async () => {
  const { runtime, start, types } = newWorker();
  await start();
  const client = new FakeStream(pairOf(1));
  runtime.network.listeners[0]!.arrive(client);
  client.end();
  await runtime.clock.advance(1_000);
  assertEquals(types().includes("access"), false);
});

Deno.test("lines of the access log leave together, and before the worker ends", async () => {
  const { runtime, tell, start, messages, code } = newWorker();
  await start({ ...CONFIGURATION, log: { ...LOG, access: "/access.log", accessFormat: "json" } });
  const fail = async (port: number) => {
    const client = new FakeStream(pairOf(port));
    runtime.network.listeners[0]!.arrive(client);
    client.failHandshake(new NativeError("closed"));
    await settled();
  };
  for (const port of [1, 2, 3]) await fail(port);
  const lines = () =>
    messages().filter(({ type }) => type === "access").map(({ lines }) => {
      return lines.map((line: string) => JSON.parse(line).client);
    });
  assertEquals(lines(), []);
  await runtime.clock.advance(200);
  assertEquals(lines(), [["198.51.100.7:1", "198.51.100.7:2", "198.51.100.7:3"]]);
  await fail(4);
  await tell("drain", { seconds: 10, successors: false });
  await runtime.clock.advance(500);
  assertEquals([lines().slice(1), code()], [[["198.51.100.7:4"]], 0]);
});

Deno.test("a worker listens before it drops its privileges, and is ready only then", async () => {
  const { runtime, start, types, code } = newWorker();
  const privileges = { chroot: "/var/empty", uid: 33, gid: 44 };
  await start({ ...CONFIGURATION, index: 3, privileges });
  assertEquals(runtime.events, [
    ...["return memory", "raise", "pin 2", "listen 192.0.2.1:8443", "drop /var/empty 33 44"],
  ]);
  assertEquals([types(), code()], [["answer 1"], undefined]);
  assertEquals(runtime.network.listeners[0]!.options.reusePort, true);
});

Deno.test("a worker confines itself once it has dropped its privileges, and tells what is refused", async () => {
  const sandbox = { unixSockets: true, token: false };
  const { runtime, start, messages } = newWorker();
  runtime.kernel!.refuses = ["one thing", "another"];
  await start({ ...CONFIGURATION, sandbox });
  assertEquals(runtime.events.slice(-2), [
    "drop undefined undefined undefined",
    `confine ${JSON.stringify(sandbox)}`,
  ]);
  const [ready] = messages();
  assertEquals(ready, { ...ready, type: "answer", unconfined: "one thing; another" });
});

Deno.test("a worker that is to have no sandbox is not confined", async () => {
  const { runtime, start, types } = newWorker();
  await start(CONFIGURATION);
  assertEquals(runtime.events.filter((event) => event.startsWith("confine")), []);
  assertEquals(types(), ["answer 1"]);
});

Deno.test("a worker makes its engine from what it was told of TLS, and names the library", async () => {
  const tls = { ...CONFIGURATION.tls, ...engineWith({ ciphers: "HIGH", alpnProtocols: ["h2"] }) };
  const library = "OpenSSL 3.0.22 4 Aug 2026";
  const { runtime, made, start, messages } = newWorker((engine) => ({ ...engine, library }));
  assertEquals(made, []);
  await start({ ...CONFIGURATION, tls, steer: 4 });
  const keys = made.flatMap(({ certificates }) => certificates.map((one) => one.privateKey));
  assertEquals([keys.length, keys.every((key) => key instanceof KeyBytes)], [1, true]);
  assertEquals(JSON.parse(JSON.stringify(made)), [
    JSON.parse(JSON.stringify(tls, (name, value) => name === "privateKey" ? {} : value)),
  ]);
  assertEquals(runtime.kernel!.steered, [
    {
      address: { host: "192.0.2.1", port: 8443 },
      steering: { first: 0, count: 4, byClient: true },
    },
  ]);
  assertEquals(messages(), [readyBy({ library })]);
});

Deno.test("a worker that does without the library that was preferred says why", async () => {
  const servingBy = { library: "rustls (for want of another)", missing: "libssl.so.3 is away" };
  const { start, messages } = newWorker((engine) => ({ ...engine, ...servingBy }));
  await start();
  assertEquals(messages(), [readyBy(servingBy)]);
});

Deno.test("clients are steered to workers with sessions of their own, and to no others", async () => {
  for (const name of ["rustls", "openssl"] as const) {
    const { runtime, start } = newWorker((engine) => ({ ...engine, name }));
    await start({ ...CONFIGURATION, steer: 4 });
    assertEquals(runtime.kernel!.steered.length, name === "rustls" ? 1 : 0);
  }
});

Deno.test("a worker whose TLS library is missing, or refuses, says why and ends with 1", async () => {
  const { runtime, start, messages, code } = newWorker(() => {
    throw new StartupError("--ciphers: no cipher match");
  });
  await start();
  assertEquals(messages(), [failed("--ciphers: no cipher match")]);
  assertEquals([code(), runtime.network.listeners], [1, []]);
});

Deno.test("a worker that cannot listen says why and ends with 1", async () => {
  const { runtime, start, messages, code } = newWorker();
  runtime.network.inUse.add("192.0.2.1:8443");
  await start();
  assertEquals(messages(), [failed("in use")]);
  assertEquals(code(), 1);
});

Deno.test("a worker that cannot drop its privileges does not serve", async () => {
  const { runtime, start, messages, code } = newWorker();
  runtime.kernel!.dropPrivileges = () => {
    throw new Error("cannot become user 33");
  };
  await start();
  assertEquals([messages()[0].id, code()], [1, 1]);
  assert(messages()[0].fault.includes("cannot become user 33"));
});

Deno.test("a worker without the means to drop what it should does not serve as root", async () => {
  for (const wanted of [{ uid: 33 }, { gid: 44 }, { chroot: "/var/empty" }]) {
    const { runtime, start, messages, code } = newWorker();
    runtime.kernel = undefined;
    const privileges = { ...CONFIGURATION.privileges, ...wanted };
    await start({ ...CONFIGURATION, privileges });
    assertEquals([messages()[0].id, code()], [1, 1]);
    assert(messages()[0].fault.startsWith("--user, --group and --chroot need the C library"));
  }
  const nothing = newWorker();
  nothing.runtime.kernel = undefined;
  await nothing.start();
  assertEquals(nothing.types(), ["answer 1"]);
});

Deno.test("a worker that cannot stay on its CPU warns and serves", async () => {
  const { runtime, start, messages } = newWorker();
  runtime.kernel!.pinToCpu = () => {
    throw new Error("cannot pin to CPU 1");
  };
  await start();
  assertEquals(messages(), [
    {
      ...{ type: "log", level: "warning", text: "cannot pin to CPU 1" },
      ...{ event: "cpu_pinning_failed", fields: { reason: "cannot pin to CPU 1" } },
    },
    READY,
  ]);
});

for (const [cause, stop] of [["drain", "told to drain"], ["eof", "left by its supervisor"]]) {
  Deno.test(`a worker that is ${stop} lets its clients end and tells what it counted`, async () => {
    const { runtime, tell, start, messages, types, code } = newWorker();
    const backend = new FakeStream(pairOf(2));
    runtime.network.answer = () => Promise.resolve(backend);
    await start();
    const client = new FakeStream(pairOf(1));
    runtime.network.listeners[0]!.arrive(client);
    client.completeHandshake();
    await settled();
    if (cause === "drain") await tell("drain", { seconds: 10, successors: false });
    else runtime.processes.endInput();
    await runtime.clock.advance(1_000);
    assertEquals([runtime.network.listeners[0]!.closed, code()], [true, undefined]);
    client.end();
    backend.end();
    await runtime.clock.advance(100);
    const answers = cause === "drain" ? ["answer 1", "answer 2"] : ["answer 1"];
    assertEquals([types(), code()], [[...answers, "counters", "ended"], 0]);
    assertEquals(messages().at(-1).counters.accepted, 1);
  });
}

for (const stop of ["drain", "eof"]) {
  Deno.test(`a worker obeys in order what comes while it begins to listen: ${stop}`, async () => {
    const ready = Promise.withResolvers<void>();
    const { runtime, tell, start, types, code } = newWorker((engine) => ({
      ...engine,
      listen: async (options) => {
        await ready.promise;
        return await engine.listen(options);
      },
    }));
    await start();
    if (stop === "drain") await tell("drain", { seconds: 10, successors: false });
    else runtime.processes.endInput();
    await settled();
    assertEquals([types(), runtime.network.listeners, code()], [[], [], undefined]);
    ready.resolve();
    await runtime.clock.advance(100);
    const answers = stop === "drain" ? ["answer 1", "answer 2"] : ["answer 1"];
    assertEquals([types(), code()], [[...answers, "ended"], 0]);
    assertEquals(runtime.network.listeners[0]!.closed, true);
  });
}

Deno.test("a worker sends new clients where it was last told, and lets the others go on", async () => {
  const { runtime, tell, start } = newWorker();
  const backends: FakeStream[] = [];
  runtime.network.answer = () => {
    backends.push(new FakeStream(pairOf(10 + backends.length)));
    return Promise.resolve(backends.at(-1)!);
  };
  await start();
  const come = async (port: number) => {
    const client = new FakeStream(pairOf(port));
    runtime.network.listeners[0]!.arrive(client);
    client.completeHandshake();
    await settled();
  };
  await come(1);
  const moved = { kind: "tcp", host: "192.0.2.7", port: 80 } as const;
  await tell("update", { backend: [moved] });
  await come(2);
  assertEquals(runtime.network.dialed, [CONFIGURATION.backend[0], moved]);
  assertEquals(backends.map(({ closed }) => closed), [false, false]);
});

Deno.test("a worker that is left before it was told anything ends in order", async () => {
  const { runtime, types, code } = newWorker();
  runtime.processes.endInput();
  await settled();
  assertEquals([types(), code()], [[], 0]);
});

Deno.test("TERM to a worker asks to be replaced; INT and HUP are its supervisor's", async () => {
  const { runtime, start, types, code } = newWorker();
  await start();
  runtime.processes.raise("SIGINT");
  runtime.processes.raise("SIGHUP");
  await settled();
  assertEquals([types(), code()], [["answer 1"], undefined]);
  runtime.processes.raise("SIGTERM");
  await settled();
  assertEquals([types(), runtime.network.listeners[0]!.closed], [
    ["answer 1", "replace-me"],
    false,
  ]);
});

Deno.test("what nothing else has caught is a log line, and the worker goes on", async () => {
  const { runtime, start, messages, code } = newWorker();
  await start();
  runtime.processes.uncaught!(new Error("oops"));
  await settled();
  const { level, text } = messages()[1];
  assertEquals([level, code()], ["error", undefined]);
  assert(text.startsWith("internal error, please report it: Error: oops"), text);
});

Deno.test("a supervisor that reads nothing keeps a worker neither from serving nor from ending", async () => {
  const { runtime, tell, start, code } = newWorker();
  await start();
  runtime.processes.writing = () => new Promise(() => {});
  const [listener] = runtime.network.listeners;
  for (let port = 1; port < 20; port++) {
    const client = new FakeStream(pairOf(port));
    listener!.arrive(client);
    client.failHandshake(new NativeError("other", `reason ${port}`));
    await settled();
    assertEquals(client.closed, true);
  }
  await tell("drain", { seconds: 10, successors: false });
  await runtime.clock.advance(2_000);
  assertEquals(code(), 0);
});

Deno.test("a worker hands newer OCSP responses to its engine, once it has one", async () => {
  const given: unknown[] = [];
  const { tell, start } = newWorker((engine) => ({
    ...engine,
    staple: (staples) => given.push(staples),
  }));
  const staples = [{ fingerprint: "f1", response: "AA==" }];
  await tell("update", { staples });
  await start();
  await tell("update", { staples });
  assertEquals(given, [staples]);
});
