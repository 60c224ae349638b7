/** Workers that hang: they are noticed, killed and replaced, and those that are merely slow or stopped with stud are not. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually, pause } from "../support/eventually.ts";
import { isAlive } from "../support/proc.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { testWith } from "../support/tools.ts";

const sites = new Shared(() =>
  ReloadingSite.start({ lines: ["workers = 2", "worker-timeout = 1"] })
);

sites.test({ linux: true }, "a worker that hangs is killed and replaced", async (site) => {
  for (let round = 0; round < 2; round++) {
    const before = site.stud.workers();
    const worker = before[0]!;
    Deno.kill(worker, "SIGSTOP");
    const words =
      `worker \\d \\(process ${worker}\\) hangs: no answer for 1 s \\(--worker-timeout\\)`;
    await site.stud.output(new RegExp(words));
    await site.stud.output(
      new RegExp(`\\(process ${worker}\\) died: killed by stud because it hung`),
    );
    const successor = () => site.stud.workers().find((pid) => !before.includes(pid));
    await eventually("another one", () => successor() !== undefined);
    await site.stud.output(new RegExp(`serves again \\(process ${successor()}\\)`));
    assert(!isAlive(worker));
    await site.echoOnce();
  }
});

sites.test(
  { linux: true },
  "a reload waits for a worker that hangs no longer than it may",
  async (site) => {
    const [first, second] = site.stud.workers();
    Deno.kill(second!, "SIGSTOP");
    const next = await site.renew();
    await site.reload();
    for (let count = 0; count < 10; count++) await site.echoOnce(next);
    assert(!site.stud.workers().includes(second!), site.stud.report());
    assert(site.stud.workers().includes(first!), site.stud.report());
    site.put("site.pem", site.first.text);
    await site.stud.output(/serves again/);
    await site.reload();
  },
);

testWith({ linux: true }, "a worker that drains is watched too", async () => {
  await using site = await Site.startEcho(["--worker-timeout", "1", "--drain-timeout", "600"]);
  const { worker } = site;
  using _client = await site.connect();
  site.stud.signal("SIGTERM");
  await site.stud.output(/draining/);
  Deno.kill(worker, "SIGSTOP");
  assertEquals((await site.stud.ended(20_000)).code, 0);
  assert(site.stud.stderr.includes(`(process ${worker}) hangs`), site.stud.report());
});

sites.test(
  { linux: true },
  "a worker that was stopped together with stud, or answers late, is left alone",
  async (site) => {
    const workers = site.stud.workers();
    const all = [site.stud.pid, ...workers];
    // The supervisor alone, all of them, and all of them with the supervisor first to go on.
    for (const stopped of [[site.stud.pid], all, all]) {
      for (const pid of stopped) Deno.kill(pid, "SIGSTOP");
      await pause(3_000);
      for (const pid of stopped) Deno.kill(pid, "SIGCONT");
      await pause(500);
    }
    await site.echoOnce();
    assertEquals(site.stud.workers(), workers);
    assert(!/hangs|died/.test(site.stud.stderr), site.stud.report());
  },
);

testWith({ linux: true }, "--worker-timeout=0 watches no worker", async () => {
  await using site = await Site.startEcho(["--worker-timeout", "0"]);
  const { worker } = site;
  Deno.kill(worker, "SIGSTOP");
  await pause(7_000);
  Deno.kill(worker, "SIGCONT");
  await site.echoOnce();
  assertEquals(site.worker, worker);
});
