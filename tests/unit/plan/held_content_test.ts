/** What stud goes on with where a file is bad by now. */

import { StartupError } from "../../../src/errors.ts";
import { HeldContent } from "../../../src/plan/held_content.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

const good = (content: string) => () => Promise.resolve(content);
const bad = () => Promise.reject(new StartupError("ca.pem: no such file"));

Deno.test("at the start a fault is a fault", async () => {
  const held = new HeldContent();
  await assertRejects(() => held.read("ca.pem", bad), StartupError, "no such file");
  assertEquals([held.lines, held.isFirst], [[], true]);
});

Deno.test("what was read before stays in use as long as needed, and is logged each time", async () => {
  const first = new HeldContent();
  await first.read("ca.pem", good("one"));
  const line = "bad file, keeping its previous content: ca.pem: no such file";
  let last = first;
  for (let reload = 0; reload < 3; reload++) {
    last = new HeldContent(last);
    assertEquals(await last.read<string>("ca.pem", bad), "one");
    await last.read<string>("ca.pem", bad);
    assertEquals([last.lines, last.isFirst], [[line], false]);
  }
  const mended = new HeldContent(last);
  assertEquals(await mended.read("ca.pem", good("two")), "two");
  assertEquals(mended.lines, []);
});

Deno.test("what was not read the last time, or is unusable, is not kept", async () => {
  const first = new HeldContent();
  await first.read("ca.pem", good("one"));
  const second = new HeldContent(first);
  await assertRejects(() => second.read("other.pem", bad), StartupError);
  await assertRejects(() => second.read("ca.pem", bad, () => false), StartupError);
  assertEquals(second.lines, []);
  await assertRejects(() => new HeldContent(second).read("ca.pem", bad), StartupError);
});

Deno.test("errors of our own are not kept quiet", async () => {
  const first = new HeldContent();
  await first.read("ca.pem", good("one"));
  const second = new HeldContent(first);
  await assertRejects(
    () => second.read("ca.pem", () => Promise.reject(new TypeError("oops"))),
    TypeError,
  );
});
