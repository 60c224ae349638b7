/** Who may come in: slots and handshakes of a worker and of its frontends, on a clock that the test moves. */

import type { ConnectionLimits } from "../../../src/config/settings.ts";
import { Admission, FrontendSlots } from "../../../src/proxy/admission.ts";
import { admissionRules, descriptorRule } from "../../../src/proxy/admission_rules.ts";
import type { Arrival } from "../../../src/proxy/slots.ts";
import { assertEquals } from "../../support/assert.ts";
import { ManualClock, settled } from "../../support/manual_clock.ts";

const ALONE = { workers: 1, clientsStay: false };

/** An admission by these limits and descriptors. */
function newAdmission(limits: Partial<ConnectionLimits>, descriptors = 0) {
  const clock = new ManualClock();
  const full: string[] = [];
  const rulesOf = (limits: Partial<ConnectionLimits>) => {
    const { slots, client } = admissionRules(limits, ALONE);
    return {
      handshakeTimeout: 30_000,
      slots: [...descriptorRule(descriptors, 1), ...slots],
      client,
    };
  };
  const admission = new Admission(clock, rulesOf(limits), ({ name }) => full.push(name));
  const frontend = (limits: Partial<ConnectionLimits> = {}, name = "f") => {
    const slots = new FrontendSlots(clock);
    slots.use(admissionRules(limits, ALONE, name));
    return slots;
  };
  const expired: string[] = [];
  /** A client whose handshake begins. */
  const come = (name: string, at: FrontendSlots) => {
    const admitted = admission.enter(at);
    const deadline = admitted.beginHandshake(() => expired.push(name));
    return { admitted, deadline, done: () => admitted.endHandshake(deadline) };
  };
  /** A client whose handshake is done. */
  const settle = (at: FrontendSlots) => {
    const client = come("settled", at);
    client.done();
    return client.admitted;
  };
  const wait = (at: FrontendSlots, arrival: Arrival = "asked") =>
    admission.shortage(at, arrival)?.wait ?? 0;
  /** What waits for a change, and whether there was one. */
  const waiting = (at: FrontendSlots) => {
    const state = { changed: false };
    admission.change(admission.shortage(at, "asked")!).then(() => state.changed = true);
    return state;
  };
  const use = (limits: Partial<ConnectionLimits>) => admission.use(rulesOf(limits));
  return { clock, full, admission, frontend, expired, come, settle, wait, waiting, use };
}

Deno.test("there is room for handshakes until as many are under way as may be, and again when one ends", async () => {
  const { clock, frontend, come, wait, waiting, full } = newAdmission({ maxHandshakes: 2 });
  const at = frontend();
  const first = come("first", at);
  assertEquals(wait(at), 0);
  come("second", at);
  assertEquals([wait(at), full], [2_000, []]);
  const [one, other] = [waiting(at), waiting(at)];
  await settled();
  assertEquals([one.changed, other.changed], [false, false]);
  assertEquals(full, ["--max-handshakes 2", "--max-handshakes 2"]);
  first.done();
  await settled();
  assertEquals([wait(at), one.changed, other.changed], [0, true, true]);
  // Only the deadline of the second is left.
  assertEquals(clock.waiting, 1);
});

Deno.test("the oldest handshake gives way 2 seconds after its beginning, once a client is there", async () => {
  const { clock, admission, frontend, expired, come, wait, waiting } = newAdmission({
    maxHandshakes: 2,
  });
  const at = frontend();
  const first = come("first", at);
  await clock.advance(500);
  come("second", at);
  const one = waiting(at);
  await clock.advance(1_499);
  assertEquals([wait(at), one.changed], [1, false]);
  await clock.advance(1);
  assertEquals([wait(at), one.changed], [0, true]);
  // No client has come yet.
  admission.makeWay(at, "asked");
  assertEquals(expired, []);
  come("third", at);
  admission.makeWay(at, "asked");
  assertEquals(expired, ["first"]);
  assertEquals(
    [first.deadline.expired, first.deadline.early],
    [true, "gave way to a new client: --max-handshakes 2 reached"],
  );
  // The second has half a second yet.
  assertEquals(wait(at), 500);
  come("one too many, by another frontend", at);
  admission.makeWay(at, "asked");
  assertEquals([expired.length, wait(at)], [1, 500]);
  await clock.advance(500);
  assertEquals(wait(at), 0);
});

Deno.test("use() lets more in at once, and ends handshakes beyond a lower limit as clients come", async () => {
  const { clock, admission, frontend, expired, come, wait, waiting, use } = newAdmission({
    maxHandshakes: 3,
  });
  const at = frontend();
  for (const name of ["a", "b", "c"]) come(name, at);
  const one = waiting(at);
  use({ maxHandshakes: 4 });
  await settled();
  assertEquals([one.changed, wait(at)], [true, 0]);
  use({ maxHandshakes: 1 });
  assertEquals(wait(at) > 0, true);
  await clock.advance(2_000);
  assertEquals([wait(at), expired], [0, []]);
  come("d", at);
  admission.makeWay(at, "asked");
  assertEquals([expired, wait(at)], [["a", "b", "c"], 2_000]);
});

Deno.test("wake() ends every wait, and no timer stays", async () => {
  const { clock, admission, frontend, come, waiting } = newAdmission({ maxHandshakes: 1 });
  const at = frontend();
  const only = come("only", at);
  const [one, other] = [waiting(at), waiting(at)];
  assertEquals(clock.waiting, 2);
  admission.wake();
  await settled();
  assertEquals([one.changed, other.changed, clock.waiting], [true, true, 1]);
  only.done();
  assertEquals(clock.waiting, 0);
});

Deno.test("beyond --max-connections clients wait until a connection ends; none is cut off", async () => {
  const { clock, admission, frontend, settle, wait, waiting, expired } = newAdmission({
    maxConnections: 2,
  });
  const at = frontend();
  const first = settle(at);
  settle(at);
  assertEquals(wait(at), Infinity);
  const one = waiting(at);
  await clock.advance(3_600_000);
  assertEquals([one.changed, clock.waiting], [false, 0]);
  admission.makeWay(at, "asked");
  admission.leave(first);
  await settled();
  assertEquals([one.changed, wait(at), expired], [true, 0, []]);
});

Deno.test("at --max-connections a handshake gives way after 250 ms, and its slot is free at once", async () => {
  const { clock, admission, frontend, come, settle, wait, expired } = newAdmission({
    maxConnections: 2,
  });
  const at = frontend();
  settle(at);
  const stalled = come("stalled", at);
  assertEquals(wait(at), 250);
  await clock.advance(250);
  assertEquals(wait(at), 0);
  settle(at);
  admission.makeWay(at, "asked");
  assertEquals(expired, ["stalled"]);
  assertEquals(
    stalled.deadline.early,
    "gave way to a new client: --max-connections 2 reached",
  );
  assertEquals(wait(at), Infinity);
  // The end of the connection itself changes nothing any more.
  admission.leave(stalled.admitted);
  assertEquals(wait(at), Infinity);
});

Deno.test("a client gets a descriptor for itself and one for its backend, or waits", async () => {
  // 40 of them are stud's own, and the listening socket.
  const { clock, admission, frontend, come, settle, wait, full, waiting } = newAdmission({}, 45);
  const at = frontend();
  settle(at);
  assertEquals(wait(at), 0);
  const stalled = come("stalled", at);
  assertEquals([wait(at), wait(at, "unasked"), wait(at, "last")], [250, 250, 250]);
  waiting(at);
  assertEquals(full, ["connection limit (RLIMIT_NOFILE)"]);
  await clock.advance(249);
  assertEquals(admission.makeDescriptor(), false);
  await clock.advance(1);
  assertEquals([admission.makeDescriptor(), wait(at)], [true, 0]);
  assertEquals(
    stalled.deadline.early,
    "gave way to a new client: connection limit (RLIMIT_NOFILE) reached",
  );
  assertEquals(admission.makeDescriptor(), false);
});

Deno.test("a frontend's limits are its own, and the general ones hold besides", () => {
  const { frontend, settle, wait } = newAdmission({ maxConnections: 3 });
  const [small, large] = [frontend({ maxConnections: 1 }), frontend()];
  settle(small);
  assertEquals([wait(small), wait(large)], [Infinity, 0]);
  settle(large);
  settle(large);
  assertEquals([wait(small), wait(large)], [Infinity, Infinity]);
});

Deno.test("a frontend's handshakes give way to clients of this frontend", async () => {
  const { clock, admission, frontend, come, wait, expired } = newAdmission({});
  const [one, other] = [frontend({ maxHandshakes: 1 }, "one"), frontend()];
  come("older, but elsewhere", other);
  await clock.advance(1_000);
  const stalled = come("stalled", one);
  assertEquals([wait(one), wait(other)], [2_000, 0]);
  await clock.advance(2_000);
  come("next", one);
  admission.makeWay(one, "asked");
  assertEquals(expired, ["stalled"]);
  assertEquals(
    stalled.deadline.early,
    "gave way to a new client: max-handshakes 1 of frontend one reached",
  );
});

Deno.test("clients that would otherwise be lost wait only for the descriptor limit", () => {
  const { frontend, come, settle, wait } = newAdmission({ maxConnections: 2, maxHandshakes: 1 });
  const at = frontend();
  settle(at);
  come("stalled", at);
  assertEquals([wait(at), wait(at, "unasked"), wait(at, "last")], [2_000, 250, 0]);
});

Deno.test("a client has as many slots as it may have, wherever in its IPv6 network it is", () => {
  const { admission, frontend, wait } = newAdmission({ maxConnectionsPerClient: 2 });
  const at = frontend();
  const enter = (host: string) => {
    const admitted = admission.enter(at);
    return { admitted, refused: admitted.takeFor(host)?.name };
  };
  const name = "--max-connections-per-client 2";
  const first = enter("2001:db8::1");
  assertEquals([enter("2001:db8::2"), enter("2001:db8::3")].map(({ refused }) => refused), [
    undefined,
    name,
  ]);
  assertEquals(enter("2001:db8:0:1::1").refused, undefined);
  admission.leave(first.admitted);
  admission.leave(first.admitted);
  assertEquals([enter("2001:db8::4"), enter("2001:db8::5")].map(({ refused }) => refused), [
    undefined,
    name,
  ]);
  assertEquals(wait(at), 0, "others are not kept waiting");
});

Deno.test("a client that a frontend refuses counts nowhere", () => {
  const { admission, frontend } = newAdmission({ maxConnectionsPerClient: 2 });
  const [strict, other] = [frontend({ maxConnectionsPerClient: 1 }, "strict"), frontend()];
  const enter = (at: FrontendSlots) => {
    const admitted = admission.enter(at);
    const refused = admitted.takeFor("192.0.2.1")?.name;
    if (refused !== undefined) admission.leave(admitted);
    return refused;
  };
  assertEquals([enter(strict), enter(strict), enter(strict)], [
    undefined,
    "max-connections-per-client 1 of frontend strict",
    "max-connections-per-client 1 of frontend strict",
  ]);
  assertEquals([enter(other), enter(other)], [undefined, "--max-connections-per-client 2"]);
});

Deno.test("a limit for each client that comes later counts the connections that are there", () => {
  const { admission, frontend, use } = newAdmission({});
  const at = frontend();
  assertEquals(admission.countsClients(at), false);
  const early = admission.enter(at);
  use({ maxConnectionsPerClient: 1 });
  early.countFor("192.0.2.1");
  early.countFor("192.0.2.1");
  assertEquals(admission.enter(at).takeFor("192.0.2.1")?.max, 1);
  // Off and on again: nothing is left of what was counted before.
  use({});
  use({ maxConnectionsPerClient: 1 });
  admission.leave(early);
  assertEquals(admission.enter(at).takeFor("192.0.2.1"), undefined);
});

Deno.test("each worker has an equal share of what is limited for all, rounded up", () => {
  const limits = { maxHandshakes: 9, maxConnections: 10, maxConnectionsPerClient: 5 };
  const { slots, client } = admissionRules(limits, { workers: 4, clientsStay: false });
  assertEquals(slots.map(({ name, max }) => [name, max]), [
    ["--max-handshakes 9", 9],
    ["--max-connections 10 (3 for each of 4 workers)", 3],
  ]);
  assertEquals(client, {
    name: "--max-connections-per-client 5 (2 for each of 4 workers)",
    max: 2,
  });
  const steered = admissionRules(limits, { workers: 4, clientsStay: true });
  assertEquals(steered.client, { name: "--max-connections-per-client 5", max: 5 });
});
