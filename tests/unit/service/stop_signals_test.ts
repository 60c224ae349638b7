/** Signals, and what they ask for. */

import { deferred } from "../../../src/deferred.ts";
import { StopSignals } from "../../../src/service/stop_signals.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";

function newSignals() {
  const { processes } = new FakeRuntime();
  const signals = new StopSignals({ processes } as FakeRuntime);
  const seen: string[] = [];
  signals.stop.then((stop) => seen.push(stop));
  signals.hurry.then(() => seen.push("hurry"));
  signals.replaced.then(() => seen.push("replaced"));
  signals.onHangUp = () => seen.push("hang up");
  return { processes, signals, seen };
}

Deno.test("SIGTERM asks to drain, and a second one exits immediately", async () => {
  const { processes, seen } = newSignals();
  processes.raise("SIGTERM");
  await settled();
  assertEquals(seen, ["drain"]);
  processes.raise("SIGTERM");
  await settled();
  assertEquals(seen, ["drain", "hurry"]);
});

Deno.test("a successor's request drains, and is neither an operator's first SIGTERM nor the second", async () => {
  const first = newSignals();
  for (const signal of ["SIGURG", "SIGURG", "SIGTERM"] as const) first.processes.raise(signal);
  await settled();
  assertEquals(first.seen, ["drain", "replaced"]);
  first.processes.raise("SIGTERM");
  await settled();
  assertEquals(first.seen, ["drain", "replaced", "hurry"]);
  const second = newSignals();
  second.processes.raise("SIGTERM");
  second.processes.raise("SIGURG");
  await settled();
  assertEquals(second.seen, ["drain", "replaced"]);
});

Deno.test("only SIGTERM that begins the end, without a successor, counts as terminated", async () => {
  const after = async (...signals: ("SIGTERM" | "SIGURG")[]) => {
    const { processes, signals: { isTerminated: before }, signals: own } = newSignals();
    for (const signal of signals) processes.raise(signal);
    await settled();
    return [before, own.isTerminated];
  };
  assertEquals(await after("SIGTERM"), [false, true]);
  assertEquals(await after("SIGURG"), [false, false]);
  assertEquals(await after("SIGURG", "SIGTERM"), [false, false]);
  assertEquals(await after("SIGTERM", "SIGURG"), [false, false]);
  const requested = newSignals();
  requested.signals.requestDrain();
  requested.processes.raise("SIGTERM");
  assertEquals(requested.signals.isTerminated, false);
});

Deno.test("a successor's request waits until this stud has the ports to itself, SIGTERM does not", async () => {
  const { processes, signals, seen } = newSignals();
  const handover = deferred<void>();
  signals.leaveAfter(handover.promise);
  processes.raise("SIGURG");
  await settled();
  assertEquals(seen, []);
  processes.raise("SIGTERM");
  await settled();
  assertEquals(seen, ["drain"]);
  handover.resolve();
  await settled();
  assertEquals(seen, ["drain", "replaced"]);
});

Deno.test("SIGINT exits immediately, also after SIGTERM", async () => {
  const first = newSignals();
  first.processes.raise("SIGINT");
  await settled();
  assertEquals(first.seen, ["now", "hurry"]);
  const second = newSignals();
  second.processes.raise("SIGTERM");
  second.processes.raise("SIGINT");
  await settled();
  assertEquals(second.seen, ["drain", "hurry"]);
});

Deno.test("SIGHUP ends stud at once on a terminal, and is passed on elsewhere", async () => {
  const elsewhere = newSignals();
  for (let count = 0; count < 3; count++) elsewhere.processes.raise("SIGHUP");
  await settled();
  assertEquals(elsewhere.seen, ["hang up", "hang up", "hang up"]);
  const terminal = newSignals();
  terminal.processes.onTerminal = true;
  terminal.processes.raise("SIGHUP");
  await settled();
  assertEquals(terminal.seen, ["now", "hurry"]);
});
