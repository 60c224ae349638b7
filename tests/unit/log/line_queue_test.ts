/** The queue in front of a slow writer: bounded, in order, and honest about what it lost. */

import { LineQueue, type LineQueueOptions } from "../../../src/log/line_queue.ts";
import { assertEquals } from "../../support/assert.ts";
import { settled } from "../../support/manual_clock.ts";

/** A queue whose writer does what the test says. */
function newQueue(options: Partial<LineQueueOptions> = {}) {
  const written: string[][] = [];
  const waiting: PromiseWithResolvers<void>[] = [];
  const queue = new LineQueue((lines) => {
    written.push([...lines]);
    const turn = Promise.withResolvers<void>();
    waiting.push(turn);
    return turn.promise;
  }, { max: 5, batch: 3, lossLine: (lost) => `${lost} lost`, ...options });
  const next = async (fault?: Error) => {
    const turn = waiting.shift()!;
    if (fault === undefined) turn.resolve();
    else turn.reject(fault);
    await settled();
  };
  return { queue, written, waiting, next };
}

Deno.test("a line goes out at once, the others when the writer is free, in batches", async () => {
  const { queue, written, next } = newQueue();
  for (const line of ["a", "b", "c", "d", "e"]) queue.push(line);
  assertEquals(written, [["a"]]);
  await next();
  assertEquals(written, [["a"], ["b", "c", "d"]]);
  await next();
  assertEquals(written.at(-1), ["e"]);
  await next();
  queue.push("f");
  assertEquals(written.at(-1), ["f"]);
  await next();
});

Deno.test("while the writer stalls a bounded number is kept, and the rest is counted", async () => {
  const { queue, written, next } = newQueue({ max: 2, batch: 10 });
  for (const line of ["a", "b", "c", "d", "e"]) queue.push(line);
  await next();
  assertEquals(written, [["a"], ["b", "c", "2 lost"]]);
  await next();
  queue.push("f");
  await next();
  assertEquals(written.at(-1), ["f"]);
});

Deno.test("a line that is needed is kept, however many wait, and in its turn", async () => {
  const { queue, written, next } = newQueue({ max: 2, batch: 10 });
  for (const line of ["a", "b", "c", "d"]) queue.push(line);
  queue.push("needed", true);
  await next();
  assertEquals(written, [["a"], ["b", "c", "needed", "1 lost"]]);
  await next();
});

Deno.test("lines of a failed write are counted, and no count is lost", async () => {
  const { queue, written, next } = newQueue({ max: 3, batch: 2 });
  queue.push("a");
  for (const line of ["b", "c", "d", "e"]) queue.push(line);
  const full = new Error("no space left");
  await next(full); // a; e did not fit
  assertEquals(written.at(-1), ["b", "c", "2 lost"]);
  await next(full); // b and c, and what was said of a and e
  assertEquals(written.at(-1), ["d", "4 lost"]);
  await next(full);
  queue.push("f");
  assertEquals(written.at(-1), ["f", "5 lost"]);
  await next();
  queue.push("g");
  assertEquals(written.at(-1), ["g"]);
  await next();
});

Deno.test("flushed() waits for everything pushed before, and for nothing if there is nothing", async () => {
  const { queue, next } = newQueue({ batch: 1 });
  await queue.flushed();
  queue.push("a");
  queue.push("b");
  let flushed = false;
  queue.flushed().then(() => flushed = true);
  await next();
  assertEquals(flushed, false);
  await next();
  assertEquals(flushed, true);
});

Deno.test("flushed() resolves when the lines are lost, too", async () => {
  const { queue, next } = newQueue();
  queue.push("a");
  const flushed = queue.flushed();
  await next(new Error("broken pipe"));
  await flushed;
});

Deno.test("what was lost is said elsewhere if that is wanted, once lines get through again", async () => {
  const said: number[] = [];
  const onLoss = (lost: number) => void said.push(lost);
  const { queue, written, next } = newQueue({ max: 1, lossLine: undefined, onLoss });
  for (const line of ["a", "b", "c", "d"]) queue.push(line);
  await next(new Error("no space left"));
  assertEquals(written, [["a"], ["b"]]);
  await next(new Error("no space left"));
  assertEquals(said, []);
  queue.push("e");
  await next();
  assertEquals([written.at(-1), said], [["e"], [4]]);
});

Deno.test("a queue that gathers waits while there are few lines, and not while there are many", async () => {
  const pauses: PromiseWithResolvers<void>[] = [];
  const gather = () => {
    const turn = Promise.withResolvers<void>();
    pauses.push(turn);
    return turn.promise;
  };
  const { queue, written, next } = newQueue({ max: 10, gather });
  for (const line of ["a", "b", "c", "d"]) queue.push(line);
  assertEquals(written, []);
  pauses[0]!.resolve();
  await settled();
  assertEquals(written, [["a", "b", "c"]]);
  for (const line of ["e", "f"]) queue.push(line);
  await next();
  assertEquals([written.at(-1), pauses.length], [["d", "e", "f"], 1]);
  await next();
});
