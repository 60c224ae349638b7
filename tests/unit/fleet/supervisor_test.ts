/** The supervisor over workers that the test plays. */

import { StartupError } from "../../../src/errors.ts";
import { configureLog } from "../../../src/log/log.ts";
import type { BackendName } from "../../../src/plan/backend_refresh.ts";
import { StopSignals } from "../../../src/service/stop_signals.ts";
import { claimPorts } from "../../../src/service/ports.ts";
import { Supervisor } from "../../../src/fleet/supervisor.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";
import { planOf } from "../../support/plan_of.ts";
import {
  configurationOf,
  failed,
  READY,
  readyBy,
  TOTALS,
} from "../../support/worker_configuration.ts";

async function newSupervisor(workers = 2, tlsBecause?: string, backendName?: BackendName) {
  const runtime = new FakeRuntime();
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const plan = planOf({ workers, tlsBecause, ...backendName && { backendName } });
  const supervisor = new Supervisor({
    ...{ runtime, plan, log },
    frontends: await claimPorts(plan, runtime),
    signals: new StopSignals(runtime),
    claim: (plan, held) => claimPorts(plan, runtime, { held }),
    planAgain: () => Promise.resolve(plan),
  });
  let outcome: string | undefined;
  const run = supervisor.run();
  run.then(() => outcome = "ended", (error) => outcome = `failed: ${error.message}`);
  const { children } = runtime.processes;
  // It looks at who else listens before it starts workers.
  await settled();
  return {
    ...{ runtime, clock: runtime.clock, lines, children, run, raise: runtime.processes },
    outcome: () => outcome,
    serve: async (ready = READY) => {
      for (const child of children) child.say(ready);
      await settled();
    },
  };
}

Deno.test("the supervisor starts every worker with its number, and says where they serve", async () => {
  const { children, lines, serve, raise, clock } = await newSupervisor(3);
  await settled();
  const indices = children.map((child) => configurationOf(child).index);
  assertEquals(indices, [1, 2, 3]);
  assertEquals(lines, []);
  await serve();
  assertEquals(lines, [
    "info 3 workers serve on 192.0.2.1:8443, backend 127.0.0.1:8000, TLS by rustls",
  ]);
  raise.raise("SIGINT");
  await clock.advance(0);
});

Deno.test("the supervisor says which TLS library serves, and which option asked for it", async () => {
  const { lines, serve, raise, clock } = await newSupervisor(1, "-c/--ciphers");
  await serve(readyBy({ library: "OpenSSL 3.0.22 4 Aug 2026" }));
  assertEquals(lines, [
    "info 1 worker serves on 192.0.2.1:8443, backend 127.0.0.1:8000, TLS by OpenSSL 3.0.22 4 Aug 2026 " +
    "because of -c/--ciphers",
    "info no post-quantum key exchange: it needs OpenSSL 3.5 or later",
  ]);
  raise.raise("SIGINT");
  await clock.advance(0);
});

Deno.test("the supervisor says once why TLS is not by OpenSSL", async () => {
  const { lines, serve, raise, clock } = await newSupervisor(2);
  const library = "rustls (OpenSSL 3 cannot be used here)";
  await serve(readyBy({ library, missing: "libssl.so.3: no such file" }));
  assertEquals(lines, [
    "info OpenSSL cannot be used here: libssl.so.3: no such file",
    `info 2 workers serve on 192.0.2.1:8443, backend 127.0.0.1:8000, TLS by ${library}`,
  ]);
  raise.raise("SIGINT");
  await clock.advance(0);
});

Deno.test("the supervisor warns once of what the kernel refuses of the sandbox", async () => {
  const { lines, serve, raise, clock } = await newSupervisor(2);
  await serve(readyBy({
    library: "rustls",
    unconfined: "the filter of system calls: operation not permitted",
  }));
  assertEquals(lines.filter((line) => line.includes("sandbox")), [
    "warning the sandbox of the workers is incomplete: " +
    "the filter of system calls: operation not permitted",
  ]);
  raise.raise("SIGINT");
  await clock.advance(0);
});

Deno.test("a worker that cannot start ends the others and fails the run", async () => {
  const { children, run, outcome } = await newSupervisor(2);
  children[0]!.say(READY);
  children[1]!.say(failed("cannot listen"));
  await assertRejects(() => run, StartupError, "cannot listen");
  assertEquals(outcome(), "failed: cannot listen");
  for (const child of children) assertEquals((await child.ended).signal, "SIGKILL");
});

Deno.test("TERM drains: workers are told, waited for, and what they counted is told", async () => {
  const { children, lines, serve, raise, outcome } = await newSupervisor(2);
  await serve();
  raise.raise("SIGTERM");
  await settled();
  assertEquals(children.map((child) => child.told), [["start", "drain"], ["start", "drain"]]);
  assertEquals(outcome(), undefined);
  for (const child of children) {
    child.say({ type: "ended", counters: TOTALS });
    child.end();
  }
  await settled();
  assertEquals(outcome(), "ended");
  assertEquals(
    lines.at(-1),
    "info stopped: 6 connections, 4 handshakes failed, 2 backend failures, 8 refused",
  );
});

Deno.test("the backend's name is looked up again until stud drains, and every worker is told", async () => {
  const endpoints = [{ kind: "tcp", host: "192.0.2.7", port: 80 }] as const;
  let asked = 0;
  const lookUp = () => {
    asked++;
    return Promise.resolve(endpoints);
  };
  const name = { text: "web.example:80", refresh: 60, lookUp };
  const { clock, children, serve, raise } = await newSupervisor(2, undefined, name);
  await serve();
  await clock.advance(60_000);
  assertEquals(children.map((child) => child.told), [["start", "update"], ["start", "update"]]);
  await clock.advance(60_000);
  assertEquals([asked, children[0]!.told.length], [2, 2]);
  raise.raise("SIGTERM");
  await clock.advance(9_000);
  assertEquals(asked, 2);
  for (const child of children) child.end();
  await settled();
});

Deno.test("a worker that does not keep the drain timeout is ended a little later", async () => {
  const { clock, children, serve, raise, outcome } = await newSupervisor(1);
  await serve();
  raise.raise("SIGTERM");
  await clock.advance(12_900);
  assertEquals(outcome(), undefined);
  await clock.advance(200);
  assertEquals([outcome(), (await children[0]!.ended).signal], ["ended", "SIGKILL"]);
});

Deno.test("a second TERM, or INT, ends workers at once", async () => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const { children, serve, raise, outcome } = await newSupervisor(2);
    await serve();
    raise.raise("SIGTERM");
    await settled();
    raise.raise(signal);
    await settled();
    assertEquals([outcome(), (await children[1]!.ended).signal], ["ended", "SIGKILL"]);
  }
});

Deno.test("TERM while workers start drains those that there are", async () => {
  const { children, lines, raise, outcome } = await newSupervisor(2);
  raise.raise("SIGTERM");
  await settled();
  assertEquals(children.map((child) => child.told), [["start", "drain"], ["start", "drain"]]);
  // One was fast enough, the other had not even begun.
  children[0]!.say(READY);
  for (const child of children) child.end();
  await settled();
  assertEquals(outcome(), "ended");
  assert(!lines.some((line) => line.includes("serve on")), lines.join("\n"));
});
