/** Handovers, with workers and a kernel that the test plays. */

import { StartupError } from "../../../src/errors.ts";
import { configureLog } from "../../../src/log/log.ts";
import { Handover, type HandoverOptions } from "../../../src/fleet/handover.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { recordReads, setListeners } from "../../support/listeners_table.ts";
import { settled } from "../../support/manual_clock.ts";

const ADDRESS = { host: "192.0.2.1", port: 8443 };

function bench(listeners: number) {
  const runtime = new FakeRuntime();
  setListeners(runtime.files, listeners);
  const events: string[] = [];
  const log = configureLog((level, text) => events.push(`${level} ${text}`), "debug");
  const by = {
    steer: (
      { host, port }: typeof ADDRESS,
      steering: { first: number; count: number; byClient: boolean } | null,
    ) => {
      const how = steering && `${steering.first}+${steering.count}`;
      events.push(`steer ${host}:${port} ${how}${steering?.byClient ? " by client" : ""}`);
      return Promise.resolve();
    },
  };
  const options: HandoverOptions = { by, addresses: [ADDRESS], latest: 2, byClient: false };
  const close = (name = "close") => () => {
    events.push(name);
    return Promise.resolve();
  };
  return { runtime, events, by, options, close, handover: new Handover(runtime, log) };
}

Deno.test("run() steers to the latest while the others close, and lets the kernel choose again", async () => {
  const { events, options, close, handover } = bench(5);
  await handover.run(options, close());
  assertEquals(events, ["steer 192.0.2.1:8443 3+2", "close", "steer 192.0.2.1:8443 null"]);
});

Deno.test("run() steers to those that were first while the latest close, however long that takes", async () => {
  const { events, options, handover, runtime } = bench(5);
  const closing = Promise.withResolvers<void>();
  const run = handover.run({ ...options, areFirst: true }, () => closing.promise);
  await runtime.clock.advance(5_000);
  assertEquals(events, ["steer 192.0.2.1:8443 0+2"]);
  closing.resolve();
  await run;
  assertEquals(events.slice(1), ["steer 192.0.2.1:8443 null"]);
});

Deno.test("run() leaves places out that become others' while the sockets close one by one", async () => {
  // The group as the kernel has it (reuseport_detach_sock): the last moves to where one has closed.
  for (const [others, latest, count] of [[2, 3, 2], [2, 2, 1], [4, 4, 1], [1, 2, 2], [3, 2, 2]]) {
    const { events, options, handover, runtime } = bench(others! + latest!);
    const closing = Promise.withResolvers<void>();
    const run = handover.run({ ...options, latest: latest! }, () => closing.promise);
    await settled();
    await runtime.clock.advance(999);
    await settled();
    const steering = events.at(-1)!;
    assertEquals(steering, `steer 192.0.2.1:8443 ${others}+${count}`);
    closing.resolve();
    await run;
    assertEquals(events.at(-1), "steer 192.0.2.1:8443 null");
    if (others! > latest!) continue; // More leave than stay: no place is right all the time.
    for (const order of orders(others!)) {
      const group = [...Array(others).keys(), ...Array(latest).fill("stays")];
      for (const leaving of order) {
        const chosen = group.slice(others, others! + count!);
        assertEquals(new Set(chosen), new Set(["stays"]), `${order} before ${leaving}`);
        assertEquals(chosen.length, count);
        const place = group.indexOf(leaving);
        const last = group.pop()!;
        if (place < group.length) group[place] = last;
      }
    }
  }
});

/** Every order of the numbers below `count`. */
function orders(count: number): number[][] {
  if (count === 0) return [[]];
  return orders(count - 1).flatMap((order) =>
    Array.from({ length: count }, (_, at) => order.toSpliced(at, 0, count - 1))
  );
}

Deno.test("run() goes back to steering by client where that is asked for", async () => {
  const { events, options, close, handover } = bench(4);
  await handover.run({ ...options, byClient: true }, close());
  assertEquals(events, [
    ...["steer 192.0.2.1:8443 2+2 by client", "close", "steer 192.0.2.1:8443 0+2 by client"],
  ]);
});

Deno.test("run() does not steer where there are no other workers, none stay, or that is unknown", async () => {
  const alone = bench(2);
  await alone.handover.run(alone.options, alone.close());
  const none = bench(2);
  await none.handover.run({ ...none.options, latest: 0 }, none.close());
  const unknown = bench(5);
  unknown.runtime.files.texts.clear();
  await unknown.handover.run(unknown.options, unknown.close());
  assertEquals([alone.events, none.events, unknown.events], [["close"], ["close"], ["close"]]);
});

Deno.test("run() steers on the addresses that others listen on", async () => {
  const { events, options, close, handover } = bench(3);
  const addresses = [{ host: "192.0.2.2", port: 8443 }, ADDRESS];
  await handover.run({ ...options, addresses }, close());
  assertEquals(events, ["steer 192.0.2.1:8443 1+2", "close", "steer 192.0.2.1:8443 null"]);
});

Deno.test("run() closes although steering is refused", async () => {
  const { events, options, close, handover } = bench(4);
  const by = { steer: () => Promise.reject(new StartupError("no such filter")) };
  await handover.run({ ...options, by }, close());
  assertEquals(events, ["debug no such filter", "close"]);
});

Deno.test("run() does one handover after the other, and a failed one stops none", async () => {
  const { events, options, close, handover } = bench(4);
  const closing = Promise.withResolvers<void>();
  const first = handover.run(options, () => {
    events.push("first");
    return closing.promise;
  });
  const second = handover.run(options, close("second"));
  await settled();
  assertEquals(events.at(-1), "first");
  closing.reject(new StartupError("gone"));
  await assertRejects(() => first, StartupError, "gone");
  await second;
  assertEquals(events.filter((event) => !event.startsWith("steer")), ["first", "second"]);
});

Deno.test("a handover whose close fails leaves no client steered", async () => {
  const { events, options, handover } = bench(4);
  await assertRejects(
    () => handover.run(options, () => Promise.reject(new StartupError("gone"))),
    StartupError,
  );
  assertEquals(events.at(-1), "steer 192.0.2.1:8443 null");
});

Deno.test("count() reads the table of the address's family", async () => {
  const { runtime, handover } = bench(3);
  runtime.files.texts.set(
    "/proc/net/tcp6",
    "header\n 0: 00000000000000000000000000000000:20FB 0:0 0A\n",
  );
  assertEquals(await handover.count(ADDRESS), 3);
  assertEquals(await handover.count({ host: "::", port: 8443 }), 1);
  assertEquals(await handover.count({ host: "::", port: 1 }), 0);
});

Deno.test("counts() reads each table once, however many addresses there are", async () => {
  const { runtime, handover } = bench(3);
  const read = recordReads(runtime.files);
  const all = [ADDRESS, { ...ADDRESS, port: 1 }, { host: "::", port: 8443 }];
  assertEquals(await handover.counts(all), [3, 0, 0]);
  assertEquals(read, ["/proc/net/tcp", "/proc/net/tcp6"]);
});
