/**
 * Clients that leave at any point, orderly or not, leave nothing behind: 1,800 of them, or 100,000 with
 * STUD_LONG_TESTS.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { residentMemory } from "../support/descriptors.ts";
import { leave } from "../support/leaving_clients_process.ts";
import { Site } from "../support/site.ts";
import { testWith } from "../support/tools.ts";

const LONG = Deno.env.get("STUD_LONG_TESTS") !== undefined;
const CONNECTIONS = LONG ? 100_000 : 1_800;
/** Stretches after which memory is looked at. The first of them gives the worker its working size. */
const STRETCHES = LONG ? 5 : 3;
/** MiB; the collector may be late. */
const MAX_GROWTH = LONG ? 25 : 15;

const leaving = `${CONNECTIONS} clients that leave anyhow leave nothing behind`;
testWith({ linux: true }, leaving, async () => {
  await using site = await Site.startEcho(["--ssl-handshake-timeout", "5", "--backlog", "500"]);
  const { worker } = site;
  const sizes: number[] = [];
  for (let stretch = 0; stretch < STRETCHES; stretch++) {
    await leave(site, CONNECTIONS / STRETCHES);
    await site.released();
    sizes.push(Math.round(residentMemory(worker)));
  }
  const figures = `MiB after each ${CONNECTIONS / STRETCHES}: ${sizes.join(", ")}`;
  if (LONG) console.log(figures);
  assert(sizes.at(-1)! - sizes[0]! < MAX_GROWTH, figures);
  await site.echoOnce();
  assertEquals(site.worker, worker);
  assertEquals(/internal error|error:/i.exec(site.stud.report()), null, site.stud.report());
});
