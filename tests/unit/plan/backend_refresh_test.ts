/** A backend's name over time. */

import type { BackendEndpoint } from "../../../src/control/messages.ts";
import { configureLog } from "../../../src/log/log.ts";
import { BackendRefresh } from "../../../src/plan/backend_refresh.ts";
import { assertEquals } from "../../support/assert.ts";
import { ManualClock, settled } from "../../support/manual_clock.ts";

const at = (...lasts: number[]): BackendEndpoint[] =>
  lasts.map((last) => ({ kind: "tcp", host: `192.0.2.${last}`, port: 80 }));

/** A name that begins at 192.0.2.1 and 192.0.2.2 and is looked up every minute. */
function newRefresh() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const asked: PromiseWithResolvers<BackendEndpoint[]>[] = [];
  const used: (readonly BackendEndpoint[])[] = [];
  const lookUp = () => {
    const answer = Promise.withResolvers<BackendEndpoint[]>();
    asked.push(answer);
    return answer.promise;
  };
  const name = { text: "web.example:80", refresh: 60, lookUp };
  const refresh = new BackendRefresh(clock, log, name, at(1, 2), (one) => used.push(one));
  /** Lets it look up and answers. */
  const answer = async (found: BackendEndpoint[] | Error) => {
    await clock.advance(60_000);
    if (found instanceof Error) asked.at(-1)!.reject(found);
    else asked.at(-1)!.resolve(found);
    await settled();
  };
  return { clock, lines, asked, used, refresh, answer };
}

Deno.test("other addresses are used and logged, with those before them", async () => {
  const { lines, used, refresh, answer } = newRefresh();
  await answer(at(3));
  await answer(at(3));
  assertEquals(used, [at(3)]);
  assertEquals(lines, [
    "info backend web.example:80 is now 192.0.2.3:80; it was 192.0.2.1:80 and 192.0.2.2:80",
  ]);
  refresh.stop();
});

Deno.test("the same addresses in another order are no change", async () => {
  const { lines, used, refresh, answer } = newRefresh();
  await answer(at(2, 1));
  assertEquals([lines, used], [[], []]);
  refresh.stop();
});

Deno.test("a look-up that fails keeps the addresses, and is one line until it works again", async () => {
  const { lines, used, refresh, answer } = newRefresh();
  for (let count = 0; count < 5; count++) await answer(new Error("no such name"));
  assertEquals([lines, used], [[
    "warning backend web.example:80: lookup failed: no such name; keeping 192.0.2.1:80 and " +
    "192.0.2.2:80",
  ], []]);
  await answer(at(1, 2));
  assertEquals(lines.slice(1), ["info backend web.example:80 resolves again"]);
  await answer(new Error("no such name"));
  assertEquals(lines.length, 3);
  refresh.stop();
});

Deno.test("a look-up that gives nothing has failed", async () => {
  const { lines, used, refresh, answer } = newRefresh();
  await answer([]);
  assertEquals([lines.length, used], [1, []]);
  refresh.stop();
});

Deno.test("a slow look-up is awaited, not repeated, and logged", async () => {
  const { clock, lines, asked, used, refresh } = newRefresh();
  await clock.advance(60_000);
  await clock.advance(9_999);
  assertEquals([asked.length, lines], [1, []]);
  await clock.advance(300_000);
  assertEquals([asked.length, lines], [1, [
    "warning backend web.example:80: lookup failed: no answer within 10 s; keeping 192.0.2.1:80 " +
    "and 192.0.2.2:80",
  ]]);
  asked[0]!.resolve(at(3));
  await settled();
  assertEquals([used, lines.length], [[at(3)], 3]);
  await clock.advance(60_000);
  assertEquals(asked.length, 2);
  refresh.stop();
});

Deno.test("stop() leaves no timer, and what is under way counts no longer", async () => {
  const idle = newRefresh();
  idle.refresh.stop();
  assertEquals(idle.clock.waiting, 0);
  for (const found of [at(3), new Error("no such name")]) {
    const { clock, asked, used, lines, refresh } = newRefresh();
    await clock.advance(60_000);
    refresh.stop();
    if (found instanceof Error) asked[0]!.reject(found);
    else asked[0]!.resolve(found);
    await settled();
    assertEquals([used, lines, clock.waiting], [[], [], 0]);
  }
});
