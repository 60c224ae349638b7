/** A session goes on at whichever worker the client comes to, also at one that did not live when it began. */

import { assert, assertEquals } from "../support/assert.ts";
import { eachOf } from "../support/crowd.ts";
import { eventually } from "../support/eventually.ts";
import { gone } from "../support/proc.ts";
import { ReturningClient, TICKET_VERSIONS, type Visit } from "../support/returning_client.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { BY_OPENSSL } from "../support/stud.ts";

const NEEDS = { tools: ["openssl"], linux: true };

/** With an option of earlier releases, which has nothing to do. */
const shared = new Shared(async () => {
  const site = await Site.startEcho(["-n", "3", "-C", "1000", BY_OPENSSL]);
  await site.stud.output(
    / warning: -C\/--shared-cache 1000 has no effect: .* every worker can open/,
  );
  return site;
});

for (const version of TICKET_VERSIONS) {
  const name = `20 of 20 clients of three workers resume, with -C N too, s_client ${version}`;
  shared.test(NEEDS, name, async (site) => {
    using client = new ReturningClient({ version, trusted: site.pem });
    const first = await client.begin(site.port);
    assert(first.answered && !first.resumed, first.report);
    await allResume(client, site, 20);
    await site.released();
  });
}

shared.test(NEEDS, "sessions outlive the worker that began them", async (site) => {
  using clients = new DisposableStack();
  const known = TICKET_VERSIONS.map((version) =>
    clients.use(new ReturningClient({ version, trusted: site.pem }))
  );
  for (const client of known) await client.begin(site.port);
  const before = site.stud.workers();
  for (const pid of before) Deno.kill(pid, "SIGKILL");
  await gone(before);
  await eventually(
    "three workers that serve again",
    () => site.stud.stdout.split("serves again").length - 1 === 3,
    15_000,
    () => site.stud.report(),
  );
  assert(!site.stud.workers().some((pid) => before.includes(pid)), site.stud.report());
  for (const client of known) await allResume(client, site, 5);
});

async function allResume(client: ReturningClient, site: Site, times: number): Promise<void> {
  const failed: Visit[] = [];
  await eachOf(times, 8, async () => {
    const visit = await client.offer(site.port);
    if (!visit.resumed || !visit.answered) failed.push(visit);
  });
  assertEquals(failed.length, 0, `${failed[0]?.report}\n${site.stud.report()}`);
}
