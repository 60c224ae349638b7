/** A number of workers that change together, with workers that the test plays. */

import type { ServingBy, WorkerRequest } from "../../../src/control/messages.ts";
import { StartupError } from "../../../src/errors.ts";
import { configureLog } from "../../../src/log/log.ts";
import { Generation } from "../../../src/fleet/generation.ts";
import { Handover } from "../../../src/fleet/handover.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { setListeners } from "../../support/listeners_table.ts";
import { settled } from "../../support/manual_clock.ts";
import { SOCKETS } from "../../support/socket_settings.ts";
import { type Answered, leave, obey } from "../../support/obedient_worker.ts";
import { CONFIGURATION, stateOf, TOTALS } from "../../support/worker_configuration.ts";

/** By their keepalive. */
const [FIRST, SECOND] = [3600, 60];
const CHANGED = stateOf({ workers: 2, sockets: { ...SOCKETS, keepalive: SECOND } }, { version: 2 });
const REOPENED = [{ host: "192.0.2.1", port: 8443 }];

/** Workers that serve; `answer` is told which one is asked, from 0. */
async function bench(
  workers = 2,
  answer: (place: number, message: WorkerRequest) => Answered | undefined = () => ({}),
  busy = false,
) {
  const runtime = new FakeRuntime();
  const { processes, files, clock } = runtime;
  const log = configureLog(() => {}, "error");
  const handover = new Handover(runtime, log);
  processes.onStart = (child) => {
    const place = child.pid - 5_000;
    obey(child, { answer: (message) => answer(place, message), busy });
  };
  const state = stateOf({ workers });
  const generation = new Generation(runtime, state, { handover, log });
  await generation.start();
  const { children } = processes;
  const next = async () => {
    const successor = new Generation(runtime, state, { handover, log });
    await successor.start();
    return successor;
  };
  return { generation, children, files, clock, next, told: () => children.map(({ told }) => told) };
}

Deno.test("start() tells every worker its number and the library of the first", async () => {
  const { generation, children } = await bench(3);
  assertEquals(
    children.map(({ messages: [start] }) => start?.type === "start" && start.configuration.index),
    [1, 2, 3],
  );
  assertEquals([generation.alive.length, keepalive(generation)], [3, FIRST]);
  assertEquals(generation.addresses, [{ host: "192.0.2.1", port: 8443 }]);
  await generation.kill();
});

Deno.test("change() commits once all have prepared", async () => {
  const { generation, children, told } = await bench();
  children[1]!.onTold = () => {};
  const changed = generation.change(CHANGED);
  await settled();
  assertEquals(told(), [["start", "prepare"], ["start", "prepare"]]);
  obey(children[1]!);
  children[1]!.answer("prepare", { reopened: [] });
  await changed;
  assertEquals(told(), [["start", "prepare", "commit"], ["start", "prepare", "commit"]]);
  assertEquals(keepalive(generation), SECOND);
  await generation.kill();
});

Deno.test("change() changes nothing if one worker refuses, and the next one is as if it had not been", async () => {
  let fault: string | undefined = "no such cipher";
  const { generation, told } = await bench(2, (place, { type }) => {
    return place === 1 && type === "prepare" && fault ? { fault } : {};
  });
  await assertRejects(() => generation.change(CHANGED), StartupError, "worker 2: no such cipher");
  assertEquals(told(), [["start", "prepare", "forget"], ["start", "prepare", "forget"]]);
  assertEquals(keepalive(generation), FIRST);
  fault = undefined;
  await generation.change(CHANGED);
  assertEquals(told().map((types) => types.at(-1)), ["commit", "commit"]);
  await generation.kill();
});

Deno.test("change() has the successor of a worker that dies while it prepares do so instead", async () => {
  const { generation, children, told } = await bench(2, (place, { type }) => {
    return place === 1 && type === "prepare" ? undefined : {};
  });
  const changed = generation.change(CHANGED);
  await settled();
  children[1]!.end({ code: 1 });
  await changed;
  const whole = ["start", "prepare", "commit"];
  assertEquals(told(), [whole, ["start", "prepare"], whole]);
  assertEquals(keepaliveOf(children[2]!.messages[0]!), FIRST);
  assertEquals(keepalive(generation), SECOND);
  await generation.kill();
});

Deno.test("change() fails if the successor dies of it too, and the next one serves as before", async () => {
  const { generation, children, told } = await bench(2, (place, { type }) => {
    return place > 0 && type === "prepare" ? undefined : {};
  });
  const changed = generation.change(CHANGED);
  changed.catch(() => {});
  await settled();
  children[1]!.end({ code: 1 });
  await settled();
  children[2]!.end({ code: 1 });
  await assertRejects(() => changed, StartupError, "worker 2 (process 5002) has ended");
  await settled();
  const died = ["start", "prepare"];
  assertEquals(told(), [["start", "prepare", "forget"], died, died, ["start"]]);
  assertEquals(keepaliveOf(children[3]!.messages[0]!), FIRST);
  await generation.kill();
});

Deno.test("a worker that dies before it commits leaves a successor with the new configuration", async () => {
  const { generation, children } = await bench(2, (place, { type }) => {
    return place === 1 && type === "commit" ? undefined : {};
  });
  const changed = generation.change(CHANGED);
  await settled();
  children[1]!.end({ code: 1 });
  await changed;
  await settled();
  assertEquals(children.length, 3);
  assertEquals(keepaliveOf(children[2]!.messages[0]!), SECOND);
  await generation.kill();
});

Deno.test("a worker that was started while the others prepared is started anew with the change", async () => {
  const { generation, children } = await bench(2);
  children[1]!.onTold = ({ type }) => {
    if (type === "prepare") children[1]!.answer("prepare", { reopened: [] });
  };
  children[0]!.onTold = () => {};
  const changed = generation.change(CHANGED);
  await settled();
  children[1]!.end({ code: 1 });
  await settled();
  assertEquals([children.length, keepaliveOf(children[2]!.messages[0]!)], [3, FIRST]);
  obey(children[0]!);
  children[0]!.answer("prepare", { reopened: [] });
  await changed;
  await settled();
  assertEquals((await children[2]!.ended).signal, "SIGKILL");
  await generation.kill();
});

Deno.test("change() steers to the sockets that were opened for it while the former ones close", async () => {
  const { generation, children, files, told } = await bench(
    2,
    (_, { type }) => type === "prepare" ? { reopened: REOPENED } : {},
  );
  setListeners(files, 4);
  await generation.change(CHANGED);
  assertEquals(told(), [
    ["start", "prepare", "steer", "commit", "steer"],
    ["start", "prepare", "commit"],
  ]);
  const steers = children[0]!.messages.filter(({ type }) => type === "steer");
  assertEquals(steers.map((message) => message.type === "steer" && message.steering), [
    ...[{ first: 2, count: 2, byClient: false }, null],
  ]);
  await generation.kill();
});

Deno.test("succeed() has the former workers stop listening, and their clients may go on for ever", async () => {
  const { generation, children, files, clock, next } = await bench(2, () => ({}), true);
  const successor = await next();
  setListeners(files, 4);
  await successor.succeed(generation);
  for (const child of children.slice(0, 2)) {
    assertEquals(child.last, { type: "drain", successors: true });
  }
  assertEquals(children[2]!.told, ["start", "steer", "steer"]);
  await clock.advance(86_400_000);
  let gone = false;
  generation.gone().then(() => gone = true);
  await settled();
  assertEquals(gone, false);
  for (const child of children.slice(0, 2)) leave(child);
  await settled();
  assertEquals([gone, generation.totals, children.length], [true, [TOTALS, TOTALS], 4]);
  await successor.kill();
});

Deno.test("fewer workers than before open as many sockets as close, for clients are kept away by index", async () => {
  const runtime = new FakeRuntime();
  runtime.processes.onStart = (child) => obey(child, { answer: () => ({}), busy: true });
  const log = configureLog(() => {}, "error");
  const handover = new Handover(runtime, log);
  const tls = { ...CONFIGURATION.tls, library: "openssl" } as const;
  const started = async (workers: number) => {
    const state = stateOf({ ...CONFIGURATION, tls, workers });
    const generation = new Generation(runtime, state, { handover, log });
    await generation.start();
    return generation;
  };
  const former = await started(5);
  setListeners(runtime.files, 5);
  const successor = await started(2);
  assertEquals([former.state.listeners, successor.state.listeners], [1, 3]);
  setListeners(runtime.files, 11);
  await successor.succeed(former);
  const { children } = runtime.processes;
  const listeners = children.map(({ messages: [start] }) =>
    start?.type === "start" && start.listeners
  );
  assertEquals(listeners, [1, 1, 1, 1, 1, 3, 3]);
  const [steer] = children[5]!.messages.filter((message) => message.type === "steer");
  // Six sockets stay.
  assertEquals(steer?.steering, { first: 5, count: 6, byClient: false });
  await Promise.all([former.kill(), successor.kill()]);
});

Deno.test("succeed() does not wait for ever for a worker that stops listening never", async () => {
  const { generation, children, clock, next } = await bench(1);
  children[0]!.onTold = () => {};
  const successor = await next();
  let done = false;
  successor.succeed(generation).then(() => done = true);
  await clock.advance(4_900);
  assertEquals(done, false);
  await clock.advance(200);
  assertEquals(done, true);
  await successor.kill();
  await generation.kill();
});

Deno.test("succeed() does so although the new workers have died meanwhile", async () => {
  const { generation, children, next } = await bench(1, () => ({}), true);
  const successor = await next();
  for (const place of [1, 2]) {
    children[place]!.end({ code: 1 });
    await settled();
  }
  await successor.succeed(generation);
  assertEquals(children[0]!.told, ["start", "drain"]);
  await successor.kill();
  await generation.kill();
});

Deno.test("drain() tells all, with the time they have", async () => {
  const { generation, children } = await bench(2);
  await generation.drain(7);
  for (const { last } of children) {
    assertEquals(last, { type: "drain", seconds: 7, successors: false });
  }
});

Deno.test("drain() leaves new connections to the workers of another program on the same addresses", async () => {
  const { generation, children, files } = await bench(2, () => ({}), true);
  setListeners(files, 5);
  const drained = generation.drain(7);
  await settled();
  assertEquals(
    children[0]!.messages.filter(({ type }) => type === "steer").map((message) =>
      message.type === "steer" && message.steering
    ),
    [{ first: 2, count: 3, byClient: false }, null],
  );
  for (const child of children) {
    const drain = child.messages.find(({ type }) => type === "drain");
    assertEquals(drain, { ...drain!, seconds: 7, successors: true } as WorkerRequest);
    leave(child);
  }
  await drained;
});

function keepalive({ state }: Generation): number {
  return state.configuration.sockets.keepalive;
}

function keepaliveOf(message: WorkerRequest): number | undefined {
  return message.type === "start" ? message.configuration.sockets.keepalive : undefined;
}

/** Workers that would rather have had OpenSSL, and steer clients if they have not. */
async function preferringOpenSsl(servingBy: ServingBy) {
  const runtime = new FakeRuntime();
  const log = configureLog(() => {}, "error");
  runtime.processes.onStart = (child) =>
    obey(child, {
      servingBy,
      answer: ({ type }) => type === "prepare" ? { reopened: REOPENED } : {},
    });
  const tls = { ...CONFIGURATION.tls, library: "openssl", orElse: "rustls" } as const;
  const configuration = { ...CONFIGURATION, tls, workers: 2, steer: 2 };
  const handover = new Handover(runtime, log);
  const generation = new Generation(runtime, stateOf(configuration), { handover, log });
  await generation.start();
  setListeners(runtime.files, 4);
  const { children } = runtime.processes;
  return { generation, configuration, children };
}

/** What the message says of a library that is missing. */
function missingIn(message: WorkerRequest | undefined): unknown {
  return message?.type === "start" || message?.type === "prepare" ? message.missing : message;
}

Deno.test("later workers, and later configurations, do without OpenSSL as the first workers do", async () => {
  const missing = "libssl.so.3 is away";
  const { generation, configuration, children } = await preferringOpenSsl({
    library: "rustls",
    missing,
  });
  assertEquals(generation.state.missing, missing);
  assertEquals(children.map(({ messages }) => missingIn(messages[0])), [undefined, undefined]);
  await generation.change(stateOf({ ...configuration, sockets: { ...SOCKETS, keepalive: 60 } }));
  const prepared = children[0]!.messages.find(({ type }) => type === "prepare");
  assertEquals(missingIn(prepared), missing);
  children[0]!.end({ code: 1 });
  await settled();
  assertEquals(missingIn(children[2]!.messages[0]), missing);
  await generation.kill();
});

Deno.test("clients are steered by their address only if rustls serves after all", async () => {
  const cases = [
    [{ library: "OpenSSL 3.0.22" }, null],
    [{ library: "rustls", missing: "away" }, { first: 0, count: 2, byClient: true }],
  ] as const;
  for (const [servingBy, after] of cases) {
    const { generation, configuration, children } = await preferringOpenSsl(servingBy);
    await generation.change(stateOf({ ...configuration, sockets: { ...SOCKETS, keepalive: 60 } }));
    const steers = children[0]!.messages.flatMap((one) => one.type === "steer" ? one.steering : []);
    assertEquals(steers.at(-1), after);
    await generation.kill();
  }
});
