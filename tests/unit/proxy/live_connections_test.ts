/** Looking through many connections does not keep them waiting. */

import { disconnect, type LiveScan, openConnections } from "../../../src/proxy/live_connections.ts";
import { assert, assertEquals } from "../../support/assert.ts";

type Frontend = LiveScan["frontends"][number];
type Clients = Frontend["clients"];

/** A frontend with this many connections that began at 0; each is `{ clientInHeader }` with its number as the port. */
function crowded(count: number) {
  const clients = new Map<unknown, unknown>();
  const add = (port: number, began: number) =>
    clients.set({ clientInHeader: { host: "192.0.2.1", port } }, { began });
  for (let port = 1; port <= count; port++) add(port, 0);
  const reset: unknown[] = [];
  const frontend = {
    shares: { counts: { name: "web" } },
    clients: clients as unknown as Clients,
    disconnect: (client: unknown) => void reset.push(client),
  } as Pick<Frontend, "clients" | "disconnect"> & { shares: unknown } as Frontend;
  return { frontend, clients, add, reset };
}

/** At 1,000; tells each turn that a scan leaves to the connections. */
function clockOf(onTurn: () => void): LiveScan["clock"] {
  return { now: () => 1_000, turn: () => Promise.resolve(onTurn()) };
}

Deno.test("a scan of many connections leaves turns to them, and tells the first ones and how many there are", async () => {
  const { frontend } = crowded(10_000);
  let turns = 0;
  const filter = { client: "192.0.2.0/24" };
  const scan = { frontends: [frontend], filter, clock: clockOf(() => void turns++) };
  const { matching, connections } = await openConnections(scan, 2);
  assertEquals(matching, 10_000);
  assertEquals(connections.map(({ client }) => client), ["192.0.2.1:1", "192.0.2.1:2"]);
  assert(turns >= 10, `${turns} turns`);
  turns = 0;
  assertEquals(await openConnections({ ...scan, filter: {} }, 2), { matching, connections });
  assertEquals(turns, 0, "without a filter there is nothing to scan");
});

Deno.test("what leaves during a scan is left out, and so is what arrives", async () => {
  const { frontend, clients, add, reset } = crowded(2_000);
  let turns = 0;
  const clock = clockOf(() => {
    turns++;
    // The last one leaves, and another client arrives.
    clients.delete([...clients.keys()].at(-turns));
    add(60_000 + turns, 1_001);
  });
  const left = await disconnect({ frontends: [frontend], filter: {}, clock });
  assert(turns > 0);
  assertEquals(left, reset.length);
  assert(left < 2_000, `${left} of 2000`);
  assert(
    !reset.some((one) => (one as { clientInHeader: { port: number } }).clientInHeader.port > 2_000),
  );
});

Deno.test("the oldest of all frontends come first, with a filter and without", async () => {
  const [one, other] = [crowded(0), crowded(0)];
  for (const [port, began] of [[1, 100], [2, 400]] as const) one.add(port, began);
  for (const [port, began] of [[3, 200], [4, 300]] as const) other.add(port, began);
  const frontends = [one.frontend, other.frontend];
  for (const filter of [{}, { client: "192.0.2.0/24" }]) {
    const scan = { frontends, filter, clock: clockOf(() => {}) };
    const { matching, connections } = await openConnections(scan, 3);
    assertEquals(matching, 4);
    assertEquals(connections.map(({ age }) => age), [0.9, 0.8, 0.7]);
  }
});
