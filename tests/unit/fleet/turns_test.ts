/** Work that is done in turns. */

import { Turns } from "../../../src/fleet/turns.ts";
import { assertEquals } from "../../support/assert.ts";
import { settled } from "../../support/manual_clock.ts";

function bench() {
  const under: PromiseWithResolvers<void>[] = [];
  const turns = new Turns(() => {
    under.push(Promise.withResolvers());
    return under.at(-1)!.promise;
  });
  const finish = async () => {
    under.at(-1)!.resolve();
    await settled();
  };
  return { turns, finish, begun: () => under.length };
}

Deno.test("request() begins the work at once", async () => {
  const { turns, finish, begun } = bench();
  await turns.idle();
  turns.request();
  assertEquals(begun(), 1);
  await finish();
  assertEquals(begun(), 1);
  await turns.idle();
});

Deno.test("what is requested while the work runs is done once more, together", async () => {
  const { turns, finish, begun } = bench();
  for (let count = 0; count < 300; count++) turns.request();
  assertEquals(begun(), 1);
  await settled();
  for (let count = 0; count < 300; count++) turns.request();
  assertEquals(begun(), 1);
  await finish();
  assertEquals(begun(), 2);
  turns.request();
  await finish();
  assertEquals(begun(), 3);
  await finish();
  assertEquals(begun(), 3);
});

Deno.test("idle() waits for what is under way, and later work is done again", async () => {
  const { turns, finish, begun } = bench();
  turns.request();
  let idle = false;
  turns.idle().then(() => idle = true);
  await settled();
  assertEquals(idle, false);
  await finish();
  assertEquals(idle, true);
  turns.request();
  assertEquals(begun(), 2);
  await finish();
});
