/** One worker after the other in the same place. */

import { StartupError } from "../../../src/errors.ts";
import { configureLog, type Logger } from "../../../src/log/log.ts";
import { WorkerSlot, type WorkerSlotOptions } from "../../../src/fleet/worker_slot.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";
import {
  configurationOf,
  failed,
  READY,
  readyBy,
  stateOf,
  TOTALS,
} from "../../support/worker_configuration.ts";
import { SOCKETS } from "../../support/socket_settings.ts";

const CHANGED = stateOf({ sockets: { ...SOCKETS, keepalive: 60 } }, { version: 2 });

/** A slot of number 1 whose workers serve by a state. */
function newSlotOf(
  runtime: FakeRuntime,
  log: Logger,
  state = { now: stateOf() },
  handOver?: WorkerSlotOptions["handOver"],
) {
  return new WorkerSlot(runtime, {
    ...{ index: 1, log, state: () => state.now },
    ...handOver && { handOver },
  });
}

/** A slot whose first worker serves. */
async function newSlot() {
  const runtime = new FakeRuntime();
  const { children } = runtime.processes;
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const state = { now: stateOf() };
  const slot = newSlotOf(runtime, log, state);
  const started = slot.start();
  children[0]!.say(READY);
  await started;
  return { runtime, clock: runtime.clock, children, lines, slot, state };
}

Deno.test("start() returns the TLS library of the first worker", async () => {
  const runtime = new FakeRuntime();
  const slot = newSlotOf(runtime, configureLog(() => {}, "error"));
  const starting = slot.start();
  runtime.processes.children[0]!.say(readyBy({ library: "OpenSSL 3.0.22" }));
  assertEquals((await starting).library, "OpenSSL 3.0.22");
  await slot.kill();
});

Deno.test("start() rejects when the first worker cannot serve", async () => {
  const runtime = new FakeRuntime();
  const slot = newSlotOf(runtime, configureLog(() => {}, "error"));
  const starting = slot.start();
  runtime.processes.children[0]!.say(failed("no such port"));
  await assertRejects(() => starting, StartupError, "no such port");
  runtime.processes.failingStarts = 1;
  const none = newSlotOf(runtime, configureLog(() => {}, "error"));
  await assertRejects(() => none.start(), StartupError, "no memory");
});

Deno.test("one that dies before it serves is one line, and had no connections", async () => {
  const { children, lines, slot } = await newSlot();
  children[0]!.end({ signal: "SIGSEGV" });
  await settled();
  children[1]!.end({ signal: "SIGSEGV" });
  await settled();
  assertEquals(lines.slice(1), [
    "error worker 1 (process 5001) died before it served: killed by SIGSEGV; a crash in native code",
  ]);
  await slot.kill();
});

Deno.test("a worker that dies is replaced at once, and the log names it and why", async () => {
  const { clock, children, lines, slot } = await newSlot();
  await clock.advance(60_000);
  children[0]!.end({ signal: "SIGSEGV" });
  await settled();
  assertEquals(children.length, 2);
  assertEquals(lines, [
    "error worker 1 (process 5000) died: killed by SIGSEGV; a crash in native code; its " +
    "connections are lost",
  ]);
  children[1]!.say(READY);
  await settled();
  assertEquals(lines[1], "info worker 1 serves again (process 5001)");
  await slot.kill();
});

Deno.test("every living worker gets a new state, and the next worker starts with the newest", async () => {
  const { clock, children, slot, state } = await newSlot();
  const backend = [{ kind: "tcp", host: "192.0.2.7", port: 80 }] as const;
  const staples = new Map([["f1", "AA=="]]);
  state.now = stateOf({ backend }, { version: 2, staples });
  for (const worker of slot.alive) worker.update(state.now);
  await settled();
  const list = [{ fingerprint: "f1", response: "AA==" }];
  assertEquals(children[0]!.last, { type: "update", backend, staples: list } as object);
  for (const worker of slot.alive) worker.update(state.now);
  await settled();
  assertEquals(children[0]!.told, ["start", "update"]);
  await clock.advance(60_000);
  children[0]!.end({ code: 1 });
  await settled();
  const [start] = children[1]!.messages;
  assertEquals(start?.type === "start" && start.staples, list);
  assertEquals(configurationOf(children[1]!).backend, backend);
  await slot.kill();
});

Deno.test("a worker that never comes to serve is replaced after growing pauses, up to a second", async () => {
  const { clock, children, slot } = await newSlot();
  for (const pause of [0, 0, 500, 1_000, 1_000]) {
    const before = children.length;
    children.at(-1)!.end({ code: 1 });
    await settled();
    if (pause > 0) {
      await clock.advance(pause - 1);
      assertEquals(children.length, before, `no start before ${pause} ms`);
      await clock.advance(1);
    }
    assertEquals(children.length, before + 1, `a start after ${pause} ms`);
  }
  children.at(-1)!.say(READY);
  await settled();
  const before = children.length;
  children.at(-1)!.end({ code: 1 });
  await settled();
  assertEquals(children.length, before + 1, "who has served is replaced at once");
  await slot.kill();
});

Deno.test("a machine that refuses a new worker is asked again", async () => {
  const { runtime, clock, children, lines, slot } = await newSlot();
  runtime.processes.failingStarts = 3;
  children[0]!.end({ code: 1 });
  await clock.advance(20_000);
  assertEquals(children.length, 2);
  assert(
    lines.some((line) =>
      line === "error worker 1 cannot serve: cannot start a worker process: no memory"
    ),
  );
  await slot.kill();
});

Deno.test("a replacement that cannot serve is logged and replaced again", async () => {
  const { clock, children, lines, slot } = await newSlot();
  children[0]!.end({ code: 1 });
  await settled();
  children[1]!.say(failed("no such port"));
  children[1]!.end({ code: 1 });
  await clock.advance(500);
  assertEquals(children.length, 3);
  assert(lines.includes("error worker 1 cannot serve: no such port"), lines.join("\n"));
  await slot.kill();
});

Deno.test("a worker that leaves is let go only when the next one serves", async () => {
  const { clock, children, lines, slot } = await newSlot();
  children[0]!.say({ type: "replace-me" });
  await clock.advance(200);
  assertEquals([children.length, children[0]!.told], [2, ["start"]]);
  assert(lines[0]!.includes("worker 1 (process 5000) received SIGTERM; replacing it"));
  children[1]!.say(READY);
  await settled();
  assertEquals(children[0]!.told, ["start", "drain"]);
  children[0]!.say({ type: "ended", counters: TOTALS });
  children[0]!.end();
  await settled();
  assertEquals(slot.totals, [TOTALS]);
  assert(!lines.some((line) => line.includes("died")), lines.join("\n"));
  // The next one is looked after as the first one was.
  children[1]!.end({ code: 1 });
  await settled();
  assertEquals(children.length, 3);
  await slot.kill();
});

Deno.test("a SIGTERM for all of stud starts no replacement for the worker that got it first", async () => {
  const { clock, children, slot } = await newSlot();
  children[0]!.say({ type: "replace-me" });
  await clock.advance(100);
  const drained = slot.drain(10);
  await clock.advance(1_000);
  assertEquals([children.length, children[0]!.told], [1, ["start", "drain"]]);
  children[0]!.end();
  await drained;
});

Deno.test("drain() asks every worker that lives and waits for all of them", async () => {
  const { clock, children, slot } = await newSlot();
  children[0]!.say({ type: "replace-me" });
  await clock.advance(200);
  let drained = false;
  slot.drain(10).then(() => drained = true);
  await settled();
  assertEquals(children.map((child) => child.told.at(-1)), ["drain", "drain"]);
  children[0]!.end();
  await settled();
  assertEquals(drained, false);
  children[1]!.end();
  await settled();
  assertEquals([drained, children.length], [true, 2]);
});

Deno.test("nothing is started after drain() or kill(), not even after a pause", async () => {
  for (const stop of ["drain", "kill"] as const) {
    const { clock, children, slot } = await newSlot();
    for (const place of [0, 1, 2]) {
      children[place]!.end({ code: 1 });
      await settled();
    }
    await slot[stop](10);
    await clock.advance(60_000);
    assertEquals(children.length, 3, stop);
  }
});

Deno.test("a worker that leaves is closed by a handover to the next one", async () => {
  const runtime = new FakeRuntime();
  const { children } = runtime.processes;
  const events: string[] = [];
  const slot = newSlotOf(
    runtime,
    configureLog(() => {}, "error"),
    { now: stateOf() },
    async (successor, close) => {
      events.push(`to ${successor.pid}`);
      await close();
      events.push("closed");
    },
  );
  const started = slot.start();
  children[0]!.say(READY);
  await started;
  children[0]!.say({ type: "replace-me" });
  await runtime.clock.advance(200);
  children[1]!.say(READY);
  await settled();
  assertEquals([events, children[0]!.last], [
    ["to 5001"],
    { type: "drain", seconds: 10, successors: true },
  ]);
  children[0]!.answer("drain");
  await settled();
  assertEquals(events, ["to 5001", "closed"]);
  await slot.kill();
});

Deno.test("a worker that leaves drains although the next one cannot serve", async () => {
  const { clock, children, slot } = await newSlot();
  children[0]!.say({ type: "replace-me" });
  await clock.advance(200);
  children[1]!.say(failed("no such port"));
  children[1]!.end({ code: 1 });
  await settled();
  assertEquals(children[0]!.last, { type: "drain", seconds: 10, successors: false });
  await slot.kill();
});

Deno.test("retire() resolves when the worker listens no more, and nothing takes its place", async () => {
  const { clock, children, slot } = await newSlot();
  let retired = false;
  slot.retire().then(() => retired = true);
  await settled();
  assertEquals([retired, children[0]!.last], [
    false,
    { type: "drain", successors: true },
  ]);
  children[0]!.answer("drain");
  await settled();
  assertEquals(retired, true);
  children[0]!.end();
  await clock.advance(60_000);
  assertEquals(children.length, 1);
});

Deno.test("a slot without a worker takes the change for the next one", async () => {
  const { clock, children, slot, state } = await newSlot();
  for (const place of [0, 1, 2]) {
    children[place]!.end({ code: 1 });
    await settled();
  }
  assertEquals(slot.current, undefined);
  assertEquals(await slot.prepare(CHANGED), []);
  state.now = CHANGED;
  await slot.commit();
  await clock.advance(500);
  const [start] = children[3]!.messages;
  assertEquals(start?.type === "start" && start.configuration.sockets.keepalive, 60);
  await slot.kill();
});

Deno.test("workers that are asked to end again and again do not become more and more", async () => {
  const { clock, children, slot } = await newSlot();
  for (let asked = 0; asked < Math.min(children.length, 20); asked++) {
    children[asked]!.say({ type: "replace-me" });
    await clock.advance(250);
    if (children.length > asked + 1) children.at(-1)!.say(READY);
    await settled();
  }
  assertEquals(children.length, 5);
  // One that has ended makes room for the next.
  children[0]!.end();
  await settled();
  await clock.advance(1_000);
  assertEquals(children.length, 6);
  const gone = slot.kill();
  await settled();
  await gone;
});

Deno.test("start() tries once more when the worker is killed, and only then", async () => {
  const lines: string[] = [];
  const runtime = new FakeRuntime();
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const { children } = runtime.processes;
  const slot = newSlotOf(runtime, log);
  const starting = slot.start();
  children[0]!.end({ code: 137, signal: "SIGKILL" });
  await settled();
  assertEquals(children.length, 2);
  assert(
    /^warning worker 1 did not start: killed by SIGKILL; .*; starting it again$/.test(
      lines[0]!,
    ),
  );
  children[1]!.say(READY);
  assertEquals((await starting).library, "rustls");
  await slot.kill();
  for (const [first, second] of [[{ code: 1 }], [{ signal: "SIGKILL" }, { signal: "SIGKILL" }]]) {
    const before = children.length;
    const failing = newSlotOf(runtime, log);
    const failed = assertRejects(() => failing.start(), StartupError, "did not start");
    for (const end of [first, second]) {
      if (end !== undefined) children.at(-1)!.end(end);
      await settled();
    }
    await failed;
    assertEquals(children.length - before, second === undefined ? 1 : 2);
  }
});

Deno.test("a worker that dies while it prepares is replaced, and the next one prepares", async () => {
  const { children, slot, state } = await newSlot();
  const preparing = slot.prepare(CHANGED);
  await settled();
  assertEquals(children[0]!.told, ["start", "prepare"]);
  children[0]!.end({ signal: "SIGKILL" });
  await settled();
  children[1]!.say(READY);
  await settled();
  assertEquals(children[1]!.told, ["start", "prepare"]);
  children[1]!.answer("prepare", { reopened: [] });
  assertEquals(await preparing, []);
  state.now = CHANGED;
  const committing = slot.commit();
  await settled();
  children[1]!.answer("commit");
  await committing;
  assertEquals([children[1]!.told.at(-1), children.length], ["commit", 2]);
  await slot.kill();
});

Deno.test("a worker that refuses a configuration is not asked again", async () => {
  const { children, slot } = await newSlot();
  const preparing = slot.prepare(CHANGED);
  await settled();
  children[0]!.answer("prepare", { fault: "no" });
  await assertRejects(() => preparing, StartupError, "no");
  assertEquals(children.length, 1);
  await slot.kill();
});
