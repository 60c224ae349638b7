/** `-n`: workers of a number, on one port, each with its share of the clients and a CPU of its own. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/ports.ts";
import { listenersOn, mainThreadField, ownerOf } from "../support/proc.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { runStud, TLS_LIBRARY } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const shared = new Shared(() => Site.startEcho(["-n", "3"]));

shared.test(
  { linux: true },
  "three workers listen on one port and all of them get clients",
  async (site) => {
    assertStringIncludes(site.stud.history, "3 workers serve on 127.0.0.1:");
    const workers = site.stud.workers();
    assertEquals([workers.length, listenersOn(site.port)], [3, await sharesOneSocket() ? 1 : 3]);
    const busy = new Set<number | undefined>();
    using clients = new DisposableStack();
    // The kernel spreads clients by a hash: that a worker got none of a hundred would be no chance.
    for (let count = 0; count < 100 && busy.size < 3; count++) {
      const client = clients.use(await site.connect());
      await exchange(client);
      busy.add(ownerOf(client, workers));
    }
    assertEquals(busy, new Set(workers));
  },
);

testWith({ linux: true }, "-n auto starts a worker for every CPU", async () => {
  await using site = await Site.startEcho(["-n", "auto"]);
  assertEquals(site.stud.workers().length, navigator.hardwareConcurrency);
});

testWith({ linux: true }, "one worker is the default", async () => {
  await using site = await Site.startEcho();
  assertStringIncludes(site.stud.stdout, "1 worker serves on");
  assertEquals(site.stud.workers().length, 1);
});

shared.test(
  { linux: true, notOnNode: true },
  "workers stay on a CPU each, replaced ones too, and the supervisor on none",
  async (site) => {
    const allowed = cpuList(mainThreadField(Deno.pid, "Cpus_allowed_list")!);
    const expected = [0, 1, 2].map((place) => String(allowed[place % allowed.length])).sort();
    const cpus = () =>
      site.stud.workers().map((pid) => mainThreadField(pid, "Cpus_allowed_list")).sort();
    assertEquals(cpus(), expected);
    assertEquals(cpuList(mainThreadField(site.stud.pid, "Cpus_allowed_list")!), allowed);
    const [first] = site.stud.workers();
    Deno.kill(first!, "SIGKILL");
    await site.stud.output(/worker \d serves again/);
    await eventually("the dead worker is reaped", () => !site.stud.workers().includes(first!));
    assertEquals(cpus(), expected);
  },
);

shared.test(
  { linux: true },
  "every worker may open as many descriptors as the hard limit allows",
  (site) => {
    for (const pid of site.stud.workers()) {
      const limits = Deno.readTextFileSync(`/proc/${pid}/limits`);
      const [, soft, hard] = /^Max open files\s+(\d+)\s+(\d+)/m.exec(limits) ?? [];
      assert(soft !== undefined && soft === hard, limits);
    }
    return Promise.resolve();
  },
);

/** Until Node 22.12 workers share the socket of their supervisor. */
async function sharesOneSocket(): Promise<boolean> {
  if (TLS_LIBRARY !== "node") return false;
  const version = /\(Node (\d+)\.(\d+)\./.exec((await runStud(["--version"])).stdout);
  const [major, minor] = version!.slice(1).map(Number);
  return major! < 22 || major === 22 && minor! < 12;
}

/** `0-2,5` as numbers. */
function cpuList(text: string): number[] {
  return text.split(",").flatMap((part) => {
    const [first, last = first] = part.split("-").map(Number);
    return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
  });
}
