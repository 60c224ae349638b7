/** Signals that come while stud starts: it ends, or serves; either way no process is left behind. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually, pause } from "../support/eventually.ts";
import { processesWith } from "../support/proc.ts";
import { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/**
 * Milliseconds after the start at which the signal is sent: before, while and after workers start. SIGTERM and SIGINT
 * end a start by the same way, so that they share the moments.
 */
const MOMENTS = {
  SIGTERM: [0, 60, 120, 200, 330],
  SIGINT: [30, 90, 160, 260],
  SIGHUP: [0, 60, 90, 120, 200, 330],
} as const;

for (const [signal, moments] of Object.entries(MOMENTS) as [Deno.Signal, readonly number[]][]) {
  testWith({ linux: true }, `${signal} at any moment of the start leaves no orphans`, async () => {
    for (const moment of moments) {
      const mark = crypto.randomUUID();
      await using stud = Stud.spawn(["--self-signed", "-f", "127.0.0.1,0", "-n", "2"], {
        STUD_TEST_MARK: mark,
      });
      await pause(moment);
      stud.signal(signal);
      if (signal === "SIGHUP") await settled(stud);
      if (stud.status === undefined) stud.signal("SIGTERM");
      const status = await stud.ended(20_000);
      // Before its handlers are there a signal kills; afterwards stud ends in order.
      assert(status.code === 0 || status.signal !== null, `after ${moment} ms: ${stud.report()}`);
      await eventually(
        `no process of a stud that got ${signal} after ${moment} ms`,
        () => processesWith("STUD_TEST_MARK", mark).length === 0,
      );
    }
  });
}

testWith({ linux: true }, "TERM while workers start ends stud with status 0", async () => {
  const mark = crypto.randomUUID();
  await using stud = Stud.spawn(["--self-signed", "-f", "127.0.0.1,0", "-n", "2"], {
    STUD_TEST_MARK: mark,
  });
  await eventually("a worker", () => processesWith("STUD_TEST_MARK", mark).length > 1);
  stud.signal("SIGTERM");
  const status = await stud.ended(20_000);
  assertEquals([status.code, status.signal], [0, null], stud.report());
});

testWith(
  { linux: true, notOnNode: true },
  "no signal is caught or ignored before those that an operator sends are",
  async () => {
    await using stud = Stud.spawn(["--self-signed", "-f", "127.0.0.1,0", "-n", "1"]);
    await eventually("signals that it ignores", () => {
      const { ignored, caught } = signalsOf(stud.pid);
      if (!has(ignored, SIGUSR2)) return false;
      for (const signal of OPERATORS) assert(has(caught, signal), `signal ${signal}`);
      return true;
    }, 30_000);
    stud.signal("SIGHUP");
    await stud.output(/workers? serves? on.*reloaded: /s, 30_000);
    stud.signal("SIGTERM");
    assertEquals((await stud.ended()).code, 0, stud.report());
  },
);

function signalsOf(pid: number): { ignored: bigint; caught: bigint } {
  const text = Deno.readTextFileSync(`/proc/${pid}/status`);
  const mask = (name: string) => BigInt(`0x${new RegExp(`${name}:\\s*(\\w+)`).exec(text)![1]}`);
  return { ignored: mask("SigIgn"), caught: mask("SigCgt") };
}

function has(mask: bigint, signal: number): boolean {
  return (mask >> BigInt(signal - 1) & 1n) === 1n;
}

/** SIGHUP, SIGINT, SIGQUIT and SIGTERM. */
const OPERATORS = [1, 2, 3, 15];
const SIGUSR2 = 12;

/** Either it serves, or the signal has ended it. */
async function settled(stud: Stud): Promise<void> {
  await eventually("an end or a start", () => {
    return stud.status !== undefined || /workers? serves? on/.test(stud.stdout);
  });
}
