/** A worker that is told to change, with the test as its supervisor and its platform. */

import { messageLine } from "../../../src/control/message_lines.ts";
import type { Asked, RequestKind, WorkerConfiguration } from "../../../src/control/messages.ts";
import { stateFrame } from "../../../src/control/packed_configuration.ts";
import { StartupError } from "../../../src/errors.ts";
import { createRustlsEngine } from "../../../src/tls/rustls/engine.ts";
import type { TlsConfiguration } from "../../../src/tls/tls_configuration.ts";
import { runWorker } from "../../../src/worker/worker.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { FakeStream, pairOf } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";
import { CONFIGURATION, frameBytes, stateOf } from "../../support/worker_configuration.ts";
import { SOCKETS } from "../../support/socket_settings.ts";
import { engineWith } from "../../support/tls_configuration.ts";

const [FIRST] = CONFIGURATION.frontends;
const SECOND = { host: "192.0.2.2", port: 8443 };
const RENEWED: TlsConfiguration = {
  ...CONFIGURATION.tls,
  certificates: [{ ...CONFIGURATION.tls.certificates[0]!, certificateChain: "renewed" }],
};

/** A worker that serves, started with what is particular. */
async function bench(started: Partial<WorkerConfiguration> = {}) {
  const runtime = new FakeRuntime();
  const { processes, network, clock } = runtime;
  /** The chains of engines that were not wanted after all. */
  const discarded: string[] = [];
  let code: number | undefined;
  runWorker(runtime, (configuration) => {
    if (configuration.engine.ciphers === "NONSENSE") {
      return Promise.reject(new StartupError("no cipher match"));
    }
    const chain = configuration.certificates[0]!.certificateChain;
    const engine = createRustlsEngine(runtime, configuration);
    return Promise.resolve({ ...engine, discard: () => void discarded.push(chain) });
  }).then((given) => code = given);
  const configure = async (type: "start" | "prepare", particular: Partial<WorkerConfiguration>) => {
    const state = stateOf(particular, { version: ++version });
    const frame = stateFrame(type, ++lastId, state, 1);
    processes.input(new TextDecoder().decode(frameBytes(frame)));
    await settled();
  };
  let lastId = 0;
  let version = 0;
  const tell = async <Kind extends RequestKind>(type: Kind, asked: Asked<Kind>) => {
    processes.input(messageLine({ type, id: ++lastId, ...asked }));
    await settled();
  };
  const commit = () => tell("commit", { version });
  await configure("start", started);
  /** Without their ids, and without what is not asked for. */
  const messages = () =>
    processes.stdout.split("\n").filter((line) => line !== "").map((line) => JSON.parse(line))
      .filter(({ type }) => type === "answer").slice(1).map(({ id: _, ...rest }) => rest);
  const arrive = async (listener = 0) => {
    const client = new FakeStream(pairOf(1));
    const backend = new FakeStream(pairOf(2));
    network.answer = () => Promise.resolve(backend);
    network.listeners[listener]!.arrive(client);
    client.completeHandshake();
    await settled();
    return { client, backend };
  };
  return {
    ...{ runtime, clock, discarded, tell, commit, messages, arrive },
    prepare: (particular: Partial<WorkerConfiguration>) => configure("prepare", particular),
    open: () => network.listeners.map(({ closed }) => !closed),
    code: () => code,
  };
}

Deno.test("prepare is answered with what was opened twice, commit when the former socket is closed", async () => {
  const { clock, prepare, messages, open, arrive, commit } = await bench();
  const { client } = await arrive();
  await prepare({ tls: RENEWED, frontends: [FIRST!, SECOND] });
  assertEquals(messages(), [{ type: "answer", reopened: [FIRST] }]);
  assertEquals(open(), [true, true, true]);
  await commit();
  assertEquals(messages().length, 1);
  await clock.advance(1_300);
  assertEquals(messages().slice(1), [{ type: "answer" }]);
  assertEquals([open(), client.closed], [[false, true, true], false]);
});

Deno.test("forget closes what was opened, and may come for nothing", async () => {
  const { runtime, prepare, tell, messages, open, discarded, commit } = await bench();
  await tell("forget", {});
  await prepare({ tls: RENEWED });
  await tell("forget", {});
  await runtime.clock.advance(200);
  assertEquals([open(), discarded, messages().length], [[true, false], ["renewed"], 3]);
  // A prepare after a prepare counts alone.
  await prepare({ tls: RENEWED });
  await prepare({ frontends: [FIRST!, SECOND] });
  await runtime.clock.advance(200);
  assertEquals(open(), [true, false, false, true]);
  await commit();
  assertEquals([messages().length, open()], [6, [true, false, false, true]]);
});

Deno.test("a prepare that fails is answered with why, and everything is as it was", async () => {
  const { runtime, prepare, messages, open, discarded, arrive } = await bench();
  runtime.network.inUse.add("192.0.2.2:8443");
  await prepare({ tls: RENEWED, frontends: [FIRST!, SECOND] });
  assertEquals(messages(), [{ type: "answer", fault: "in use" }]);
  // What cannot be bound is found out before anything listens.
  assertEquals([open(), discarded], [[true], ["renewed"]]);
  await prepare({ tls: { ...CONFIGURATION.tls, ...engineWith({ ciphers: "NONSENSE" }) } });
  assertEquals(messages()[1], { type: "answer", fault: "no cipher match" });
  const { client } = await arrive();
  assertEquals(client.closed, false);
});

Deno.test("a worker that has become another user, or got another root, opens no socket", async () => {
  const nobody = { chroot: undefined, uid: undefined, gid: undefined };
  for (const particular of [{ chroot: "/empty" }, { uid: 65_534 }, { gid: 65_534 }]) {
    const privileges = { ...nobody, ...particular };
    const { prepare, messages, open, discarded, commit } = await bench({ privileges });
    await prepare({ privileges, frontends: [FIRST!, SECOND] });
    const fault = (where: string) => ({
      type: "answer",
      fault: `cannot listen on ${where}: this process opens no more sockets`,
    });
    // rustls wants a new socket for another certificate.
    await prepare({ privileges, tls: RENEWED });
    assertEquals(messages(), [fault("192.0.2.2:8443"), fault("192.0.2.1:8443")]);
    assertEquals([open(), discarded], [[true], ["renewed"]]);
    await prepare({ privileges, sockets: { ...SOCKETS, backlog: 7 } });
    await commit();
    assertEquals(messages().slice(2), [{ type: "answer", reopened: [] }, { type: "answer" }]);
  }
});

Deno.test("steer is passed on to the kernel, and its refusal to the supervisor", async () => {
  const { runtime, tell, messages } = await bench();
  const steering = { first: 2, count: 3, byClient: false };
  await tell("steer", { address: FIRST!, steering });
  await tell("steer", { address: FIRST!, steering: null });
  assertEquals(runtime.kernel!.steered, [
    { address: FIRST!, steering },
    { address: FIRST!, steering: undefined },
  ]);
  runtime.kernel!.steer = () => {
    throw new StartupError("cannot steer clients");
  };
  await tell("steer", { address: FIRST!, steering });
  assertEquals(messages(), [
    ...[{ type: "answer" }, { type: "answer" }, { type: "answer", fault: "cannot steer clients" }],
  ]);
});

Deno.test("a drain without a limit lets clients stay, until another one gives them less time", async () => {
  const { clock, tell, messages, open, arrive, code } = await bench();
  const { client, backend } = await arrive();
  await tell("drain", { successors: true });
  await clock.advance(1_100);
  assertEquals([open(), messages()], [[true], []]);
  await clock.advance(200);
  assertEquals([open(), messages()], [[false], [{ type: "answer" }]]);
  await clock.advance(300_000);
  assertEquals([client.closed, backend.closed], [false, false]);
  await tell("drain", { seconds: 2, successors: false });
  await clock.advance(1_900);
  assertEquals([client.closed, code()], [false, undefined]);
  await clock.advance(300);
  assertEquals([client.wasReset, backend.closed, code()], [true, true, 0]);
});

Deno.test("a second drain counts although the first one listens yet", async () => {
  const { clock, tell, arrive, code } = await bench();
  const { client } = await arrive();
  await tell("drain", { successors: true });
  await tell("drain", { seconds: 0, successors: false });
  await clock.advance(1_300);
  assertEquals([client.closed, code()], [true, 0]);
});

Deno.test("a worker that drains without a limit and loses its supervisor keeps the drain timeout", async () => {
  const { runtime, clock, prepare, tell, arrive, code, commit } = await bench();
  await prepare({ timeouts: { ...CONFIGURATION.timeouts, drain: 20 } });
  await commit();
  const { client } = await arrive();
  await tell("drain", { successors: true });
  await clock.advance(60_000);
  runtime.processes.endInput();
  await clock.advance(19_000);
  assertEquals([client.closed, code()], [false, undefined]);
  await clock.advance(2_000);
  assertEquals([client.closed, code()], [true, 0]);
});

Deno.test("what was prepared is forgotten by a worker that drains", async () => {
  const { clock, prepare, tell, open, code } = await bench();
  await prepare({ tls: RENEWED });
  await tell("drain", { seconds: 1, successors: false });
  await clock.advance(200);
  assertEquals([open(), code()], [[false, false], 0]);
});
