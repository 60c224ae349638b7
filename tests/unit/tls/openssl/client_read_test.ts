/** What a client sends after its handshake, on a session and a socket that the test plays. */

import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { NativeError } from "../../../support/fake_stream.ts";
import { settled } from "../../../support/manual_clock.ts";
import { Bed, faultOf } from "./client_bed.ts";

Deno.test("read() gives what has arrived, and what was left of it without the socket", async () => {
  const bed = await new Bed().established();
  bed.stream.deliver("one two");
  assertEquals([await bed.read(4), await bed.read(4)], ["one ", "two"]);
  const waiting = bed.read(4);
  await settled();
  assertEquals(bed.stream.waitingRead, 4);
  bed.stream.deliver("more");
  assertEquals(await waiting, "more");
});

Deno.test("read() waits for the rest of a record", async () => {
  const bed = await new Bed().established();
  let arrived = "";
  bed.session.onRead = (input) => {
    arrived += input;
    return arrived.endsWith(".") ? arrived : "";
  };
  const reading = bed.read();
  for (const part of ["a", " whole", " record."]) {
    bed.stream.deliver(part);
    await settled();
  }
  assertEquals(await reading, "a whole record.");
});

Deno.test("read() answers for the protocol while it waits, and no fault of that ends it", async () => {
  for (const writes of [true, false]) {
    const bed = await new Bed().established();
    bed.session.onRead = (input) => {
      if (input !== "key update") return input;
      bed.session.produce("key update of ours");
      return "";
    };
    if (!writes) bed.stream.failWrites(new NativeError("gone"));
    const reading = bed.read();
    bed.stream.deliver("key update");
    await settled();
    assertEquals(bed.stream.text, writes ? "key update of ours" : "");
    bed.stream.deliver("data");
    assertEquals(await reading, "data");
    bed.assertReleased();
  }
});

Deno.test("read() borrows a large buffer while much arrives, and gives it back", async () => {
  const bed = await new Bed().established();
  const { large } = bed.buffers;
  const mine = large.take();
  large.give(mine);
  // It fills the reader's own buffer: more is on its way.
  bed.stream.deliver("x".repeat(100));
  await bed.read(100);
  const reading = bed.read(100);
  await settled();
  assert(bed.stream.waitingBuffer!.buffer === mine.buffer);
  const another = large.take();
  assert(another !== mine);
  // It is little, so the next read needs none.
  bed.stream.deliver("y");
  assertEquals(await reading, "y");
  assert(large.take() === mine);
  large.give(mine);
  const small = bed.read(100);
  await settled();
  assertEquals(bed.stream.waitingRead, 100);
  bed.stream.deliver("z");
  assertEquals(await small, "z");
});

Deno.test("read() gives its large buffer back however the read ends", async () => {
  const failures: readonly (readonly [(bed: Bed) => void, string])[] = [
    [(bed) => bed.stream.end(), "closed"],
    [(bed) => bed.stream.fail(new NativeError("reset")), "reset"],
    [(bed) => bed.stream.deliver("BAD"), "other"],
    [(bed) => {
      bed.client.close();
      bed.stream.deliver("late");
    }, "gone"],
    [(bed) => {
      bed.client.close();
      bed.stream.fail(new NativeError("gone"));
    }, "gone"],
  ];
  for (const [end, kind] of failures) {
    const bed = await new Bed().established();
    const { large } = bed.buffers;
    const mine = large.take();
    large.give(mine);
    bed.session.onRead = (input) => {
      if (input === "BAD") throw new OpenSslError("bad record mac");
      return input;
    };
    bed.stream.deliver("x".repeat(100));
    await bed.read(100);
    const reading = bed.read(100);
    await settled();
    assert(bed.stream.waitingBuffer!.buffer === mine.buffer);
    end(bed);
    const fault = await faultOf(reading);
    assertEquals(fault.kind, kind);
    assert(large.take() === mine, kind);
    assertEquals(bed.session.misuse, []);
  }
});

Deno.test("read() gives null at close_notify only", async () => {
  const orderly = await new Bed().established();
  orderly.session.onRead = () => null;
  orderly.stream.deliver("close_notify");
  assertEquals(await orderly.read(), null);

  const cut = await new Bed().established();
  cut.stream.end();
  const fault = await faultOf(cut.read());
  assertEquals([fault.party, fault.kind, fault.message], [
    ...["client", "closed", "ended without close_notify"],
  ]);
});

Deno.test("read() reports what was wrong with a record", async () => {
  const cases = [
    [new OpenSslError("decryption failed or bad record mac"), "other", "undecryptable record"],
    [
      new OpenSslError("tls alert user cancelled", { alert: 90 }),
      ...["other", "the client aborted the handshake (alert user_canceled)"],
    ],
    // A TLS 1.3 client judges the certificate when the server is done already.
    [
      new OpenSslError("tlsv1 alert unknown ca", { alert: 48 }),
      ...["handshake", "the client does not trust the certificate (alert unknown_ca)"],
    ],
  ] as const;
  for (const [error, kind, message] of cases) {
    const bed = await new Bed().established();
    bed.session.onRead = () => {
      bed.session.produce("alert");
      throw error;
    };
    bed.stream.deliver("x");
    const fault = await faultOf(bed.read());
    assertEquals([fault.kind, fault.message, fault.cause], [kind, message, error]);
    assertEquals(bed.stream.text, "alert");
  }
});

Deno.test("read() ends a client that asks for nothing but answers, each after a turn of others", async () => {
  const bed = await new Bed().established();
  answering(bed);
  const reading = faultOf(bed.read());
  for (let update = 0; update <= 32; update++) {
    assertEquals(bed.clock.turns, update);
    bed.stream.deliver("?");
    await settled();
  }
  const fault = await reading;
  assertEquals([fault.kind, fault.message], [
    ...["other", "the client broke the protocol (too many KeyUpdates)"],
  ]);
});

Deno.test("read() allows any number of answers with data between them", async () => {
  const bed = await new Bed().established();
  answering(bed);
  for (let round = 0; round < 5; round++) {
    const reading = bed.read();
    for (let update = 0; update < 20; update++) {
      bed.stream.deliver("?");
      await settled();
    }
    bed.stream.deliver("data");
    assertEquals(await reading, "data");
  }
});

Deno.test("read() takes no more from a client that leaves answers unread", async () => {
  const bed = await new Bed().established();
  answering(bed);
  bed.stream.hold();
  const reading = bed.read();
  for (let update = 0; update < 20; update++) {
    bed.stream.deliver("?");
    await settled();
  }
  const { taken } = bed.stream;
  assert(bed.session.outputs.length < 10, `${bed.session.outputs.length} answers`);
  bed.stream.deliver("data");
  await settled();
  assertEquals([bed.stream.taken, bed.stream.waitingRead], [taken, undefined]);
  // It reads again, and everything goes on where it stood.
  bed.stream.release();
  bed.stream.longestRead = 1;
  assertEquals(await reading, "d");
  assertEquals(bed.stream.text, "!".repeat(20));
  bed.assertReleased();
});

Deno.test("close() while a read waits for answers to leave never has the freed session used", async () => {
  const bed = await new Bed().established();
  answering(bed);
  bed.stream.hold();
  const reading = bed.read();
  for (let update = 0; update < 20; update++) {
    bed.stream.deliver("?");
    await settled();
  }
  bed.client.close();
  bed.stream.failWrites(new NativeError("gone"));
  assertEquals((await faultOf(reading)).message, "closed by us");
  assertEquals(bed.session.misuse, []);
  bed.assertReleased();
});

/** From now on the session answers each `?` with `!`. */
function answering(bed: Bed): void {
  bed.session.onRead = (input) => {
    bed.session.produce(input.replaceAll(/[^?]/g, "").replaceAll("?", "!"));
    return input.replaceAll("?", "");
  };
}
