/** A client's hello, and the handshake that it begins, on a session and a socket that the test plays. */

import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import { assert, assertEquals } from "../../../support/assert.ts";
import { NativeError } from "../../../support/fake_stream.ts";
import * as hellos from "../../../support/hello_samples.ts";
import { settled } from "../../../support/manual_clock.ts";
import { alertRecord, Bed, faultOf } from "./client_bed.ts";
import { engineWith } from "../../../support/tls_configuration.ts";

const HELLO = hellos.hello([hellos.serverNames(hellos.host("a.example"))]);

Deno.test("handshake() hands the whole hello to the session, however it comes", async () => {
  for (const size of [1, 7, HELLO.length - 1, HELLO.length]) {
    const bed = new Bed();
    const done = bed.handshake();
    for (let at = 0; at < HELLO.length; at += size) {
      bed.stream.deliver(HELLO.slice(at, at + size));
    }
    await done;
    assertEquals(bed.session.handshakes, [bed.textOf(HELLO)]);
    assertEquals(bed.client.serverName, "a.example");
  }
});

Deno.test("handshake() takes a hello that is larger than its buffers", async () => {
  const padding = hellos.extension(21, new Uint8Array(12_000));
  const large = hellos.hello([padding, hellos.serverNames(hellos.host("a.example"))]);
  const bed = new Bed();
  bed.stream.deliver(large);
  await bed.handshake();
  assertEquals(bed.session.handshakes, [bed.textOf(large)]);
});

Deno.test("handshake() goes on with what the client sends until the session is done", async () => {
  const bed = new Bed((session) => {
    const steps = ["flight 1;", "flight 2;", "done;"];
    session.onHandshake = () => {
      session.produce(steps.shift()!);
      return steps.length === 0;
    };
  });
  const done = bed.handshake();
  bed.stream.deliver(HELLO);
  await settled();
  assertEquals(bed.stream.text, "flight 1;");
  assertEquals(bed.client.serverName, "a.example");
  bed.stream.deliver("key ");
  await settled();
  bed.stream.deliver("finished");
  await done;
  assertEquals(bed.session.handshakes.slice(1), ["key ", "finished"]);
  assertEquals(bed.stream.text, "flight 1;flight 2;done;");
  bed.assertReleased();
});

Deno.test("handshake() gives its buffer back, also after a failure", async () => {
  for (const succeeds of [true, false]) {
    const bed = new Bed();
    const { small } = bed.buffers;
    const mine = small.take();
    small.give(mine);
    const done = bed.handshake();
    assert(bed.stream.waitingBuffer!.buffer === mine.buffer);
    if (succeeds) bed.stream.deliver(HELLO);
    else bed.stream.end();
    await done.catch(() => {});
    assert(small.take() === mine);
  }
});

Deno.test("handshake() answers what is no hello with an alert of its own", async () => {
  const cases = [
    [hellos.text("GET / HTTP/1.1\r\n\r\n"), 50, /^not TLS/],
    [Uint8Array.of(22, 3, 1, 0x40, 1), 22, /^malformed TLS record$/],
    [hellos.hello([hellos.serverNames(hellos.host("a\0b"))]), 112, /^malformed server name$/],
  ] as const;
  for (const [bytes, alert, reason] of cases) {
    const bed = new Bed();
    const done = bed.handshake();
    bed.stream.deliver(bytes);
    const fault = await faultOf(done);
    assertEquals([fault.party, fault.kind], ["client", "handshake"]);
    assert(reason.test(fault.message), fault.message);
    assertEquals(bed.stream.bytes, alertRecord(alert));
    assertEquals(bed.library.contexts.length, 0);
  }
});

Deno.test("handshake() refuses a name that no certificate is for with unrecognized_name", async () => {
  const bed = new Bed(undefined, engineWith({ sniNomatchAbort: true }));
  bed.stream.deliver(hellos.hello([hellos.serverNames(hellos.host("b.example"))]));
  const fault = await faultOf(bed.handshake());
  assertEquals([fault.kind, fault.message], [
    ...["handshake", "no certificate for the requested name"],
  ]);
  assertEquals(bed.stream.bytes, alertRecord(112));
  assertEquals(bed.client.serverName, "b.example");
});

Deno.test("handshake() says internal_error if OpenSSL does not take the certificate", async () => {
  const bed = new Bed();
  bed.library.judge = () => {
    throw new OpenSslError("key values mismatch", { subject: "private key" });
  };
  bed.stream.deliver(HELLO);
  const fault = await faultOf(bed.handshake());
  assertEquals([fault.kind, fault.message], [
    ...["handshake", "a.pem: the private key does not belong to the certificate"],
  ]);
  assertEquals(bed.stream.bytes, alertRecord(80));
});

Deno.test("handshake() rejects with the reason even if the alert cannot be sent", async () => {
  const bed = new Bed();
  bed.stream.failWrites(new NativeError("gone"));
  bed.stream.deliver("GET / HTTP/1.1\r\n\r\n");
  const fault = await faultOf(bed.handshake());
  assert(/^not TLS/.test(fault.message), fault.message);
});

Deno.test("handshake() sends the session's alert before it reports the reason", async () => {
  for (const writes of [true, false]) {
    const bed = new Bed((session) => {
      session.onHandshake = () => {
        session.produce("alert");
        throw new OpenSslError("no shared cipher");
      };
    });
    if (!writes) bed.stream.failWrites(new NativeError("gone"));
    bed.stream.deliver(HELLO);
    const fault = await faultOf(bed.handshake());
    assertEquals([fault.kind, fault.message], [
      ...["handshake", "no cipher suite in common that fits the certificate"],
    ]);
    assert(fault.cause instanceof OpenSslError);
    assertEquals(bed.stream.text, writes ? "alert" : "");
    bed.assertReleased();
  }
});

Deno.test("handshake() reports how a client left it", async () => {
  const left = "the client closed the connection during the handshake";
  const reset = "the client reset the connection during the handshake";
  for (
    const [leave, message] of [
      [(bed: Bed) => bed.stream.end(), left],
      [(bed: Bed) => bed.stream.fail(new NativeError("gone")), left],
      [(bed: Bed) => bed.stream.fail(new NativeError("reset")), reset],
    ] as const
  ) {
    for (const first of [undefined, HELLO.slice(0, 20), HELLO]) {
      const bed = new Bed((session) => session.onHandshake = () => false);
      if (first !== undefined) bed.stream.deliver(first);
      leave(bed);
      const fault = await faultOf(bed.handshake());
      assertEquals(
        [fault.kind, fault.message],
        first === undefined
          ? ["silent", "the client closed the connection before it sent anything"]
          : ["handshake", message],
      );
    }
  }
});

Deno.test("handshake() leaves other faults of the socket as they are", async () => {
  const bed = new Bed();
  bed.stream.fail(new NativeError("resources", "no memory"));
  const fault = await faultOf(bed.handshake());
  assertEquals([fault.kind, fault.message], ["resources", "no memory"]);
});

Deno.test("handshake() brings the keys of a ticket from another period", async () => {
  const bed = new Bed();
  const ticket = hellos.extension(35, [...bed.ticketKeys(-1).name, ...hellos.zeros(100)]);
  bed.stream.deliver(hellos.hello([ticket]));
  await bed.handshake();
  const [former] = bed.session.former;
  assertEquals(former?.former.all, bed.ticketKeys(-1).all);
  assertEquals(former?.current.all, bed.ticketKeys(0).all);
});

Deno.test("close() before the handshake needs no session", async () => {
  const bed = new Bed();
  const done = bed.handshake();
  bed.client.close();
  bed.stream.deliver(HELLO);
  assertEquals((await faultOf(done)).kind, "handshake");
  assertEquals(bed.library.contexts.length, 0);
});

Deno.test("close() in the midst of a handshake never has the freed session used", async () => {
  const lasts: readonly ((bed: Bed) => void)[] = [
    (bed) => bed.stream.deliver("finished"),
    (bed) => bed.stream.end(),
    (bed) => bed.stream.fail(new NativeError("gone")),
  ];
  for (const last of lasts) {
    const bed = new Bed((session) => session.onHandshake = () => false);
    const done = bed.handshake();
    bed.stream.deliver(HELLO);
    await settled();
    bed.client.close();
    last(bed);
    const fault = await faultOf(done);
    assertEquals(fault.kind, "handshake");
    assertEquals([bed.session.freed, bed.session.misuse], [1, []]);
  }
});

Deno.test("close() while the handshake's flight is being sent never has the freed session used", async () => {
  for (const isLast of [true, false]) {
    const bed = new Bed((session) => {
      session.onHandshake = () => {
        session.produce("flight");
        return isLast;
      };
    });
    bed.stream.hold();
    const done = bed.handshake();
    bed.stream.deliver(HELLO);
    await settled();
    bed.client.close();
    bed.stream.failWrites(new NativeError("gone"));
    // With its last flight on the way the handshake is done, and the next read tells.
    if (isLast) {
      await done;
      assertEquals((await faultOf(bed.read())).message, "closed by us");
    } else {
      assertEquals((await faultOf(done)).kind, "handshake");
    }
    assertEquals(bed.session.misuse, []);
    bed.assertReleased();
  }
});

Deno.test("handshake() keeps its context even if all are freed right after the choice", async () => {
  const bed = new Bed();
  bed.library.judge = () => queueMicrotask(() => bed.services.contexts.free());
  bed.stream.deliver(HELLO);
  await bed.handshake();
  assertEquals(bed.session.handshakes.length, 1);
});
