/** Messages that are answered while an earlier one is carried out. */

import { readAhead } from "../../../src/worker/read_ahead.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { settled } from "../../support/manual_clock.ts";

function newSource() {
  let controller!: ReadableStreamDefaultController<string>;
  const stream = new ReadableStream<string>({ start: (given) => void (controller = given) });
  return { stream, controller };
}

Deno.test("readAhead() takes what is to be taken at once, and keeps the order of the rest", async () => {
  const { stream, controller } = newSource();
  const taken: string[] = [];
  const messages = readAhead(stream, (message) => message === "ping" && taken.push(message) > 0);
  controller.enqueue("a");
  assertEquals((await messages.next()).value, "a");
  // Nobody asks for the next one: "a" is being carried out.
  for (const message of ["ping", "b", "ping", "c"]) controller.enqueue(message);
  await settled();
  assertEquals(taken, ["ping", "ping"]);
  controller.close();
  const rest: string[] = [];
  for await (const message of messages) rest.push(message);
  assertEquals(rest, ["b", "c"]);
});

Deno.test("readAhead() gives what came before a fault, and then the fault", async () => {
  const { stream, controller } = newSource();
  const messages = readAhead(stream, () => false);
  const first = messages.next();
  controller.enqueue("a");
  assertEquals((await first).value, "a");
  const next = messages.next();
  controller.error(new Error("broken"));
  await assertRejects(() => next, Error, "broken");
});
