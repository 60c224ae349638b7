/** What a connection tells, writes and how it ends, on a session and a socket that the test plays. */

import { PeerError } from "../../../../src/errors.ts";
import { OpenSslError } from "../../../../src/runtime/openssl.ts";
import { assert, assertEquals, assertThrows } from "../../../support/assert.ts";
import { NativeError } from "../../../support/fake_stream.ts";
import { settled } from "../../../support/manual_clock.ts";
import { Bed, faultOf } from "./client_bed.ts";

Deno.test("negotiated returns what the session agreed on, once there is one", async () => {
  const bed = new Bed((session) => {
    session.facts = {
      ...session.facts,
      ...{ alpn: "h2", resumed: true, peerCertificate: "PEM", verifyResult: 10 },
    };
  });
  assertEquals(bed.client.serverName, undefined);
  await bed.established();
  const { protocol, cipher, group } = bed.session.facts;
  assertEquals(bed.secure.negotiated, {
    ...{ protocol, cipher, group, alpn: "h2", resumed: true },
    certificate: undefined,
    clientCertificate: { pem: "PEM", verifyResult: 10, commonName: undefined },
  });
  bed.session.facts = { ...bed.session.facts, peerCertificate: undefined };
  assertEquals(bed.secure.negotiated!.clientCertificate, undefined);
  bed.client.close();
  assertThrows(() => bed.secure.negotiated, PeerError, "closed by us");
});

Deno.test("pair is the socket's", () => {
  const bed = new Bed();
  assertEquals(bed.client.pair, bed.stream.pair);
});

Deno.test("write() sends 128 KiB at once, and reports it", async () => {
  const bed = await new Bed().established();
  const much = "x".repeat((128 << 10) + 1);
  assertEquals(await bed.write(much), 128 << 10);
  assertEquals(bed.stream.bytes.length, 128 << 10);
  assertEquals(await bed.write(much.slice(1)), 128 << 10);
});

Deno.test("write() is done when the socket has taken everything, piece by piece", async () => {
  const bed = await new Bed().established();
  bed.stream.longestWrite = 3;
  assertEquals(await bed.write("hello, world"), 12);
  assertEquals(bed.stream.text, "hello, world");
  bed.assertReleased();

  bed.stream.hold();
  let done = false;
  const writing = bed.write("later").then(() => done = true);
  await settled();
  assertEquals([done, bed.session.outputs.at(-1)!.releases], [false, 0]);
  bed.stream.longestWrite = Infinity;
  bed.stream.release();
  await writing;
  bed.assertReleased();
});

Deno.test("what is produced while a write is under way follows it, in order", async () => {
  const bed = await new Bed().established();
  bed.session.onRead = (input) => {
    bed.session.produce(`<${input}>`);
    return input;
  };
  bed.stream.hold();
  const writes = [bed.write("1 ")];
  bed.stream.deliver("a");
  assertEquals(await bed.read(), "a");
  writes.push(bed.write("2 "));
  bed.stream.deliver("b");
  assertEquals(await bed.read(), "b");
  const ending = bed.closeWrite();
  await settled();
  assertEquals([bed.stream.text, bed.stream.writeEnded], ["", false]);
  bed.stream.longestWrite = 2;
  bed.stream.release();
  assertEquals(await Promise.all(writes), [2, 2]);
  await ending;
  assertEquals(bed.stream.text, "1 <a>2 <b>[close_notify]");
  assertEquals(bed.stream.writeEnded, true);
  bed.assertReleased();
});

for (const takesAtOnce of [false, true]) {
  const what = takesAtOnce ? "copies what it cannot send" : "sends from where it lies";
  Deno.test(`a write that fails on a socket that ${what} gives all output back, once`, async () => {
    await failWrites(takesAtOnce);
  });
}

async function failWrites(takesAtOnce: boolean): Promise<void> {
  const bed = await new Bed().established();
  bed.stream.takesAtOnce = takesAtOnce;
  bed.stream.hold();
  const writes = ["1", "2", "3"].map((text) => bed.write(text));
  const ending = bed.closeWrite();
  for (const each of [...writes, ending]) each.catch(() => {});
  await settled();
  // Whoever has the same output twice has two sessions write into it.
  const first = takesAtOnce ? 1 : 0;
  assertEquals(bed.session.outputs.map(({ releases }) => releases), [first, 0, 0, 0]);
  bed.stream.failWrites(new NativeError("reset"));
  for (const each of [...writes, ending]) {
    assertEquals((await faultOf(each)).kind, "reset");
  }
  bed.assertReleased();
  // The next one fails by itself, and leaves nothing behind either.
  assertEquals((await faultOf(bed.write("4"))).kind, "reset");
  bed.assertReleased();
}

Deno.test("write() rejects if the session cannot encrypt any more", async () => {
  const bed = await new Bed().established();
  bed.session.onWrite = () => {
    throw new OpenSslError("protocol is shutdown");
  };
  const fault = await faultOf(bed.write("x"));
  assertEquals(fault.message, "protocol is shutdown");
  assertEquals(bed.stream.text, "");
});

Deno.test("closeWrite() sends close_notify and then the FIN", async () => {
  const bed = await new Bed().established();
  bed.stream.hold();
  const ending = bed.closeWrite();
  await settled();
  assertEquals(bed.stream.writeEnded, false);
  bed.stream.release();
  await ending;
  assertEquals([bed.stream.text, bed.stream.writeEnded], ["[close_notify]", true]);
});

Deno.test("closeWrite() does the same once the client has ended", async () => {
  const bed = await new Bed().established();
  bed.session.onRead = () => null;
  bed.stream.deliver("close_notify");
  assertEquals(await bed.read(), null);
  await bed.closeWrite();
  assertEquals([bed.stream.text, bed.stream.writeEnded], ["[close_notify]", true]);
});

Deno.test("close() frees the session and the socket, and may be called again", async () => {
  const bed = await new Bed().established();
  bed.client.close();
  bed.client.close();
  assertEquals([bed.session.freed, bed.stream.closed], [1, true]);
  for (const use of [bed.read(), bed.write("x"), bed.closeWrite()]) {
    const fault = await faultOf(use);
    assertEquals([fault.kind, fault.message], ["gone", "closed by us"]);
  }
  assertEquals(bed.session.misuse, []);
});

Deno.test("close() while reads and writes wait never has the freed session used", async () => {
  const bed = await new Bed().established();
  bed.stream.hold();
  const reading = bed.read();
  const writes = [bed.write("1"), bed.write("2"), bed.closeWrite()];
  for (const each of writes) each.catch(() => {});
  await settled();
  bed.client.close();
  bed.stream.deliver("late");
  assertEquals((await faultOf(reading)).kind, "gone");
  // What was taken from the session before its end may still go, and is released in any case.
  bed.stream.failWrites(new NativeError("gone"));
  for (const each of writes) assert(await faultOf(each) instanceof PeerError);
  assertEquals([bed.session.freed, bed.session.misuse], [1, []]);
  bed.assertReleased();
});
