/**
 * SIGHUP while workers run as nobody: every socket that it opens is root's. Any other process of nobody could
 * share the port of a socket of nobody's (SO_REUSEPORT), and no worker that starts later could.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, freePort } from "../support/ports.ts";
import { gone, listenerOwners } from "../support/proc.ts";
import { ReloadLoad } from "../support/reload_load.ts";
import { newCertificate, ReloadingSite } from "../support/reloading_site.ts";
import { Shared } from "../support/shared.ts";
import { Stud, TLS_LIBRARY } from "../support/stud.ts";
import { stealPort } from "../support/thief.ts";
import { connectTls, echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { root: true, linux: true, tools: ["setpriv"] };
const LINES = ['user = "nobody"', "workers = 2"];

/** Nobody else holds a port when its only worker dies. */
const ONE = ['user = "nobody"'];
const sites = new Shared(() => ReloadingSite.start({ lines: ONE }));

sites.test(
  NEEDS,
  "a frontend that SIGHUP adds belongs to root, and a worker that dies there is replaced",
  async (site) => {
    const added = freePort();
    const frontends = ["127.0.0.1,0", `127.0.0.1,${added}`];
    using client = await connectTls(site.port, site.first);
    site.configure(ONE, { frontends });
    await site.reload();
    await assertRootServes(site, added);
    assertEquals(await stealPort(added), "AddrInUse");
    assertEquals(await stealPort(site.port), "AddrInUse");
    await exchange(client, "with a worker that was there before");

    const next = await site.renew();
    await site.reload();
    await assertRootServes(site, added, next);
    // Removed, and added once more.
    site.configure(ONE);
    await site.reload();
    await eventually("nothing listens there", () => listenerOwners(added).length === 0);
    site.configure(ONE, { frontends });
    await site.reload();
    await assertRootServes(site, added, next);

    const [victim] = site.stud.workers().slice(-1);
    const before = site.stud.stdout.length;
    Deno.kill(victim!, "SIGKILL");
    await gone([victim!]);
    await eventually(
      "the successor",
      () => {
        return /serves again/.test(site.stud.stdout.slice(before));
      },
      20_000,
      () => site.stud.report(),
    );
    await assertRootServes(site, added, next);
    assertEquals(await stealPort(added), "AddrInUse");
  },
);

testWith(
  { ...NEEDS, notOnNode: true },
  "whatever changes, no client is lost, and another stud can take over",
  async () => {
    await using site = await ReloadingSite.start({ lines: LINES });
    const added = freePort();
    const frontends = ["127.0.0.1,0", `127.0.0.1,${added}`];
    const renewed = await newCertificate();
    // Each of six at any moment: dozens of connections and transfers in the time of a reload.
    await using load = new ReloadLoad(site.port, [site.first, renewed], { pace: 50 });
    const steps = [
      () => site.configure(LINES, { frontends }),
      () => site.put("site.pem", renewed.text),
      () =>
        site.configure(['user = "nobody"', "recv-bufsize = 65536", "workers = 3"], { frontends }),
      () => site.configure([...LINES, 'group = "daemon"'], { frontends }),
    ];
    for (const step of steps) {
      const before = load.connections;
      step();
      await site.reload();
      await eventually("clients after the reload", () => load.connections > before);
      assertEquals(new Set(listenerOwners(added)), new Set([0]), site.stud.report());
    }
    await using successor = await Stud.start([
      ...["--takeover", String(site.stud.pid), `--tls-library=${TLS_LIBRARY}`, "-n", "2"],
      ...["-f", `127.0.0.1,${site.port}`, "-f", `127.0.0.1,${added}`, "-u", "nobody"],
      ...["-b", site.backend.address, `${site.folder}/site.pem`],
    ]);
    await successor.output(/took over from process \d+/);
    // Those with a long transfer stay with the former one until they leave.
    await load.stop();
    assertEquals(load.faults, [], site.stud.report() + successor.report());
    assertEquals((await site.stud.ended()).code, 0);
    for (const port of [site.port, added]) await echoOnce(port, renewed);
    // As many sockets as the two former workers had, who had succeeded three (src/fleet/generation.ts).
    assertEquals(listenerOwners(added), [0, 0, 0, 0]);
  },
);

sites.test(
  { ...NEEDS, notOnNode: true },
  "when no worker is left, nobody can take the port before the next one does",
  async (site) => {
    site.put("site.pem", site.first.text);
    await site.reload();
    const workers = site.stud.workers();
    // So that it starts no others yet.
    site.stud.signal("SIGSTOP");
    for (const pid of workers) Deno.kill(pid, "SIGKILL");
    await gone(workers);
    const stolen = await stealPort(site.port);
    site.stud.signal("SIGCONT");
    assertEquals(stolen, "AddrInUse");
    await site.stud.output(/serves again/, 20_000);
    await assertRootServes(site, site.port);
  },
);

/** The workers listen with sockets of root's, and serve. */
async function assertRootServes(
  site: ReloadingSite,
  port: number,
  certificate = site.first,
): Promise<void> {
  assert(!site.stud.stderr.includes("reload failed"), site.stud.report());
  for (let count = 0; count < 10; count++) await site.echoOnce(certificate, port);
  await site.echoOnce(certificate);
  await eventually("the former workers' sockets close", () => listenerOwners(port).length <= 2);
  assertEquals(new Set(listenerOwners(port)), new Set([0]), site.stud.report());
}
