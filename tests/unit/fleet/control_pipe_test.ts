/** The pipe to a worker: requests whole and in order, whatever waits. */

import { stateFrame } from "../../../src/control/packed_configuration.ts";
import { ControlPipe } from "../../../src/fleet/control_pipe.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { settled } from "../../support/manual_clock.ts";
import { frameBytes, stateOf } from "../../support/worker_configuration.ts";

function bench() {
  let text = "";
  let takes = Promise.resolve();
  const reads: number[] = [];
  const control = new WritableStream<Uint8Array>({
    async write(bytes) {
      await takes;
      text += new TextDecoder().decode(bytes);
    },
  });
  const unread: string[] = [];
  const pipe = new ControlPipe(control, {
    onUnread: (breach) => unread.push(breach),
    onRead: () => reads.push(text.length),
  });
  return { pipe, unread, reads, text: () => text, stall: (by: Promise<void>) => takes = by };
}

Deno.test("a request waits for what follows the line of the one before it", async () => {
  const { pipe, text, reads } = bench();
  const frame = stateFrame("prepare", 1, stateOf(), 1);
  pipe.write(frame);
  pipe.write({ line: "next\n" });
  await settled();
  assertEquals(text(), `${new TextDecoder().decode(frameBytes(frame))}next\n`);
  assertEquals(reads.length, 1, "certificates that are taken are a sign of life, lines are not");
});

Deno.test("a worker that takes nothing is noticed, and nothing is written once the pipe has stopped", async () => {
  const { pipe, text, unread, stall } = bench();
  const { promise, resolve } = Promise.withResolvers<void>();
  stall(promise);
  for (let count = 0; count < 1_001; count++) pipe.write({ line: "a" });
  assertEquals(unread, ["it did not read the last 1000 messages"]);
  pipe.stop();
  pipe.write({ line: "b" });
  resolve();
  await settled();
  assert(!text().includes("b"));
});
