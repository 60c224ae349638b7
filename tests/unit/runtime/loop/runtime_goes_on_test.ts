/** While the loop sleeps, the work of the runtime itself goes on: a process of its own for each kind. */

import { assert, assertEquals } from "../../../support/assert.ts";
import { within } from "../../../support/eventually.ts";
import { LoopProcess, type LoopTask } from "../../../support/loop_process.ts";
import { testWith } from "../../../support/tools.ts";
import { linux } from "./loop_bed.ts";

const LIMIT = 60_000;

function task(name: LoopTask, what: string, use: (one: LoopProcess) => Promise<void>): void {
  testWith(linux, what, async () => {
    await using one = new LoopProcess(name);
    await within(LIMIT, `what ${name} does`, use(one));
  });
}

for (const name of ["files", "children", "names"] as const) {
  task(name, `${name} are waited for while the loop sleeps`, async (one) => {
    assertEquals(await one.line(), "done");
  });
}

task("input", "each line of standard input wakes the loop", async (one) => {
  for (let round = 0; round < 5; round++) {
    await one.send(`line ${round}`);
    assertEquals(await one.line(), `line ${round}`);
  }
  await one.send("end");
  assertEquals(await one.line(), "done");
});

task("signals", "a signal wakes the loop", async (one) => {
  assertEquals(await one.line(), "ready");
  one.signal("SIGHUP");
  assertEquals(await one.line(), "done");
});

task(
  "rejection",
  "an unhandled rejection ends the process as it always does",
  async (one) => {
    assertEquals(await one.code(), 1);
  },
);

task(
  "descriptors",
  "accept() reports that descriptors have run out, and continues when some are free",
  async (one) => {
    const port = Number(await one.line());
    using first = await Deno.connect({ hostname: "127.0.0.1", port });
    assertEquals(await one.line(), "resources");
    assertEquals(await one.line(), "done");
    assert(first.localAddr);
  },
);
