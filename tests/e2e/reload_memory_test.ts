/**
 * Reloads leave nothing behind in a worker. A heap grows and shrinks by dozens of MiB as its garbage is collected, so
 * the short form notices gross leaks alone; with `STUD_LONG_TESTS=1`, three thousand certificates and more reloads,
 * every set of files that is kept shows.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { residentMemory } from "../support/descriptors.ts";
import { newCertificate, ReloadingSite } from "../support/reloading_site.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const LONG = Deno.env.get("STUD_LONG_TESTS") === "1";
const CERTIFICATES = LONG ? 3_000 : 200;
const RELOADS = LONG ? 30 : 7;
/** Certificates in each chain, so that a set of files weighs some megabytes. */
const CHAIN = 8;
/** MiB by which a heap may grow before its garbage is collected. */
const SLACK = LONG ? 150 : 60;

testWith(
  { linux: true },
  "a worker's memory does not grow with the number of reloads",
  async () => {
    await using site = await ReloadingSite.start({ library: BY_OPENSSL.split("=")[1]! });
    Deno.mkdirSync(`${site.folder}/more`);
    site.configure([`pem-dir = "${site.folder}/more"`]);
    const sets = [await newCertificate(), await newCertificate()].map(({ text, certificate }) =>
      text + certificate.repeat(CHAIN)
    );
    const [worker] = site.stud.workers();
    const memory: number[] = [];
    // The first ones fill the heap.
    for (let round = 0; round < RELOADS + 3; round++) {
      for (let index = 0; index < CERTIFICATES; index++) {
        Deno.writeTextFileSync(`${site.folder}/more/${index}.pem`, sets[round % 2]!);
      }
      const next = await site.renew();
      await site.reload();
      await site.echoOnce(next);
      memory.push(residentMemory(worker!));
    }
    assertEquals(site.stud.workers(), [worker]);
    const growth = Math.max(...memory.slice(-5)) - memory[2]!;
    assert(growth < SLACK, `${growth} MiB: ${memory.map(Math.round).join(", ")}`);
  },
);
