/** One worker as its supervisor holds it. */

import { stateFrame } from "../../../src/control/packed_configuration.ts";
import { StartupError } from "../../../src/errors.ts";
import type { AccessOutput } from "../../../src/log/access_output.ts";
import { configureLog } from "../../../src/log/log.ts";
import { WorkerProcess } from "../../../src/fleet/worker_process.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";
import {
  failed,
  frameBytes,
  READY,
  readyBy,
  stateOf,
  TOTALS,
} from "../../support/worker_configuration.ts";

const ADDRESS = { host: "192.0.2.1", port: 8443 };

function newWorker() {
  const runtime = new FakeRuntime();
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const worker = new WorkerProcess(runtime, { index: 1, state: stateOf(), log });
  return { worker, child: runtime.processes.children[0]!, lines, clock: runtime.clock };
}

Deno.test("a worker is told its configuration first, and to drain later", async () => {
  const { worker, child } = newWorker();
  await settled();
  const bytes = frameBytes(stateFrame("start", 1, stateOf(), 1));
  assertEquals(child.heard, new TextDecoder().decode(bytes));
  worker.drain(7);
  await settled();
  assertEquals(child.told, ["start", "drain"]);
  worker.kill();
  await worker.ended;
});

Deno.test("ready resolves with the worker's TLS library, and leaving when it asks to be replaced", async () => {
  const { worker, child } = newWorker();
  let leaving = false;
  worker.leaving.then(() => leaving = true);
  child.say(readyBy({ library: "OpenSSL 3.0.22" }));
  assertEquals((await worker.ready).library, "OpenSSL 3.0.22");
  assertEquals(leaving, false);
  child.say({ type: "replace-me" });
  await worker.leaving;
  child.end();
  await worker.ended;
});

Deno.test("a worker that cannot start rejects ready with its own words", async () => {
  const { worker, child } = newWorker();
  child.say(failed("cannot listen"));
  const error = await assertRejects(() => worker.ready, StartupError);
  assertEquals(error.message, "cannot listen");
  child.end({ code: 1 });
  assertEquals(await worker.ended, "exit code 1");
});

Deno.test("a worker that never says a word is ended, and one that serves is left alone", async () => {
  const silent = newWorker();
  await silent.clock.advance(60_000);
  const error = await assertRejects(() => silent.worker.ready, StartupError);
  assert(error.message.includes("nothing within 60 s of its start"), error.message);
  const serving = newWorker();
  serving.child.say(READY);
  await serving.worker.ready;
  await settled();
  assertEquals(serving.clock.waiting, 0);
  serving.worker.kill();
  await serving.worker.ended;
});

Deno.test("a worker that dies before it is ready rejects with why it died", async () => {
  const { worker, child } = newWorker();
  child.complain("\nerror: out of luck\n  at somewhere\n");
  child.end({ code: 70 });
  await assertRejects(
    () => worker.ready,
    StartupError,
    "worker 1 did not start: exit code 70; last output: error: out of luck",
  );
});

Deno.test("ended says how a worker ended, in words", async () => {
  const cases: [end: { code?: number; signal?: string }, words: string][] = [
    [{ code: 0 }, "exit code 0"],
    [{ code: 3 }, "exit code 3"],
    [{ signal: "SIGKILL" }, "killed by SIGKILL; manually, or by the kernel when memory ran out"],
    [{ signal: "SIGTRAP" }, "killed by SIGTRAP; the JavaScript heap was full"],
    [{ signal: "SIGSEGV" }, "killed by SIGSEGV; a crash in native code"],
    [{ signal: "SIGABRT" }, "killed by SIGABRT; a crash in native code"],
    [{ signal: "SIGXCPU" }, "killed by SIGXCPU"],
  ];
  for (const [end, words] of cases) {
    const { worker, child } = newWorker();
    child.end(end);
    const reason = await worker.ended;
    assert(reason.startsWith(words), `${reason} for ${words}`);
  }
});

Deno.test("its log lines are passed on with its number, and so is whatever else it prints", async () => {
  const { worker, child, lines } = newWorker();
  child.say({
    ...{ type: "log", level: "warning", text: "careful" },
    ...{ event: "limit_reached", fields: {} },
  });
  child.say("not a message\n");
  child.complain("a complaint\n\n");
  child.say({ type: "ended", counters: TOTALS });
  child.end();
  await worker.ended;
  assertEquals([...lines].sort(), [
    ...["error worker 1: a complaint", "info worker 1: not a message", "warning worker 1: careful"],
  ]);
  assertEquals(worker.totals, TOTALS);
});

Deno.test("its lines for the access log are passed on as they are", async () => {
  const runtime = new FakeRuntime();
  const taken: string[][] = [];
  const accessLog: AccessOutput = {
    write: (lines) => void taken.push([...lines]),
    reopen() {},
    flushed: () => Promise.resolve(),
  };
  const log = configureLog(() => {}, "error");
  const worker = new WorkerProcess(runtime, { index: 1, state: stateOf(), log, accessLog });
  const [child] = runtime.processes.children;
  child!.say({ type: "access", lines: ["a", "b"] });
  child!.end();
  await worker.ended;
  assertEquals(taken, [["a", "b"]]);
});

Deno.test("the last messages are read before the end is told", async () => {
  const { worker, child } = newWorker();
  const order: string[] = [];
  const ended = worker.ended.then(() => order.push(`ended ${worker.totals?.accepted}`));
  child.say(`{"type":"ended","counters":${JSON.stringify(TOTALS)}}`); // Without a newline.
  child.end();
  await ended;
  assertEquals(order, ["ended 3"]);
});

Deno.test("answers belong to requests by their ids, and a fault is a StartupError that names the worker", async () => {
  const { worker, child } = newWorker();
  const reopened = [{ host: "192.0.2.1", port: 8443 }];
  const prepared = worker.prepare(stateOf());
  const committed = worker.commit();
  const steered = worker.steer(reopened[0]!, null);
  worker.forget();
  await settled();
  assertEquals(child.told, ["start", "prepare", "commit", "steer", "forget"]);
  child.answer("steer");
  child.answer("commit", { fault: "no more" });
  child.answer("prepare", { reopened });
  assertEquals(await prepared, reopened);
  await assertRejects(() => committed, StartupError, "worker 1: no more");
  await steered;
  child.end();
  await worker.ended;
});

Deno.test("what a worker that ended has not answered, or is asked later, is a StartupError", async () => {
  const { worker, child } = newWorker();
  const prepared = worker.prepare(stateOf());
  prepared.catch(() => {});
  const committed = worker.commit();
  committed.catch(() => {});
  child.end({ code: 1 });
  await assertRejects(() => prepared, StartupError, "worker 1 (process 5000) has ended");
  await assertRejects(() => committed, StartupError, "has ended");
  await assertRejects(() => worker.steer(ADDRESS, null), StartupError, "has ended");
});

Deno.test("deaf resolves when the worker says so, or has ended", async () => {
  const first = newWorker();
  let stoppedAccepting = false;
  first.worker.stoppedAccepting.then(() => stoppedAccepting = true);
  first.child.say(READY);
  await first.worker.ready;
  assertEquals(stoppedAccepting, false);
  first.worker.drain(undefined);
  await settled();
  first.child.answer("drain");
  await first.worker.stoppedAccepting;
  first.worker.kill();
  await first.worker.ended;
  const second = newWorker();
  second.worker.kill();
  await second.worker.stoppedAccepting;
});

Deno.test("a worker that does not answer is not waited for, and its late answer is nobody else's", async () => {
  const { worker, child, clock } = newWorker();
  child.say(READY);
  await worker.ready;
  const first = worker.prepare(stateOf());
  first.catch(() => {});
  await clock.advance(59_000);
  const second = worker.commit();
  let answered = false;
  second.then(() => answered = true);
  await clock.advance(1_000);
  await assertRejects(() => first, StartupError, "worker 1: no answer within 60 s");
  child.answer("prepare", { reopened: [] });
  await settled();
  assertEquals(answered, false);
  child.answer("commit");
  await second;
  assertEquals(clock.waiting, 0);
  worker.kill();
  await worker.ended;
});

Deno.test("a worker's counters are the last that it told of each", async () => {
  const { worker, child } = newWorker();
  child.say(READY);
  await worker.ready;
  assertEquals(worker.counts.counters, {});
  child.say({ type: "counters", counters: { accepted: 2, active: 2 } });
  child.say({ type: "counters", counters: { active: 1 } });
  await settled();
  assertEquals([worker.counts.counters, worker.totals], [{ accepted: 2, active: 1 }, undefined]);
  child.say({ type: "ended", counters: TOTALS });
  child.end();
  await worker.ended;
  assertEquals([worker.counts.counters, worker.totals], [{ ...TOTALS, active: 1 }, TOTALS]);
});
