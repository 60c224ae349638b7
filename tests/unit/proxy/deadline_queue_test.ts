/** Deadlines of one length, on a clock that the test moves. */

import { DeadlineQueue } from "../../../src/proxy/deadline_queue.ts";
import { assertEquals } from "../../support/assert.ts";
import { ManualClock } from "../../support/manual_clock.ts";

Deno.test("a deadline expires at its time, once", async () => {
  const clock = new ManualClock();
  const queue = new DeadlineQueue(clock, 1_000);
  let expired = 0;
  const deadline = queue.begin(() => expired++);
  await clock.advance(999);
  assertEquals([expired, deadline.expired], [0, false]);
  await clock.advance(1);
  assertEquals([expired, deadline.expired], [1, true]);
  deadline.lift();
  await clock.advance(5_000);
  assertEquals([expired, deadline.expired], [1, true]);
});

Deno.test("a lifted deadline never expires, and the others keep their times", async () => {
  const clock = new ManualClock();
  const queue = new DeadlineQueue(clock, 1_000);
  const expired: [string, number][] = [];
  const begin = (name: string) => queue.begin(() => expired.push([name, clock.now()]));
  const first = begin("first");
  await clock.advance(300);
  begin("second");
  await clock.advance(300);
  const third = begin("third");
  begin("fourth");
  first.lift();
  third.lift();
  await clock.advance(10_000);
  assertEquals(expired, [["second", 1_300], ["fourth", 1_600]]);
  assertEquals([first.expired, third.expired], [false, false]);
});

Deno.test("thousands of deadlines need one timer, and none when all are lifted", async () => {
  const clock = new ManualClock();
  const queue = new DeadlineQueue(clock, 1_000);
  let expired = 0;
  const deadlines = Array.from({ length: 5_000 }, () => queue.begin(() => expired++));
  assertEquals(clock.waiting, 1);
  for (const deadline of deadlines) deadline.lift();
  assertEquals(clock.waiting, 0);
  await clock.advance(2_000);
  assertEquals(expired, 0);
  // It works again after that.
  queue.begin(() => expired++);
  await clock.advance(1_000);
  assertEquals([expired, clock.waiting], [1, 0]);
});

Deno.test("a deadline may begin or lift others when it expires", async () => {
  const clock = new ManualClock();
  const queue = new DeadlineQueue(clock, 1_000);
  const seen: string[] = [];
  queue.begin(() => {
    seen.push("first");
    second.lift();
    queue.begin(() => seen.push("third"));
  });
  const second = queue.begin(() => seen.push("second"));
  await clock.advance(1_000);
  assertEquals(seen, ["first"]);
  await clock.advance(1_000);
  assertEquals(seen, ["first", "third"]);
});

Deno.test("expireAll() expires those that run, once, and no later ones", async () => {
  const clock = new ManualClock();
  const queue = new DeadlineQueue(clock, 1_000);
  const expired: string[] = [];
  queue.begin(() => expired.push("lifted")).lift();
  queue.begin(() => expired.push("first"));
  queue.begin(() => expired.push("second"));
  queue.expireAll();
  assertEquals([expired, clock.waiting], [["first", "second"], 0]);
  queue.begin(() => expired.push("later"));
  await clock.advance(1_000);
  assertEquals(expired, ["first", "second", "later"]);
});

Deno.test("setting the date moves no deadline", async () => {
  const clock = new ManualClock();
  const queue = new DeadlineQueue(clock, 1_000);
  let expired = false;
  queue.begin(() => expired = true);
  clock.setDate(new Date("2040-01-01"));
  await clock.advance(999);
  assertEquals(expired, false);
  await clock.advance(1);
  assertEquals(expired, true);
});

Deno.test("use() gives another length to what begins from then on", async () => {
  const clock = new ManualClock();
  const queue = new DeadlineQueue(clock, 1_000);
  const expired: string[] = [];
  queue.begin(() => expired.push("short"));
  queue.use(5_000);
  queue.begin(() => expired.push("long"));
  await clock.advance(1_000);
  assertEquals(expired, ["short"]);
  queue.use(500);
  queue.begin(() => expired.push("behind a longer one"));
  await clock.advance(3_999);
  assertEquals(expired, ["short"]);
  await clock.advance(1);
  assertEquals(expired, ["short", "long", "behind a longer one"]);
  assertEquals(clock.waiting, 0);
});

Deno.test("the oldest deadline is known, and can expire early, for a reason", async () => {
  const clock = new ManualClock();
  let ends = 0;
  const queue = new DeadlineQueue(clock, 1_000, () => ends++);
  assertEquals([queue.size, queue.oldest], [0, undefined]);
  const expired: string[] = [];
  const first = queue.begin(() => expired.push("first"));
  await clock.advance(100);
  const second = queue.begin(() => expired.push("second"));
  assertEquals([queue.size, queue.oldest, queue.oldest?.began], [2, first, 0]);
  first.expire("no room");
  assertEquals([expired, first.expired, first.early], [["first"], true, "no room"]);
  assertEquals([queue.size, queue.oldest, queue.oldest?.began, ends], [1, second, 100, 1]);
  first.lift();
  await clock.advance(1_000);
  assertEquals([expired, second.early, ends], [["first", "second"], undefined, 2]);
  assertEquals([queue.size, clock.waiting], [0, 0]);
});
