/**
 * Reloads leave nothing behind in a worker: its memory is the same after ten of them. With `STUD_LONG_TESTS=1`
 * with three thousand certificates, else with some.
 */

import { assert } from "../support/assert.ts";
import { residentMemory } from "../support/descriptors.ts";
import { newCertificate, ReloadingSite } from "../support/reloading_site.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const CERTIFICATES = Deno.env.get("STUD_LONG_TESTS") === "1" ? 3_000 : 300;
/** MiB that a heap may take while it waits for its garbage to be collected. */
const SLACK = 40;

testWith(
  { linux: true },
  "a worker's memory does not grow with the number of reloads",
  async () => {
    await using site = await ReloadingSite.start({ library: BY_OPENSSL.split("=")[1]! });
    Deno.mkdirSync(`${site.folder}/more`);
    // All are for one name, so that the first of them is served; what counts is what is kept of them.
    const { text } = await newCertificate();
    for (let index = 0; index < CERTIFICATES; index++) {
      Deno.writeTextFileSync(`${site.folder}/more/${index}.pem`, text);
    }
    site.configure([`pem-dir = "${site.folder}/more"`]);
    const [worker] = site.stud.workers();
    const memory: number[] = [];
    for (let round = 0; round < 13; round++) {
      const next = await site.renew();
      await site.reload();
      await site.echoOnce(next);
      memory.push(residentMemory(worker!));
    }
    // The first rounds fill the heap.
    const growth = memory.at(-1)! - memory[2]!;
    assert(growth < SLACK, `${growth} MiB in 10 reloads: ${memory.map(Math.round)}`);
  },
);
