/** Signals that stud has no use for, and SIGUSR2: none ends it, none opens a port, whenever and to whom it is sent. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually, pause } from "../support/eventually.ts";
import { isAlive, listeningPorts } from "../support/proc.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { Stud, TLS_LIBRARY } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

/** By number, as signal(7) has them: of those that a program has no name for, too. */
const HARMLESS = [
  ...["USR1", "ALRM", "PIPE", "STKFLT", "XCPU", "XFSZ", "VTALRM", "PROF", "POLL", "PWR", "WINCH"],
  // Node cannot do anything about these.
  ...TLS_LIBRARY === "node" ? [] : ["32", "34", "50", "64"],
];

/** Milliseconds in which the inspector of a runtime would have begun to listen. */
const OPENS_WITHIN = 500;

/** A stud of two workers. */
const shared = new Shared(() => Site.startEcho(["-n", "2"]));

shared.test({ linux: true }, "signals without a meaning change nothing", async (site) => {
  const { stud } = site;
  const workers = stud.workers();
  const processes = [stud.pid, ...workers];
  const ports = processes.map(listeningPorts);
  for (const signal of HARMLESS) await send(signal, processes);
  await pause(OPENS_WITHIN);
  assertEquals(processes.map(listeningPorts), ports, stud.report());
  assertEquals(stud.workers(), workers, stud.report());
  assert(!/Debugger|died/.test(stud.stdout + stud.stderr), stud.report());
  await site.echoOnce();
});

shared.test(
  { linux: true, notOnNode: true },
  "workers ignore them from their first moment on, SIGUSR2 too",
  async (site) => {
    const { stud } = site;
    for (const signal of ["SIGUSR1", "SIGUSR2", "SIGALRM"] as const) {
      const [former, other] = stud.workers();
      const said = stud.stdout.length;
      Deno.kill(former!, "SIGKILL");
      const serves = () => stud.stdout.indexOf("serves again", said) >= 0;
      const next = () =>
        stud.workers().find((pid) => pid !== former && pid !== other && isAlive(pid));
      await eventually("a new worker", () => next() !== undefined);
      const worker = next()!;
      while (!serves()) {
        assert(isAlive(worker), stud.report());
        Deno.kill(worker, signal);
        await pause(1);
      }
      await pause(OPENS_WITHIN);
      assertEquals(stud.workers(), [other, worker], stud.report());
      assertEquals(listeningPorts(worker), [stud.port], stud.report());
    }
    await site.echoOnce();
  },
);

shared.test({ linux: true }, "SIGUSR2 has every worker write its counters", async (site) => {
  const { stud } = site;
  const accepted = async () => {
    stud.forget();
    stud.signal("SIGUSR2");
    await stud.output(/worker 1: counters: .*worker 2: counters: |2: counters: .*1: counters: /s);
    assert(/info: counters of 2 workers follow/.test(stud.stdout), stud.report());
    const counts = [...stud.stdout.matchAll(/counters: (\d+) connections? accepted/g)];
    return counts.reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const before = await accepted();
  for (let count = 0; count < 5; count++) await site.echoOnce();
  assertEquals(await accepted(), before + 5, stud.report());
});

shared.test(
  { linux: true },
  "a worker that gets SIGUSR2 writes its own counters",
  async ({ stud }) => {
    Deno.kill(stud.workers()[1]!, "SIGUSR2");
    await stud.output(/worker \d: counters: \d+ connections? accepted, 0 open, /);
    assertEquals(stud.stdout.match(/counters/g)?.length, 1, stud.report());
  },
);

testWith({ linux: true }, "SIGQUIT ends stud at once, with a line and status 0", async () => {
  await using stud = await Stud.start(["--self-signed", "-n", "2", "-f", "127.0.0.1,0"]);
  const workers = stud.workers();
  // A terminal sends it to the whole process group.
  for (const pid of workers) Deno.kill(pid, "SIGQUIT");
  // They answer a later signal, so they have had this one.
  for (const pid of workers) Deno.kill(pid, "SIGUSR2");
  await stud.output(/worker 1: counters: .*worker 2: counters: |2: counters: .*1: counters: /s);
  assertEquals(stud.workers(), workers, stud.report());
  stud.signal("SIGQUIT");
  const { code, signal } = await stud.ended();
  assertEquals([code, signal], [0, null], stud.report());
  await stud.output(/info: stopped/).catch(() => {});
  assert(/info: stopped/.test(stud.stdout), stud.report());
});

testWith(
  { linux: true, notOnNode: true },
  "the library leaves its host's signals alone",
  async () => {
    const library = new URL("../../mod.ts", import.meta.url).href;
    const program = `
      const ignored = () => Deno.readTextFileSync("/proc/self/status").match(/SigIgn:.*/)[0];
      const { terminate } = await import(${JSON.stringify(library)});
      const before = ignored();
      const stud = await terminate({ selfSigned: true, frontend: "127.0.0.1,0" });
      const after = ignored();
      await stud.close();
      console.log(JSON.stringify([before, after]));
      setTimeout(() => console.log("outlived SIGUSR2"), 5_000);
      Deno.kill(Deno.pid, "SIGUSR2");
    `;
    const { stdout, stderr, signal } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", "--unstable-net", program],
    }).output();
    const said = new TextDecoder().decode(stdout);
    assert(said.startsWith("["), new TextDecoder().decode(stderr));
    const [before, after] = JSON.parse(said);
    assertEquals(after, before);
    assertEquals(signal, "SIGUSR2", said);
  },
);

async function send(signal: string, pids: readonly number[]): Promise<void> {
  const args = ["-s", signal, ...pids.map(String)];
  const { success } = await new Deno.Command("/bin/kill", { args }).output();
  assert(success, `cannot send ${signal} to ${pids.join(", ")}`);
}
