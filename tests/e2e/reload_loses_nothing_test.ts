/**
 * Reloads under load: no connection fails and no transfer breaks, however often. With `STUD_LONG_TESTS=1` a
 * hundred new certificates, else a few.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { ReloadLoad } from "../support/reload_load.ts";
import { type Named, newCertificate, ReloadingSite } from "../support/reloading_site.ts";
import { Shared } from "../support/shared.ts";

const LONG = Deno.env.get("STUD_LONG_TESTS") === "1";
/** The clients' runtime keeps their descriptors until it collects its garbage, which bounds the longer test. */
const RELOADS = LONG ? { certificates: 100, workers: 30 } : { certificates: 4, workers: 3 };

const sites = new Shared(() => ReloadingSite.start({ lines: ["workers = 2"] }));

sites.test({ linux: true }, "new certificates cost no connection", async (site) => {
  await underLoad(
    site,
    1,
    RELOADS.certificates,
    (certificate) => site.put("site.pem", certificate.text),
  );
});

// A worker of Node's that ends may reset a client that connects at this very moment.
sites.test(
  { linux: true, notOnNode: true },
  "other numbers of workers cost no connection",
  async (site) => {
    // The new workers need a processor to start on.
    await underLoad(site, 5, RELOADS.workers, (certificate, round) => {
      site.put("site.pem", certificate.text);
      site.configure([`workers = ${[3, 1, 2][round % 3]}`]);
    });
  },
);

/** Reloads again and again; the change tells what is different each time, the pace how soon clients come again. */
async function underLoad(
  site: ReloadingSite,
  pace: number,
  reloads: number,
  change: (certificate: Named, round: number) => void,
): Promise<void> {
  site.put("site.pem", site.first.text);
  await site.reload();
  site.forget();
  const certificates = [site.first, await newCertificate()];
  await using load = new ReloadLoad(site.port, certificates, { pace });
  await eventually("load", () => load.connections > 5 && load.rounds > 10);
  for (let round = 0; round < reloads; round++) {
    const before = load.connections;
    change(certificates[(round + 1) % 2]!, round);
    await site.reload();
    await eventually("clients after the reload", () => load.connections > before);
  }
  await load.stop();
  assertEquals(load.faults, [], site.stud.report());
  assertEquals(site.reloads, reloads);
  assert(!/died|reload failed/.test(site.stud.stderr), site.stud.report());
}
