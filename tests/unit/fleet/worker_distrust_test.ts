/** A worker that is somebody else's by now: whatever it writes, its supervisor stays well and notices its end. */

import fc from "fast-check";
import { messageLine } from "../../../src/control/message_lines.ts";
import { MAX_LINE } from "../../../src/control/messages.ts";
import { StartupError } from "../../../src/errors.ts";
import type { AccessOutput } from "../../../src/log/access_output.ts";
import { configureLog } from "../../../src/log/log.ts";
import { WorkerProcess } from "../../../src/fleet/worker_process.ts";
import { WorkerSlot } from "../../../src/fleet/worker_slot.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";
import { failed, READY, stateOf, TOTALS } from "../../support/worker_configuration.ts";

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

function newWorker() {
  const runtime = new FakeRuntime();
  const lines: string[] = [];
  const access: string[] = [];
  const accessLog: AccessOutput = {
    write: (given) => void access.push(...given),
    reopen() {},
    flushed: () => Promise.resolve(),
  };
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const worker = new WorkerProcess(runtime, { index: 1, state: stateOf(), log, accessLog });
  const child = runtime.processes.children[0]!;
  return { worker, child, lines, access, clock: runtime.clock };
}

const ENDED = messageLine({ ...{ type: "ended", counters: TOTALS } });

function manyCounters(count: number, name = "name"): string {
  const entries = Array.from({ length: count }, (_, place) => [`${name}${place}`, place]);
  return messageLine({ ...{ type: "counters", counters: Object.fromEntries(entries) } });
}

function manySeries(key: string, value: unknown, count = 1): string {
  const series = Array.from({ length: count }, () => [key, value]);
  return messageLine({ ...{ type: "counters", counters: {}, series } });
}

function tooManySeries(): string {
  return Array.from({ length: 101 }, (_, batch) => {
    const series = Array.from({ length: 200 }, (_, place) => {
      return [JSON.stringify(["connections_accepted", `${batch} ${place}`]), 1];
    });
    return messageLine({ ...{ type: "counters", counters: {}, series } });
  }).join("");
}

/** What a worker writes that breaks the protocol, and what the log says of it. */
const BREACHES: [what: string | Uint8Array, words: string][] = [
  ['{"type":"log","level":"fatal","text":"a"}\n', "log.level is none of debug, info"],
  ['{"type":"shell","command":"id"}\n', "a message of an unknown kind"],
  ['{"type":"ended","counters":{"accepted":"many"}}\n', "ended.counters.accepted is not a whole"],
  [new Uint8Array(MAX_LINE + 1).fill(65), "a line of more than 1048576 bytes"],
  ['{"type":"answer"}\n', "an answer without a request"],
  ['{"type":"answer","id":2}\n', "an answer without a request"],
  ['{"type":"answer","id":"1"}\n', "an answer without a request"],
  ['{"type":"answer","id":1}\n', "answer.library is not a text"],
  ['{"type":"answer","id":1,"fault":7}\n', "answer.fault is not a text"],
  [`${messageLine(READY)}${messageLine(READY)}`, "an answer without a request"],
  [`${messageLine(failed("a"))}${messageLine(READY)}`, "an answer without a request"],
  [`${messageLine(READY)}{"type":"busy"}\n`, '"busy" without a request'],
  [`${messageLine(READY)}${ENDED}${ENDED}`, '"ended" a second time'],
  [manySeries('["made_up","a"]', 1), "counters.series has an unknown series"],
  [manySeries('["connections_accepted"]', 1), "counters.series has an unknown series"],
  [manySeries('["connections_accepted","a\\n"]', 1), "counters.series has an unknown series"],
  [manySeries('["connections_accepted","a"]', -1), "counters.series has an invalid value"],
  [manySeries('["handshake_duration_seconds","a"]', [1]), "counters.series has an invalid value"],
  [manySeries("a", 1, 201), "counters.series is longer than 200"],
  [tooManySeries(), "more than 20000 series"],
  [manyCounters(257), "counters.counters has more than 256 numbers"],
  [`${manyCounters(200)}${manyCounters(200, "other")}`, "more than 256 counters"],
];

Deno.test("a worker that breaks the protocol is named in the log, killed and read no more", async () => {
  for (const [what, words] of BREACHES) {
    const { worker, child, lines } = newWorker();
    child.say(what);
    child.say('{"type":"log","level":"info","text":"unheard"}\n');
    const reason = await worker.ended;
    const own = lines.filter((line) => line.includes("broke the control protocol"));
    assertEquals(own.length, 1, lines.join("\n"));
    assert(own[0]!.startsWith("error worker 1 (process 5000) broke the control protocol: "));
    assert(own[0]!.includes(words), `${own[0]} for ${words}`);
    assert(reason.startsWith("killed by stud because it broke the control protocol"), reason);
    assert(!lines.some((line) => line.includes("unheard")));
  }
});

Deno.test("another worker takes the place of one that breaks the protocol", async () => {
  for (const [what] of BREACHES) {
    const runtime = new FakeRuntime();
    const { children } = runtime.processes;
    const slot = new WorkerSlot(runtime, {
      ...{ index: 1, state: () => stateOf(), log: configureLog(() => {}, "error") },
    });
    const started = slot.start();
    children[0]!.say(READY);
    await started;
    children[0]!.say(what);
    await settled();
    assertEquals(children.length, 2, String(what).slice(0, 80));
    await slot.kill();
  }
});

Deno.test("an answer about an address that was not asked about breaks the protocol", async () => {
  const { worker, child, lines } = newWorker();
  child.say(READY);
  await worker.ready;
  const prepared = worker.prepare(stateOf());
  await settled();
  child.answer("prepare", { reopened: [{ host: "0.0.0.0", port: 22 }] });
  await assertRejects(() => prepared, StartupError);
  await worker.ended;
  assert(
    lines[0]!.includes("an answer with an address that was not asked about"),
    lines.join("\n"),
  );
});

Deno.test("a worker that owes an answer is ended at last", async () => {
  const { worker, child, lines, clock } = newWorker();
  child.say(READY);
  await worker.ready;
  const steered = worker.steer({ host: "192.0.2.1", port: 8443 }, null);
  steered.catch(() => {});
  await clock.advance(299_000);
  await assertRejects(() => steered, StartupError, "no answer within 60 s");
  assertEquals(lines, []);
  await clock.advance(1_000);
  assert((await worker.ended).includes("no answer within 300 s"));
  assertEquals(clock.waiting, 0);
});

Deno.test("a worker that does not end when its drain is over is ended", async () => {
  const { worker, child, clock } = newWorker();
  child.say(READY);
  await worker.ready;
  worker.drain(7);
  await settled();
  child.answer("drain");
  await clock.advance(16_000);
  let ended = false;
  worker.ended.then(() => ended = true);
  assertEquals(ended, false);
  await clock.advance(1_000);
  assert((await worker.ended).includes("not ended 17 s after the order to drain"));
});

Deno.test("a worker that takes none of its messages is ended", async () => {
  const { worker, child, lines } = newWorker();
  Object.defineProperty(child, "onTold", { value: () => new Promise(() => {}) });
  for (let count = 0; count < 1_100; count++) void worker.ask("report", {});
  await worker.ended;
  assert(lines[0]!.includes("it did not read the last 1000 messages"), lines.join("\n"));
});

Deno.test("a worker that closes its output and lives on is ended", async () => {
  const { worker, child, clock } = newWorker();
  child.say(READY);
  await worker.ready;
  child.closeOutput();
  await clock.advance(5_000);
  assert((await worker.ended).includes("it closed its output"));
});

Deno.test("the end of a worker is noticed although another process holds its streams open", async () => {
  const { worker, child, clock } = newWorker();
  child.say(READY);
  await worker.ready;
  child.endAlone({ code: 3 });
  await clock.advance(5_000);
  assertEquals(await worker.ended, "exit code 3");
  assertEquals(clock.waiting, 0);
});

Deno.test("the end of a worker is noticed although reading from it fails", async () => {
  for (const stream of ["output", "errors"] as const) {
    const runtime = new FakeRuntime();
    runtime.processes.onStart = (child) => {
      const broken = new ReadableStream<Uint8Array>({
        pull: (controller) => controller.error(new Error("EIO")),
      });
      Object.defineProperty(child, stream, { value: broken });
    };
    const lines: string[] = [];
    const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
    const worker = new WorkerProcess(runtime, { index: 1, state: stateOf(), log });
    await worker.ended;
    assert(lines[0]!.includes("its output cannot be read: EIO"), lines.join("\n"));
  }
});

Deno.test("what a worker or its runtime prints is in the log in escaped lines that are not long", async () => {
  const { worker, child, lines } = newWorker();
  child.complain(`thread 'main' panicked\x1b[31m at\u2028${"x".repeat(3_000)}\n`);
  child.complain("and more");
  child.say("Fatal error\x07 in, line 1\n");
  child.end({ code: 134 });
  await worker.ended;
  assertEquals(lines.filter((line) => UNPRINTABLE.test(line)), []);
  assert(lines.includes("info worker 1: Fatal error\\x07 in, line 1"), lines.join("\n"));
  assert(lines.some((line) => line.startsWith("error worker 1: thread 'main' panicked\\x1b[31m")));
  assertEquals(lines.join("").split("x".repeat(100)).length > 25, true, "nothing is lost");
  assert(lines.includes("error worker 1: and more"));
});

Deno.test("a worker that logs without end leaves room for the others, and the rest is counted", async () => {
  const { worker, child, lines, clock } = newWorker();
  const line = messageLine({ ...{ type: "log", level: "info", text: "flood" } });
  for (let count = 0; count < 100; count++) child.say(line.repeat(100));
  await settled();
  assertEquals(lines.length, 3_000);
  await clock.advance(1_000);
  assertEquals(lines.at(-1), "warning worker 1: 7000 log lines lost: more than 1000 per second");
  child.say(line);
  await settled();
  assertEquals(lines.at(-1), "info worker 1: flood");
  child.end();
  await worker.ended;
});

Deno.test("a worker that writes without end is read no faster than it may write", async () => {
  const runtime = new FakeRuntime();
  let given = 0;
  runtime.processes.onStart = (child) => {
    const line = new TextEncoder().encode(`${JSON.stringify({ type: "access", lines: [] })}\n`);
    const piece = new Uint8Array(line.length * 1_000);
    for (let at = 0; at < piece.length; at += line.length) piece.set(line, at);
    const endless = new ReadableStream<Uint8Array>({
      async pull(controller) {
        given += 1_000;
        await settled();
        controller.enqueue(piece);
      },
    }, { highWaterMark: 0 });
    Object.defineProperty(child, "output", { value: endless });
  };
  const worker = new WorkerProcess(runtime, {
    ...{ index: 1, state: stateOf(), log: configureLog(() => {}, "error") },
  });
  const reads = async () => {
    for (let before = -1; before !== given;) {
      before = given;
      for (let turn = 0; turn < 5; turn++) await settled();
    }
    return given;
  };
  const first = await reads();
  assert(first < 65_000, `${first} at once`);
  await runtime.clock.advance(1_000);
  const second = await reads() - first;
  assert(second > 10_000 && second < 65_000, `${second} in a second`);
  worker.kill();
  await runtime.clock.advance(5_000);
  await worker.ended;
});

Deno.test("arbitrary bytes on a worker's streams forge no line, and its end is noticed", async () => {
  const good = [READY, { type: "ended", counters: TOTALS }, { type: "access", lines: ["a\nb"] }]
    .map((message) => new TextEncoder().encode(messageLine(message)));
  const message = fc.record({
    type: fc.constantFrom("log", "access", "answer", "counters", "busy", "replace-me"),
    level: fc.constantFrom("info", "error", "fatal"),
    text: fc.string({ unit: "binary" }),
    lines: fc.array(fc.string({ unit: "binary" })),
    library: fc.string({ unit: "binary" }),
    id: fc.nat(2),
  }).map((value) => new TextEncoder().encode(messageLine(value)));
  const piece = fc.oneof(fc.uint8Array(), fc.constantFrom(...good), message);
  await fc.assert(
    fc.asyncProperty(fc.array(piece), fc.array(fc.uint8Array()), async (output, errors) => {
      const { worker, child, lines, access } = newWorker();
      for (const bytes of output) child.say(bytes);
      for (const bytes of errors) child.complain(bytes);
      child.end({ code: 1 });
      await worker.ended;
      assertEquals([...lines, ...access].filter((line) => UNPRINTABLE.test(line)), []);
    }),
    { numRuns: 300 },
  );
});
