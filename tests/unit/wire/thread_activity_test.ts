/** What a thread does, as the kernel tells it. */

import { parseThreadStat } from "../../../src/wire/thread_activity.ts";
import { assertEquals } from "../../support/assert.ts";

const line = (name: string, state: string) =>
  `4711 (${name}) ${state} 1 2 3 0 -1 4194304 1 2 3 4 150 25 0 0 20 0 9 0 5 6 7\n`;

Deno.test("parseThreadStat() reads state and processor time, whatever the name is", () => {
  for (const name of ["stud", "a (b) R 9", ") T 1 1"]) {
    assertEquals(parseThreadStat(line(name, "S")), { state: "sleeping", processorTime: 1_750 });
  }
  const states = [..."TtRDSIZ"].map((state) => parseThreadStat(line("stud", state))?.state);
  assertEquals(states.join(" "), "stopped stopped waiting waiting sleeping sleeping sleeping");
});

Deno.test("parseThreadStat() returns nothing for anything else", () => {
  for (const text of ["", "4711", "4711 (stud) R 1 2 3"]) {
    assertEquals(parseThreadStat(text), undefined);
  }
});
