/** One worker as its supervisor holds it. */

import { configurationLine } from "../../../src/control/packed_configuration.ts";
import { StartupError } from "../../../src/errors.ts";
import type { AccessOutput } from "../../../src/log/access_output.ts";
import { configureLog } from "../../../src/log/log.ts";
import { WorkerProcess } from "../../../src/supervisor/worker_process.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { join } from "../../support/client_hello.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";
import { CONFIGURATION, READY, TOTALS } from "../../support/worker_configuration.ts";

function newWorker() {
  const runtime = new FakeRuntime();
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const worker = new WorkerProcess(runtime, CONFIGURATION, log);
  return { worker, child: runtime.processes.children[0]!, lines, clock: runtime.clock };
}

Deno.test("a worker is told its configuration first, and to drain later", async () => {
  const { worker, child } = newWorker();
  await settled();
  const line = configurationLine("start", CONFIGURATION);
  assertEquals(child.heard, new TextDecoder().decode(join(line)));
  worker.drain();
  await settled();
  assertEquals(child.told, ["start", "drain"]);
  worker.kill();
  await worker.ended;
});

Deno.test("ready resolves with the worker's TLS library, and leaving when it asks to be replaced", async () => {
  const { worker, child } = newWorker();
  let leaving = false;
  worker.leaving.then(() => leaving = true);
  const ready = { type: "ready", library: "OpenSSL 3.0.22" };
  child.say(ready);
  assertEquals(await worker.ready, "OpenSSL 3.0.22");
  assertEquals(leaving, false);
  child.say({ type: "replace-me" });
  await worker.leaving;
  child.end();
  await worker.ended;
});

Deno.test("a worker that cannot start rejects ready with its own words", async () => {
  const { worker, child } = newWorker();
  child.say({ type: "failed", text: "cannot listen" } as { type: string });
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
    "worker 1 did not start: exit code 70; it said: error: out of luck",
  );
});

Deno.test("ended says how a worker ended, in words", async () => {
  const cases: [end: { code?: number; signal?: string }, words: string][] = [
    [{ code: 0 }, "exit code 0"],
    [{ code: 3 }, "exit code 3"],
    [{ signal: "SIGKILL" }, "killed by SIGKILL; by hand, or by the kernel for want of memory"],
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
  child.say({ type: "log", level: "warning", text: "careful" } as { type: string });
  child.say("not a message\n");
  child.complain("a complaint\n\n");
  child.say({ type: "ended", counters: TOTALS } as { type: string });
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
  const worker = new WorkerProcess(runtime, CONFIGURATION, log, accessLog);
  const [child] = runtime.processes.children;
  child!.say({ type: "access", lines: ["a", "b"] } as { type: string });
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
