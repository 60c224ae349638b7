/** Every line of the log has an event, and a line without one, a name that is used twice or no more, is found. */

import {
  allEventCalls,
  eventFaults,
  eventUse,
  withEvents,
} from "../../../scripts/log_lines/log_events.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const root = new URL("../../../", import.meta.url);

Deno.test("every line that stud logs has an event of its own, and docs/log.md lists it", async () => {
  const uses = await allEventCalls(new URL("src/", root));
  assert(uses.flatMap(({ calls }) => calls).length > 60);
  assertEquals(eventFaults(uses), []);
  const page = await Deno.readTextFile(new URL("docs/log.md", root));
  assertEquals(withEvents(page), page, "run: deno task docs");
});

const TEMPLATES = new Map([["{a} is here", "arrived"]]);
const faults = (source: string, templates: ReadonlyMap<string, string> = TEMPLATES, named = {}) =>
  eventFaults([eventUse("example.ts", source)], templates, named);

Deno.test("a line without an event is found, whether its text is known or not", () => {
  const used = 'log.info("{a} is here", { a });';
  assertEquals(faults(used), []);
  assertEquals(faults(`${used}\nthis.#log[level]("{a} is " + "gone", { a });`), [
    "no event in src/log/events.ts: src/example.ts:2: {a} is gone",
  ]);
  assertEquals(faults(`${used} log.error(line, { a });`), [
    "no event in src/log/events.ts: src/example.ts:1: ?",
  ]);
  assertEquals(faults(`${used} log.error(line, { a }, { fields: {} });`), [
    "no event in src/log/events.ts: src/example.ts:1: ?",
  ]);
  assertEquals(faults(`${used} log.error(line, { a }, { event: "b" });`), []);
  assertEquals(faults('const line = "{a} is here"; log.error(line, { a });'), []);
});

Deno.test("names that no line uses, that two events share, or that are not in snake_case are found", () => {
  const used = 'log.info("{a} is here", { a });';
  assertEquals(faults(""), [
    "no line has this template in src/log/events.ts any more: {a} is here",
  ]);
  assertEquals(faults(used, TEMPLATES, { left: "" }), [
    "no call names this event of src/log/events.ts: left",
  ]);
  assertEquals(faults(`${used} f("arrived");`, TEMPLATES, { arrived: "" }), [
    "two events have this name: arrived",
  ]);
  assertEquals(faults(used, new Map([["{a} is here", "Arrived now"]])), [
    "not a name in snake_case: Arrived now",
  ]);
});
