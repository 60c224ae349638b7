/** What a fleet tells about its workers: sums that never decrease, restarts, ends, live connections. */

import { configureLog } from "../../../src/log/log.ts";
import { Fleet } from "../../../src/fleet/fleet.ts";
import { AddressFormatError } from "../../../src/wire/ip_address.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import type { FakeChild } from "../../support/fake_processes.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";
import { leave, obey } from "../../support/obedient_worker.ts";
import { stateOf } from "../../support/worker_configuration.ts";

const ACCEPTED = '["connections_accepted","web"]';
const ACTIVE = '["connections_active","web"]';

async function bench(workers = 2, onStart = (child: FakeChild) => obey(child, { busy: true })) {
  const runtime = new FakeRuntime();
  const { children } = runtime.processes;
  runtime.processes.onStart = onStart;
  const fleet = new Fleet(stateOf({ workers }), {
    ...{ runtime, log: configureLog(() => {}, "error"), onServing: () => {} },
  });
  await fleet.start();
  const report = async (child: FakeChild, accepted: number, active: number) => {
    const series = [[ACCEPTED, accepted], [ACTIVE, active]];
    child.say({ type: "counters", counters: {}, series });
    await settled();
  };
  const sums = () =>
    fleet.metrics().map(({ index, series }) => [index, series.get(ACCEPTED), series.get(ACTIVE)]);
  return { runtime, clock: runtime.clock, fleet, children, report, sums };
}

Deno.test("what a worker counted last stays in the sums when it dies; what was open does not", async () => {
  const { fleet, children, report, sums, clock } = await bench();
  await report(children[0]!, 5, 2);
  await report(children[1]!, 7, 1);
  await report(children[0]!, 6, 3);
  assertEquals(sums(), [[1, 6, 3], [2, 7, 1]]);
  children[0]!.end({ signal: "SIGKILL" });
  await clock.advance(1_000);
  assertEquals(sums(), [[1, 6, undefined], [2, 7, 1]]);
  assertEquals(children.length, 3);
  await report(children[2]!, 1, 1);
  assertEquals(sums(), [[1, 7, 1], [2, 7, 1]]);
  const [first, second] = fleet.workers();
  assertEquals(first!.restarts, { died: 1, hung: 0, protocol: 0, replaced: 0 });
  assertEquals(first!.process!.pid, children[2]!.pid);
  assertEquals(first!.lastEnd!.reason.startsWith("killed by SIGKILL"), true);
  assertEquals([second!.restarts.died, second!.lastEnd], [0, undefined]);
  await fleet.kill();
});

Deno.test("a worker that breaks the protocol, and one that is to be replaced, are told apart", async () => {
  const { fleet, children, clock } = await bench();
  children[0]!.say({ type: "counters", counters: {}, series: [["made up", 1]] });
  children[1]!.say({ type: "replace-me" });
  await clock.advance(2_000);
  const [first, second] = fleet.workers();
  assertEquals(first!.restarts, { died: 0, hung: 0, protocol: 1, replaced: 0 });
  assertEquals(second!.restarts, { died: 0, hung: 0, protocol: 0, replaced: 1 });
  assertEquals(second!.leaving.map(({ pid, state }) => [pid, state]), [
    [children[1]!.pid, "draining"],
  ]);
  await fleet.kill();
});

Deno.test("sums go on over a reload that replaces all workers, also of slots that are gone", async () => {
  const { fleet, children, report, sums } = await bench(2);
  await report(children[0]!, 5, 2);
  await report(children[1]!, 7, 1);
  await fleet.apply(stateOf({ workers: 1 }));
  const replacement = children.at(-1)!;
  await report(replacement, 10, 1);
  assertEquals(sums(), [[1, 15, 3], [2, 7, 1]]);
  const [only, ...others] = fleet.workers();
  assertEquals([only!.process!.state, only!.leaving.length, others.length], ["serving", 1, 0]);
  leave(children[0]!);
  leave(children[1]!);
  await settled();
  assertEquals(sums(), [[1, 15, 1], [2, 7, undefined]]);
  assertEquals(fleet.workers()[0]!.lastEnd!.reason, "ended in order");
  assertEquals(fleet.workers()[0]!.restarts.died, 0);
  await fleet.kill();
});

Deno.test("live connections are those of all workers, and one that does not answer is named", async () => {
  const one = {
    ...{ client: "192.0.2.1:5", serverName: null, frontend: "web", backend: null, version: null },
    ...{ cipher: null, age: 1.5, idle: null, bytesToBackend: 1, bytesToClient: 0 },
  };
  // The first worker has the oldest and the newest one, and the third those between.
  const ages = [[9, 1], [], [7, 5]];
  const workers: FakeChild[] = [];
  const { fleet, children, clock } = await bench(3, (child) => {
    workers.push(child);
    obey(child, {
      answer: ({ type }) => {
        const connections = ages[workers.indexOf(child)]!.map((age) => ({ ...one, age }));
        if (type === "connections") return { matching: 2, connections };
        return type === "disconnect" ? { matching: 2 } : {};
      },
    });
  });
  children[1]!.onTold = () => {};
  const asked = fleet.connections({ client: "192.0.2.0/24" }, 3);
  await clock.advance(2_000);
  const { matching, connections, unanswered } = await asked;
  assertEquals(children[0]!.last, {
    ...{ type: "connections", filter: { client: "192.0.2.0/24" }, limit: 3 },
  });
  assertEquals(matching, 4);
  assertEquals(unanswered, [2]);
  assertEquals(connections.map(({ worker, age }) => [worker, age]), [[1, 9], [3, 7], [3, 5]]);
  assertEquals(connections[0], { ...one, age: 9, worker: 1 });
  const disconnected = fleet.disconnect({ frontend: "web" });
  await clock.advance(2_000);
  assertEquals(await disconnected, { disconnected: 4, unanswered: [2] });
  const without = fleet.connections({}, 3);
  await settled();
  leave(children[1]!);
  assertEquals((await without).unanswered, []);
  await assertRejects(() => fleet.connections({ client: "nobody" }, 1), AddressFormatError);
  await assertRejects(() => fleet.disconnect({ client: "nobody" }), AddressFormatError);
  await fleet.kill();
});
