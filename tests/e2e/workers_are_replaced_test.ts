/** Workers that die or are told to end: what becomes of their clients, and that others take their place. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually, pause, within } from "../support/eventually.ts";
import { exchange } from "../support/ports.ts";
import { gone, isAlive, ownerOf } from "../support/proc.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { TLS_LIBRARY } from "../support/stud.ts";
import { receive } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const sites = new Shared(() => Site.startEcho(["-n", "2"]));

sites.test(
  { linux: true },
  "SIGKILL of a worker under load ends its own connections and no others",
  async (site) => {
    const workers = site.stud.workers();
    using clients = new DisposableStack();
    const byWorker = await clientsOfEach(workers, site, clients);
    const [victim, ...others] = workers;
    const stop = new AbortController();
    const loads = new Map(workers.map((pid) => [pid, load(byWorker.get(pid)!, stop.signal)]));
    await eventually(
      "load on every worker",
      () => [...loads.values()].every((one) => one.done > 20),
    );

    Deno.kill(victim!, "SIGKILL");
    await site.stud.output(
      new RegExp(`worker \\d \\(process ${victim}\\) died: killed by SIGKILL; `),
    );
    assertEquals((await within(10_000, "their end", loads.get(victim!)!.ended)).broken, "all");
    // New clients, and those of the other workers, do not notice.
    for (let count = 0; count < 20; count++) await site.echoOnce();
    await site.stud.output(/worker \d serves again \(process \d+\)/);
    const before = others.map((pid) => loads.get(pid)!.done);
    await eventually("the others go on", () => {
      return others.every((pid, index) => loads.get(pid)!.done > before[index]! + 20);
    });
    for (let count = 0; count < 20; count++) await site.echoOnce();
    stop.abort();
    for (const pid of others) assertEquals((await loads.get(pid)!.ended).broken, "none");
    await eventually("two workers again", () => site.stud.workers().length === 2);
  },
);

sites.test(
  { linux: true },
  "a worker that crashes is replaced and its signal is in the log",
  async (site) => {
    for (const signal of ["SIGSEGV", "SIGABRT"] as const) {
      const before = site.stud.workers();
      const worker = before[0]!;
      // The runtime takes a first SIGSEGV for a trap of WebAssembly; a real crash faults again at once.
      const killed = eventually("its end", () => {
        if (isAlive(worker)) Deno.kill(worker, signal);
        return !isAlive(worker);
      });
      const words = `\\(process ${worker}\\) died: killed by ${signal}; a crash in native code`;
      await Promise.all([killed, site.stud.output(new RegExp(words))]);
      const successor = () => site.stud.workers().find((pid) => !before.includes(pid));
      await eventually("another one", () => successor() !== undefined);
      await site.stud.output(new RegExp(`serves again \\(process ${successor()}\\)`));
      await site.echoOnce();
    }
  },
);

sites.test(
  { linux: true },
  "workers that had served are replaced at once, however often they are killed",
  async (site) => {
    const served = () => site.stud.stdout.split("serves again").length - 1;
    const stop = new AbortController();
    const refused = connectAlways(site.port, stop.signal);
    for (let deaths = 0; deaths < 4; deaths++) {
      Deno.kill(site.stud.workers()[deaths % 2]!, "SIGKILL");
      await eventually("a restart", () => served() === deaths + 1);
    }
    stop.abort();
    assertEquals(await refused, 0);
    assert(!site.stud.stderr.includes("keeps dying"), site.stud.report());
  },
);

testWith(
  { linux: true },
  "workers that never come to serve are started again after growing pauses, until one does or TERM ends stud",
  async () => {
    await using site = await Site.startEcho();
    const stop = new AbortController();
    const killing = killAlways(site, stop.signal);
    await site.stud.output(/worker 1 keeps dying; next start in 0\.5 s/);
    await site.stud.output(/worker 1 keeps dying; next start in 1 s/, 60_000);
    stop.abort();
    await killing;
    // Nobody else serves: however many have failed, the pause is no longer than that.
    await site.stud.output(/worker 1 serves again/);
    await site.echoOnce();
    assert(!/next start in [2-9]/.test(site.stud.stderr), site.stud.report());

    site.stud.forget();
    const stopAtEnd = new AbortController();
    const killingToTheEnd = killAlways(site, stopAtEnd.signal);
    await site.stud.output(/next start in 1 s/, 60_000);
    site.stud.signal("SIGTERM");
    assertEquals((await site.stud.ended(10_000)).code, 0, "of TERM during the pause");
    stopAtEnd.abort();
    await killingToTheEnd;
  },
);

sites.test(
  { linux: true },
  "TERM to one worker lets its clients finish while another takes its place",
  async (site) => {
    using client = await site.connect();
    await exchange(client);
    const worker = ownerOf(client, site.stud.workers())!;
    Deno.kill(worker, "SIGTERM");
    await site.stud.output(/worker \d \(process \d+\) received SIGTERM; replacing it/);
    await site.stud.output(/worker \d serves again/);
    await exchange(client, "long after");
    for (let count = 0; count < 10; count++) await echoOnceOrAgain(site);
    assert(site.stud.workers().includes(worker), "it waits for its client");
    await client.closeWrite();
    assertEquals((await receive(client)).end, "clean");
    await gone([worker]);
    assert(!site.stud.stderr.includes("died"), site.stud.report());
  },
);

testWith(
  { linux: true },
  "TERM to the whole process group, as init systems send it, drains",
  async () => {
    await using site = await Site.startEcho(["-n", "2"]);
    using client = await site.connect();
    await exchange(client);
    for (const pid of [...site.stud.workers(), site.stud.pid]) Deno.kill(pid, "SIGTERM");
    await site.stud.output(/draining/);
    await exchange(client, "after TERM");
    client.close();
    assertEquals((await site.stud.ended()).code, 0);
    assertStringIncludes(site.stud.stdout, "stopped");
  },
);

/** Kills every worker as soon as it is there, until the signal. */
async function killAlways(site: Site, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for (const pid of site.stud.workers()) Deno.kill(pid, "SIGKILL");
    } catch {
      // It was gone already, or stud is.
    }
    await pause(2);
  }
}

/** Connects again and again, until the signal; gives the number of connections that were refused. */
async function connectAlways(port: number, signal: AbortSignal): Promise<number> {
  let refused = 0;
  while (!signal.aborted) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) refused++;
    }
    await pause(5);
  }
  return refused;
}

/**
 * One echo. Node can neither empty a queue of clients before it closes the socket nor have the kernel choose the
 * worker, so that there one client that comes as the former worker stops is reset; trying again must do.
 */
async function echoOnceOrAgain(site: Site): Promise<void> {
  try {
    await site.echoOnce();
  } catch (error) {
    if (TLS_LIBRARY !== "node" || !isReset(error)) throw error;
    await site.echoOnce();
  }
}

function isReset(error: unknown): boolean {
  return error instanceof Deno.errors.ConnectionReset || /ECONNRESET|reset/i.test(String(error));
}

/** Connects until every worker has two clients at least. */
async function clientsOfEach(
  workers: readonly number[],
  site: Site,
  clients: DisposableStack,
): Promise<Map<number, Deno.TlsConn[]>> {
  const byWorker = new Map(workers.map((pid) => [pid, [] as Deno.TlsConn[]]));
  const enough = () => [...byWorker.values()].every((own) => own.length >= 2);
  for (let count = 0; count < 100 && !enough(); count++) {
    const client = clients.use(await site.connect());
    await exchange(client);
    byWorker.get(ownerOf(client, workers)!)!.push(client);
  }
  assert(enough(), "a worker gets no clients");
  return byWorker;
}

/** Talks on every connection until the signal, or until it breaks. */
function load(connections: readonly Deno.TlsConn[], stop: AbortSignal) {
  const state = { done: 0, ended: Promise.resolve({ broken: "none" }) };
  const talks = connections.map(async (connection) => {
    try {
      while (!stop.aborted) {
        await exchange(connection, "load ".repeat(200));
        state.done++;
      }
      return false;
    } catch {
      return true;
    }
  });
  state.ended = Promise.all(talks).then((broken) => ({
    broken: broken.every(Boolean) ? "all" : broken.some(Boolean) ? "some" : "none",
  }));
  return state;
}
