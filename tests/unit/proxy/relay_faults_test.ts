/**
 * The relay when somebody is at fault. Whatever happens, it ends within its limits, what was read before is
 * delivered, and no side is shown an orderly end that was none.
 */

import { assert, assertEquals } from "../../support/assert.ts";
import { beginRelay, type FakeRelay, outcomeOf } from "../../support/fake_relay.ts";
import { NativeError } from "../../support/fake_stream.ts";
import { settled } from "../../support/manual_clock.ts";

const SECOND = 1_000;

/** Something that goes wrong, and what the relay makes of it. */
interface Case {
  readonly name: string;
  readonly happens: (one: FakeRelay) => void;
  readonly outcome: string;
  /** How both sides see the connection end. */
  readonly end: "FIN" | "RST";
}

/** After a request and its answer. */
const ANSWERED: readonly Case[] = [
  {
    name: "the client ends without close_notify",
    happens: ({ client }) => client.fail(new NativeError("closed")),
    outcome: "client closed",
    end: "FIN",
  },
  {
    name: "the client resets",
    happens: ({ client }) => client.fail(new NativeError("reset")),
    outcome: "client reset",
    end: "FIN",
  },
  {
    name: "the client ends within a record",
    happens: ({ client }) => client.fail(new NativeError("cut")),
    outcome: "client cut",
    end: "RST",
  },
  {
    name: "the client's record is damaged",
    happens: ({ client }) => client.fail(new NativeError("other", "bad record")),
    outcome: "client other",
    end: "RST",
  },
  {
    name: "the client takes no more",
    happens: ({ client, backend }) => {
      client.failWrites(new NativeError("reset"));
      backend.deliver("too late");
    },
    outcome: "client reset",
    end: "FIN",
  },
  {
    name: "the client is gone when it is to be told the end",
    happens: ({ client, backend }) => {
      client.failWrites(new NativeError("reset"));
      backend.end();
    },
    outcome: "client reset",
    end: "FIN",
  },
  {
    name: "the backend resets",
    happens: ({ backend }) => backend.fail(new NativeError("reset")),
    outcome: "backend reset",
    end: "RST",
  },
  {
    name: "the backend's host is gone",
    happens: ({ backend }) => backend.fail(new NativeError("timeout")),
    outcome: "backend timeout",
    end: "RST",
  },
  {
    name: "the backend ends within a record",
    happens: ({ backend }) => backend.fail(new NativeError("cut")),
    outcome: "backend cut",
    end: "RST",
  },
];

for (const { name, happens, outcome, end } of ANSWERED) {
  Deno.test(`${name}, after the answer: what was read arrives, then ${end}`, async () => {
    const one = beginRelay();
    one.client.deliver("request");
    await settled();
    one.backend.deliver("answer");
    await settled();
    happens(one);
    await one.runtime.clock.advance(5 * SECOND);
    assertEquals(await outcomeOf(one), outcome);
    assertEquals([one.backend.text, one.client.text], ["request", "answer"]);
    for (const side of ["client", "backend"] as const) {
      assertEquals(one[side].wasReset, end === "RST", side);
      assert(end === "RST" || one[side].closed, side);
      assertEquals(one[side].writeEnded, false, `${side} was shown an orderly end`);
    }
    assertEquals(one.runtime.clock.waiting, 0);
  });
}

for (const kind of ["closed", "reset", "cut"] as const) {
  const bytes = { "a request that is not answered": true, "part of an upload": false };
  for (const [what, taken] of Object.entries(bytes)) {
    Deno.test(`a client that leaves behind ${what} (${kind}) is a reset for both sides`, async () => {
      const one = beginRelay();
      one.backend.deliver("greeting");
      await settled();
      if (!taken) one.backend.hold();
      one.client.deliver("octets");
      await settled();
      if (taken) one.client.fail(new NativeError(kind));
      else one.client.failWrites(new NativeError(kind)), one.backend.deliver("more");
      await one.runtime.clock.advance(5 * SECOND);
      assertEquals(await outcomeOf(one), `client ${kind}`);
      assertEquals([one.client.wasReset, one.backend.wasReset], [true, true]);
    });
  }
}

Deno.test("a client that has said nothing yet ends in order, however it leaves, and is counted", async () => {
  for (const kind of ["closed", "reset"] as const) {
    const one = beginRelay();
    one.client.fail(new NativeError(kind));
    assertEquals(await outcomeOf(one), `client ${kind}`);
    assertEquals([one.backend.wasReset, one.backend.closed], [false, true]);
    const { clientsWithoutCloseNotify } = one.services.counters;
    assertEquals(clientsWithoutCloseNotify, kind === "closed" ? 1 : 0);
  }
});

Deno.test("a client that leaves while it takes nothing is reset, and its backend's side ends in order", async () => {
  const one = beginRelay();
  one.client.hold();
  one.client.unacknowledged = 9;
  one.backend.deliver("an answer that nobody reads");
  await settled();
  one.client.fail(new NativeError("closed"));
  await one.runtime.clock.advance(5 * SECOND);
  assertEquals(await outcomeOf(one), "client closed");
  assertEquals([one.client.wasReset, one.backend.wasReset], [true, false]);
  assert(one.backend.closed);
});

Deno.test("a backend that ends without close_notify: the client gets everything, and an orderly end", async () => {
  const one = beginRelay();
  one.client.deliver("request");
  one.backend.deliver("answer");
  one.backend.fail(new NativeError("closed"));
  await settled();
  assertEquals([one.client.text, one.client.writeEnded], ["answer", true]);
  one.client.end();
  assertEquals(await outcomeOf(one), "orderly");
  assertEquals(one.services.counters.backendsWithoutCloseNotify, 1);
  assertEquals([one.client.wasReset, one.backend.wasReset], [false, false]);
});

Deno.test("what a client sent just before it broke off arrives, and then the reset", async () => {
  const one = beginRelay();
  one.client.deliver("the last words");
  one.client.fail(new NativeError("closed"));
  await settled();
  assertEquals([one.backend.text, one.backend.wasReset], ["the last words", false]);
  // The kernel still holds some of them: they go first.
  one.backend.unacknowledged = 5;
  await one.runtime.clock.advance(SECOND);
  assertEquals([one.client.wasReset, one.backend.wasReset], [true, false]);
  one.backend.unacknowledged = 0;
  await one.runtime.clock.advance(SECOND / 2);
  assertEquals(one.backend.wasReset, true);
  assertEquals(await outcomeOf(one), "client closed");
});

Deno.test("last bytes that the peer does not take are awaited only up to a limit", async () => {
  const one = beginRelay();
  one.client.deliver("the last words");
  await settled();
  one.backend.unacknowledged = 5;
  one.client.fail(new NativeError("closed"));
  await one.runtime.clock.advance(3 * SECOND);
  assertEquals(one.backend.wasReset, true);
  assertEquals(await outcomeOf(one), "client closed");
});

Deno.test("a backend that takes no more may still answer, and the client gets all of it", async () => {
  const one = beginRelay();
  one.backend.failWrites(new NativeError("gone"));
  one.client.deliver("a request that is too long");
  await one.runtime.clock.advance(SECOND);
  one.client.deliver(" for the backend");
  one.backend.deliver("413 Payload Too Large");
  await settled();
  assertEquals([one.client.text, one.client.wasReset], ["413 Payload Too Large", false]);
  one.backend.end();
  await settled();
  assertEquals(one.client.writeEnded, true);
  one.client.end();
  await one.runtime.clock.advance(SECOND / 10);
  assertEquals(await outcomeOf(one), "orderly");
});

Deno.test("a client that goes on sending to a backend that has gone is ended after a moment", async () => {
  const one = beginRelay();
  one.backend.failWrites(new NativeError("gone"));
  one.client.deliver("more");
  await settled();
  one.backend.end();
  for (let round = 0; round < 15; round++) {
    one.client.deliver("and more");
    await one.runtime.clock.advance(100);
  }
  assertEquals([one.client.wasReset, await outcomeOf(one)], [false, "running"]);
  await one.runtime.clock.advance(SECOND);
  assertEquals(one.client.wasReset, true);
  assertEquals(await outcomeOf(one), "orderly");
});

Deno.test("a reset that only a write to the backend reported is still the client's reset", async () => {
  const one = beginRelay();
  one.backend.failWrites(new NativeError("reset"));
  one.client.deliver("more");
  await one.runtime.clock.advance(SECOND / 10);
  one.backend.deliver("half an answer");
  one.backend.end();
  await one.runtime.clock.advance(SECOND);
  assertEquals([one.client.text, one.client.writeEnded], ["half an answer", false]);
  assertEquals(one.client.wasReset, true);
  assertEquals(await outcomeOf(one), "backend reset");
});

Deno.test("a client that is still sending when the backend resets has time to read what came", async () => {
  const one = beginRelay();
  one.backend.deliver("the answer");
  one.backend.fail(new NativeError("reset"));
  for (let round = 0; round < 10; round++) {
    one.client.deliver("still sending");
    await one.runtime.clock.advance(90);
    assertEquals(one.client.wasReset, false, `round ${round}`);
  }
  await one.runtime.clock.advance(300);
  assertEquals([one.client.text, one.client.wasReset], ["the answer", true]);
  assertEquals(await outcomeOf(one), "backend reset");
});

Deno.test("a client that takes nothing is ended by the stall limit", async () => {
  const one = beginRelay({ linger: 4 * SECOND, stall: 8 * SECOND });
  one.client.hold();
  one.backend.deliver("answer");
  await one.runtime.clock.advance(7 * SECOND);
  assertEquals(await outcomeOf(one), "running");
  await one.runtime.clock.advance(5 * SECOND);
  assertEquals(await outcomeOf(one), "client timeout");
  assert(one.client.wasReset && one.backend.wasReset);
});

Deno.test("a backend that takes nothing is ended by the stall limit", async () => {
  const one = beginRelay({ linger: 4 * SECOND, stall: 8 * SECOND });
  one.backend.hold();
  one.client.deliver("request");
  await one.runtime.clock.advance(12 * SECOND);
  assertEquals(await outcomeOf(one), "backend timeout");
});

for (const [ended, silent] of [["client", "backend"], ["backend", "client"]] as const) {
  Deno.test(`a ${silent} that stays silent after the ${ended}'s end is ended by the linger limit`, async () => {
    const one = beginRelay({ linger: 4 * SECOND, stall: 8 * SECOND });
    one[ended].end();
    await one.runtime.clock.advance(4 * SECOND);
    assertEquals(await outcomeOf(one), "running");
    await one.runtime.clock.advance(3 * SECOND);
    assertEquals(await outcomeOf(one), `${silent} timeout`);
    assert(one.client.wasReset && one.backend.wasReset);
  });
}

Deno.test("abortAll() of the watch ends a relay whatever it waits for", async () => {
  const waits: ((one: FakeRelay) => void)[] = [
    () => {},
    ({ client }) => client.end(),
    ({ backend }) => backend.end(),
    ({ client, backend }) => (client.hold(), backend.deliver("x")),
    ({ client, backend }) => (backend.hold(), client.deliver("x")),
  ];
  for (const wait of waits) {
    const one = beginRelay();
    wait(one);
    await settled();
    one.services.stallWatch.abortAll();
    await one.runtime.clock.advance(SECOND);
    assertEquals(await outcomeOf(one), "client reset");
    assert(one.client.wasReset && one.backend.wasReset);
  }
});
