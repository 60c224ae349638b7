/** Several listening sockets, or none. */

import { openAll, type Opening } from "../../../src/proxy/openings.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

const PORTS = [1001, 1002, 1003];

/** Openings of these ports; `refused`: those that cannot be bound. */
function bench(refused: readonly number[] = [], refusedByEngine = false) {
  const events: string[] = [];
  const network = {
    reserve: ({ port }: { port: number }) => {
      if (refused.includes(port)) return Promise.resolve(undefined);
      events.push(`bind ${port}`);
      return Promise.resolve({ close: () => void events.push(`release ${port}`) });
    },
  };
  const openings = PORTS.map((port): Opening<number> => ({
    engine: {
      prepare: () => {
        events.push(`prepare ${port}`);
        const fails = refusedByEngine && port === PORTS[1];
        return fails ? Promise.reject(new Error("no such cipher")) : Promise.resolve();
      },
    },
    address: { host: "192.0.2.1", port },
    reusePort: true,
    open: () => {
      events.push(`listen ${port}`);
      return refused.includes(port) ? Promise.reject(new Error("in use")) : Promise.resolve(port);
    },
  }));
  const withdrawn: number[] = [];
  const open = (some = openings) => openAll(network, some, (port) => withdrawn.push(port));
  return { events, openings, withdrawn, open };
}

Deno.test("openAll() prepares and binds everything before it listens on anything", async () => {
  const { events, open } = bench();
  assertEquals(await open(), PORTS);
  assertEquals(events, [
    ...["prepare 1001", "prepare 1002", "prepare 1003", "bind 1001", "bind 1002", "bind 1003"],
    ...["listen 1001", "listen 1002", "listen 1003"],
    ...["release 1001", "release 1002", "release 1003"],
  ]);
});

Deno.test("openAll() listens on nothing if one of the ports cannot be bound", async () => {
  const { events, open, withdrawn } = bench([1002]);
  await assertRejects(() => open(), Error, "in use");
  assertEquals(events.filter((event) => event.startsWith("listen")), ["listen 1002"]);
  assertEquals(withdrawn, []);
});

Deno.test("openAll() listens on nothing if an engine refuses its configuration", async () => {
  const { events, open } = bench([], true);
  await assertRejects(() => open(), Error, "no such cipher");
  assertEquals(events, ["prepare 1001", "prepare 1002"]);
});

Deno.test("openAll() withdraws what it has opened if another one fails all the same", async () => {
  const { openings, open, withdrawn, events } = bench();
  const last = { ...openings[2]!, open: () => Promise.reject(new Error("no memory")) };
  await assertRejects(() => open([...openings.slice(0, 2), last]), Error, "no memory");
  assertEquals(withdrawn, PORTS.slice(0, 2));
  assertEquals(events.slice(-3), ["release 1001", "release 1002", "release 1003"]);
});

Deno.test("openAll() binds nothing twice that is alone, handed over, or not to be shared", async () => {
  const { openings: [first, second, third], open, events } = bench();
  await open([first!]);
  await open([
    { ...first!, address: { ...first!.address, descriptor: 3 } },
    { ...second!, reusePort: false },
    { ...third!, address: { ...third!.address, port: 0 } },
  ]);
  assertEquals(events.filter((event) => event.startsWith("bind")), []);
});
