/** A fleet is told what it is to be, and finds the way there. */

import { SOCKETS } from "../../support/socket_settings.ts";
import { configureLog } from "../../../src/log/log.ts";
import { Fleet } from "../../../src/fleet/fleet.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { recordReads, setListeners } from "../../support/listeners_table.ts";
import { settled } from "../../support/manual_clock.ts";
import { obey } from "../../support/obedient_worker.ts";
import { stateOf } from "../../support/worker_configuration.ts";

/** Two workers that serve and have clients. */
async function bench() {
  const runtime = new FakeRuntime();
  const { children } = runtime.processes;
  runtime.processes.onStart = (child) => obey(child, { busy: true });
  const libraries: string[] = [];
  const fleet = new Fleet(stateOf({ workers: 2 }), {
    ...{ runtime, log: configureLog(() => {}, "error") },
    onServing: ({ library }) => libraries.push(library),
  });
  await fleet.start();
  const told = () => children.map(({ told }) => told.slice(1));
  return { fleet, children, libraries, told };
}

const FRESH = new Map([["f1", "AA=="]]);

Deno.test("applying the same state again sends nothing", async () => {
  const { fleet, told, libraries } = await bench();
  assertEquals(await fleet.apply(stateOf({ workers: 2 })), false);
  assertEquals([told(), libraries], [[[], []], ["rustls"]]);
  await fleet.kill();
});

Deno.test("staples and backend addresses are sent unchanged", async () => {
  const { fleet, children, told } = await bench();
  const backend = [{ kind: "tcp", host: "192.0.2.7", port: 80 }] as const;
  assertEquals(await fleet.apply({ ...fleet.state, staples: FRESH }), false);
  assertEquals(await fleet.apply(stateOf({ workers: 2, backend }, { staples: FRESH })), true);
  await settled();
  assertEquals(told(), [["update", "update"], ["update", "update"]]);
  assertEquals(children[0]!.last, { type: "update", backend });
  await fleet.kill();
});

Deno.test("the table of sockets is read where others may listen: on a takeover, and for new workers", async () => {
  for (const takesOver of [false, true]) {
    const runtime = new FakeRuntime();
    setListeners(runtime.files, 3);
    runtime.processes.onStart = (child) => obey(child);
    const read = recordReads(runtime.files);
    const fleet = new Fleet(stateOf({ workers: 1 }), {
      ...{ runtime, log: configureLog(() => {}, "error"), onServing: () => {}, takesOver },
    });
    await fleet.start();
    const table = "/proc/net/tcp";
    assertEquals(read.filter((path) => path === table).length, takesOver ? 1 : 0);
    assertEquals(fleet.state.listeners, takesOver ? 3 : 1);
    read.length = 0;
    await fleet.apply(stateOf({ workers: 2 }));
    assert(read.includes(table));
    await fleet.kill();
  }
});

Deno.test("responses that arrive before the first workers are started are what these start with", async () => {
  const runtime = new FakeRuntime();
  runtime.processes.onStart = (child) => obey(child, { busy: true });
  const fleet = new Fleet(stateOf({ workers: 1 }), {
    ...{ runtime, log: configureLog(() => {}, "error"), onServing: () => {} },
    // It then waits for the table of sockets first.
    takesOver: true,
  });
  const started = fleet.start();
  await fleet.apply({ ...fleet.state, staples: FRESH });
  await started;
  const [start] = runtime.processes.children[0]!.messages;
  assertEquals((start as { staples?: unknown }).staples, [{ fingerprint: "f1", response: "AA==" }]);
  assertEquals(fleet.state.staples, FRESH);
  await fleet.kill();
});

Deno.test("responses that arrive while workers prepare are sent after their change", async () => {
  const { fleet, children, told } = await bench();
  children[1]!.onTold = () => {};
  const applied = fleet.apply(stateOf({ workers: 2, sockets: { ...SOCKETS, keepalive: 60 } }));
  await settled();
  await fleet.apply({ ...fleet.state, staples: FRESH });
  await settled();
  assertEquals(told()[0], ["prepare", "update"]);
  obey(children[1]!);
  children[1]!.answer("prepare", { reopened: [] });
  assertEquals(await applied, true);
  await settled();
  assertEquals(told(), Array(2).fill(["prepare", "update", "commit", "update"]));
  assertEquals([fleet.state.configuration.sockets.keepalive, fleet.state.staples], [60, FRESH]);
  await fleet.kill();
});

Deno.test("each state has a higher version than the one before", async () => {
  const { fleet } = await bench();
  const versions = [fleet.state.version];
  for (const keepalive of [1, 2, 2]) {
    await fleet.apply(
      stateOf({ workers: 2, sockets: { ...SOCKETS, keepalive } }, { staples: FRESH }),
    );
    versions.push(fleet.state.version);
  }
  assertEquals(
    versions.every((version, place) => place === 0 || version > versions[place - 1]!),
    true,
  );
  await fleet.kill();
});

Deno.test("former workers get responses and keep their backend", async () => {
  const { fleet, children, told, libraries } = await bench();
  await fleet.apply(stateOf({ workers: 1 }));
  assertEquals([libraries.length, told()[0]], [2, ["drain"]]);
  const backend = [{ kind: "tcp", host: "192.0.2.7", port: 80 }] as const;
  await fleet.apply(stateOf({ workers: 1, backend }, { staples: FRESH }));
  await settled();
  const staples = [{ fingerprint: "f1", response: "AA==" }];
  assertEquals(children.map(({ last }) => last), [
    { type: "update", staples },
    { type: "update", staples },
    { type: "update", backend, staples },
  ]);
  assertEquals(fleet.alive.length, 3);
  await fleet.kill();
});
