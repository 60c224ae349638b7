/** The supervisor and HUP, over workers that the test plays. */

import { UsageError } from "../../../src/errors.ts";
import { configureLog } from "../../../src/log/log.ts";
import { OcspRefresher } from "../../../src/ocsp/refresher.ts";
import type { Settings } from "../../../src/config/settings.ts";
import type { Plan } from "../../../src/plan/plan.ts";
import { claimPorts } from "../../../src/service/ports.ts";
import { StopSignals } from "../../../src/service/stop_signals.ts";
import { Supervisor } from "../../../src/fleet/supervisor.ts";
import type { ServingBy, WorkerRequest } from "../../../src/control/messages.ts";
import { assert, assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { setListeners } from "../../support/listeners_table.ts";
import { settled } from "../../support/manual_clock.ts";
import { type Answered, leave, obey } from "../../support/obedient_worker.ts";
import { planOf } from "../../support/plan_of.ts";
import { SOCKETS } from "../../support/socket_settings.ts";
import { failed } from "../../support/worker_configuration.ts";
import { engineWith } from "../../support/tls_configuration.ts";

/** A supervisor whose workers serve; `next` is what the files say at the next HUP. */
async function bench(plan: Plan = planOf(), servingBy?: ServingBy) {
  const runtime = new FakeRuntime();
  const { processes, clock, files } = runtime;
  const { children } = processes;
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "info");
  const planned: ReadonlyMap<string, string>[] = [];
  const state = {
    next: (_refused: ReadonlyMap<string, string>): Promise<Plan> => Promise.resolve(plan),
    busy: false,
    answer: (
      _place: number,
      _message: WorkerRequest,
    ): Answered | undefined => ({}),
  };
  processes.onStart = (child) => {
    const place = child.pid - 5_000;
    const answer = (message: WorkerRequest) => state.answer(place, message);
    obey(child, { answer, busy: state.busy, ...servingBy && { servingBy } });
  };
  let reads = 0;
  /** Of how many certificates responses were to be kept fresh. */
  const watched: (number | undefined)[] = [];
  const responses = new OcspRefresher(runtime, log);
  responses.watch = (plan) => void watched.push(plan?.certificates.length);
  const served: Plan[] = [];
  const supervisor = new Supervisor({
    ...{ runtime, plan, log, responses },
    frontends: await claimPorts(plan, runtime),
    signals: new StopSignals(runtime),
    claim: (plan, held) => claimPorts(plan, runtime, { held }),
    planAgain: (_former, _scope, refused) => {
      reads++;
      planned.push(new Map(refused));
      return state.next(refused);
    },
    onServing: (plan) => served.push(plan),
  });
  let outcome: string | undefined;
  supervisor.run().then(() => outcome = "ended", (error) => outcome = `failed: ${error.message}`);
  await settled();
  lines.length = 0;
  return {
    ...{ state, planned, clock, files, processes, children, lines, served, plan, watched },
    inUse: runtime.network.inUse,
    hangUp: async (next?: Plan | Error) => {
      if (next !== undefined) {
        state.next = () => next instanceof Error ? Promise.reject(next) : Promise.resolve(next);
      }
      processes.raise("SIGHUP");
      await clock.advance(0);
    },
    reads: () => reads,
    outcome: () => outcome,
    told: () => children.map(({ told }) => told),
    end: async () => {
      processes.raise("SIGINT");
      await clock.advance(0);
    },
    raise: (signal: "SIGTERM" | "SIGHUP") => processes.raise(signal),
  };
}

Deno.test("SIGHUP without a change is logged and sends workers nothing", async () => {
  const { hangUp, lines, told, served, end } = await bench();
  await hangUp();
  assertEquals(lines, ["info reloaded: nothing has changed"]);
  assertEquals([told(), served.length], [[["start"], ["start"]], 2]);
  await end();
});

Deno.test("SIGHUP changes workers in place and logs where they serve", async () => {
  const { hangUp, lines, told, served, end } = await bench();
  const next = planOf({
    configuration: {
      sockets: { ...SOCKETS, keepalive: 60 },
      backend: [{ kind: "unix", path: "/run/web" }],
    },
  });
  await hangUp(next);
  assertEquals(lines, [
    "info reloaded: 2 workers serve on 192.0.2.1:8443, backend /run/web, TLS by rustls",
  ]);
  assertEquals(told(), [["start", "prepare", "commit"], ["start", "prepare", "commit"]]);
  assert(served.at(-1) === next);
  await hangUp();
  assertEquals(lines.at(-1), "info reloaded: nothing has changed");
  await end();
});

Deno.test("SIGHUP with a bad configuration logs one line, and the next SIGHUP works", async () => {
  const { hangUp, lines, told, end } = await bench();
  await hangUp(new UsageError("stud.conf:2: unknown key"));
  assertEquals(lines.length, 1);
  assertStringIncludes(
    lines[0]!,
    "error reload failed, keeping the current configuration: stud.conf:2: unknown key",
  );
  assertEquals(told(), [["start"], ["start"]]);
  await hangUp(planOf({ configuration: { sockets: { ...SOCKETS, keepalive: 60 } } }));
  assertStringIncludes(lines[1]!, "info reloaded: 2 workers serve");
  await end();
});

Deno.test("SIGHUP for a frontend that cannot be opened changes nothing", async () => {
  const { hangUp, lines, told, inUse, end, plan } = await bench();
  const alternatives = [[{ host: "192.0.2.9", port: 1 }]];
  const frontends = [...plan.frontends, { text: "192.0.2.9:1", alternatives, tls: undefined }];
  inUse.add("192.0.2.9:1");
  // That its own port is in use is as it should be.
  inUse.add("192.0.2.1:8443");
  await hangUp(planOf({ frontends }));
  assertEquals(lines, ["error reload failed, keeping the current configuration: in use"]);
  assertEquals(told(), [["start"], ["start"]]);
  inUse.delete("192.0.2.9:1");
  await hangUp();
  assertStringIncludes(lines[1]!, "serve on 192.0.2.1:8443 and 192.0.2.9:1,");
  await end();
});

Deno.test("another number of workers means new ones, and the former end with their clients", async () => {
  const { state, hangUp, lines, told, children, files, end } = await bench();
  state.busy = true;
  for (const child of children) obey(child, { busy: true });
  setListeners(files, 5);
  await hangUp(planOf({ workers: 3 }));
  assertStringIncludes(lines[0]!, "info reloaded: 3 workers serve");
  assertEquals(told(), [
    ...[["start", "drain"], ["start", "drain"], ["start", "steer", "steer"], ["start"], ["start"]],
  ]);
  assertEquals(children[0]!.last, { type: "drain", successors: true });
  for (const child of children.slice(0, 2)) leave(child);
  await settled();
  assertEquals(children.length, 5);
  await end();
  // Whoever has ended in order is counted.
  assertStringIncludes(lines.at(-1)!, "info stopped: 6 connections");
});

Deno.test("what a process cannot change about itself means new workers", async () => {
  const changes: Partial<Plan["configuration"]>[] = [
    { privileges: { chroot: undefined, uid: 33, gid: 44 } },
    { tls: { ...planOf().configuration.tls, library: "openssl" } },
    { tls: { ...planOf().configuration.tls, ...engineWith({ sslEngine: "pkcs11" }) } },
    { steer: 2 },
  ];
  for (const configuration of changes) {
    const { hangUp, told, lines, end } = await bench();
    await hangUp(planOf({ configuration }));
    assertEquals(told(), [["start", "drain"], ["start", "drain"], ["start"], ["start"]]);
    assertStringIncludes(lines[0]!, "info reloaded: 2 workers serve");
    await end();
  }
});

/** A plan for OpenSSL if there is one, with no certificate to staple for, or one that insists on OpenSSL. */
function openSslPlan(tls: { orElse?: "rustls"; because?: string }, keepalive = 3600): Plan {
  const base = planOf().configuration.tls;
  const stapling = {
    ...{ certificates: [], directory: "" },
    ...{ connectTimeout: 1, responseTimeout: 1, refreshInterval: 1 },
  };
  return planOf({
    stapling,
    configuration: {
      tls: { ...base, library: "openssl", ...tls },
      sockets: { ...SOCKETS, keepalive },
    },
  });
}

Deno.test("workers that could open OpenSSL go on when an option insists on it", async () => {
  const plan = openSslPlan({ orElse: "rustls" });
  const { hangUp, told, watched, end } = await bench(plan, { library: "OpenSSL 3.0.22" });
  assertEquals(watched, [0]);
  await hangUp(openSslPlan({ because: "--ssl" }));
  assertEquals(told(), [["start", "prepare", "commit"], ["start", "prepare", "commit"]]);
  assertEquals(watched, [0, 0]);
  await end();
});

Deno.test("workers that could not go on by rustls, staple nothing, and are replaced when an option insists", async () => {
  const plan = openSslPlan({ orElse: "rustls" });
  const servingBy = { library: "rustls (for want of another)", missing: "away" };
  const { hangUp, told, watched, end } = await bench(plan, servingBy);
  await hangUp(openSslPlan({ orElse: "rustls" }, 60));
  assertEquals(told(), [["start", "prepare", "commit"], ["start", "prepare", "commit"]]);
  assertEquals(watched, [undefined, undefined]);
  await hangUp(openSslPlan({ because: "--ssl" }, 60));
  assertEquals(told().map((one) => one[0]), ["start", "start", "start", "start"]);
  assertEquals(watched, [undefined, undefined, 0]);
  await end();
});

Deno.test("workers that refuse a change are replaced by such as do not", async () => {
  const { state, hangUp, told, lines, end } = await bench();
  state.answer = (place, { type }) =>
    place === 1 && type === "prepare" ? { fault: "no rights" } : {};
  await hangUp(planOf({ configuration: { sockets: { ...SOCKETS, keepalive: 60 } } }));
  assertEquals(told(), [
    ["start", "prepare", "forget", "drain"],
    ["start", "prepare", "forget", "drain"],
    ["start"],
    ["start"],
  ]);
  assertStringIncludes(lines[0]!, "info reloaded: 2 workers serve");
  await end();
});

Deno.test("new workers that cannot start change nothing, and are ended", async () => {
  const { processes, hangUp, told, children, lines, end } = await bench();
  const { onStart } = processes;
  processes.onStart = (child) => {
    child.say(failed("no cipher match"));
  };
  await hangUp(planOf({ workers: 3 }));
  assertEquals(lines, ["error reload failed, keeping the current configuration: no cipher match"]);
  assertEquals(told().slice(0, 2), [["start"], ["start"]]);
  for (const child of children.slice(2)) assertEquals((await child.ended).signal, "SIGKILL");
  processes.onStart = onStart;
  await hangUp();
  assertStringIncludes(lines[1]!, "info reloaded: 3 workers serve");
  await end();
});

Deno.test("several SIGHUPs during a reload cause one more reload", async () => {
  const { state, hangUp, lines, reads, raise, clock, plan, end } = await bench();
  const reading = Promise.withResolvers<Plan>();
  state.next = () => reading.promise;
  for (let count = 0; count < 300; count++) raise("SIGHUP");
  await settled();
  assertEquals(reads(), 1);
  reading.resolve(plan);
  await clock.advance(0);
  assertEquals([reads(), lines.length], [2, 2]);
  await hangUp(plan);
  assertEquals(reads(), 3);
  await end();
});

Deno.test("warnings are given when they are new, quarantine as long as it lasts", async () => {
  const { hangUp, lines, end } = await bench(planOf({ warnings: ["old"] }));
  const tls = { ...planOf().tls, quarantined: ["a.pem: bad"] };
  const next = planOf({ warnings: ["old", "new"], tls });
  await hangUp(next);
  const quarantine = "error in quarantine: a.pem: bad";
  const same = "info reloaded: 1 certificate in quarantine; nothing else has changed";
  assertEquals(lines, [quarantine, "warning new", same]);
  lines.length = 0;
  await hangUp(next);
  assertEquals(lines, [quarantine, same]);
  lines.length = 0;
  await hangUp(planOf({ warnings: ["old", "new"] }));
  assertEquals(lines, ["info reloaded: nothing has changed"]);
  await end();
});

Deno.test("a change that workers do not get still counts: the log level", async () => {
  const settings = { log: { level: "info" }, service: {} } as Settings;
  const log = { ...settings.log, level: "error" as const };
  const { hangUp, lines, told, end } = await bench(planOf({ settings }));
  await hangUp(planOf({ settings: { ...settings, log } }));
  assertEquals(lines, [
    "info reloaded: 2 workers serve on 192.0.2.1:8443, backend 127.0.0.1:8000, TLS by rustls",
  ]);
  assertEquals(told(), [["start"], ["start"]]);
  lines.length = 0;
  // That takes a restart.
  await hangUp(planOf({ settings: { ...settings, log: { ...log, syslog: true } } }));
  assertEquals(lines, ["info reloaded: nothing has changed"]);
  await end();
});

const REFUSED = { fingerprint: "f00d", source: "b.pem", reason: "refused" };

Deno.test("a certificate that all workers refuse is left out, and the rest is served", async () => {
  const { state, hangUp, lines, told, planned, end } = await bench();
  state.answer = (_, message) =>
    message.type === "prepare" && message.configuration.sockets.keepalive === 1
      ? { fault: "b.pem: refused", refused: [REFUSED] }
      : {};
  const tls = { ...planOf().tls, quarantined: ["b.pem: refused"] };
  state.next = (refused) =>
    Promise.resolve(
      planOf({
        configuration: { sockets: { ...SOCKETS, keepalive: refused.size === 0 ? 1 : 60 } },
        ...refused.size && { tls },
      }),
    );
  await hangUp();
  assertEquals(planned.map((refused) => [...refused]), [[], [["f00d", "refused"]]]);
  assertEquals(lines, [
    "error in quarantine: b.pem: refused",
    "info reloaded: 2 workers serve on 192.0.2.1:8443, backend 127.0.0.1:8000, TLS by rustls; 1 " +
    "certificate in quarantine",
  ]);
  const each = ["start", "prepare", "forget", "prepare", "commit"];
  assertEquals(told(), [each, each]);
  await end();
});

Deno.test("workers that keep refusing certificates are not asked without end", async () => {
  const { state, hangUp, lines, end } = await bench();
  state.answer = (_, message) =>
    message.type === "prepare" ? { fault: "b.pem: refused", refused: [REFUSED] } : {};
  await hangUp(planOf({ configuration: { sockets: { ...SOCKETS, keepalive: 1 } } }));
  assertEquals(lines, ["error reload failed, keeping the current configuration: b.pem: refused"]);
  await end();
});

Deno.test("what one of several workers says of a certificate is no reason to leave it out", async () => {
  const { state, hangUp, lines, planned, children, end } = await bench();
  state.answer = (place, message) =>
    place === 0 && message.type === "prepare" ? { fault: "no", refused: [REFUSED] } : {};
  await hangUp(planOf({ configuration: { sockets: { ...SOCKETS, keepalive: 1 } } }));
  assertEquals([planned.length, children.length], [1, 4]);
  assertStringIncludes(lines.at(-1)!, "info reloaded: 2 workers serve");
  await end();
});

Deno.test("what takes a restart is said, once", async () => {
  const { hangUp, lines, end } = await bench(planOf({ fixed: { syslog: false } }));
  const next = planOf({ fixed: { syslog: true } });
  await hangUp(next);
  await hangUp(next);
  assertEquals(lines.filter((line) => line.startsWith("warning")), [
    "warning syslog: changed, but this needs a restart; everything else is in effect",
  ]);
  await end();
});

Deno.test("SIGTERM after reloads drains the former workers too", async () => {
  const { state, hangUp, raise, children, clock, outcome } = await bench();
  for (const child of children) obey(child, { busy: true });
  state.busy = true;
  await hangUp(planOf({ workers: 1 }));
  raise("SIGTERM");
  await clock.advance(0);
  for (const { last } of children) {
    assertEquals(last, { type: "drain", seconds: 10, successors: false });
  }
  assertEquals(outcome(), undefined);
  for (const child of children) leave(child);
  await settled();
  assertEquals(outcome(), "ended");
});

Deno.test("SIGTERM while a reload reads its files starts no more workers", async () => {
  const { state, raise, children, clock, outcome } = await bench();
  const reading = Promise.withResolvers<Plan>();
  state.next = () => reading.promise;
  for (const child of children) obey(child, { busy: true });
  raise("SIGHUP");
  await settled();
  raise("SIGTERM");
  await settled();
  reading.resolve(planOf({ workers: 3 }));
  await clock.advance(0);
  assertEquals(children.length, 2);
  for (const child of children) leave(child);
  await settled();
  assertEquals(outcome(), "ended");
});

Deno.test("a worker that never answers does not block a reload: new ones take over", async () => {
  const { state, hangUp, lines, clock, told, end } = await bench();
  state.answer = (place) => place === 1 ? undefined : {};
  await hangUp(planOf({ configuration: { sockets: { ...SOCKETS, keepalive: 60 } } }));
  assertEquals(lines, []);
  await clock.advance(60_000);
  assertStringIncludes(lines[0]!, "info reloaded: 2 workers serve");
  assertEquals(told().map((types) => types.at(-1)), ["drain", "drain", "start", "start"]);
  await end();
});
