/** Clients that send protocol and no data, looked at every few seconds. */

import { syncBuiltinESMExports } from "node:module";
import test, { mock } from "node:test";
import type { PeerError } from "../../src/errors.ts";
import {
  endFloodWatch,
  type Floodable,
  watchForFloods,
} from "../../src/runtime/node/flood_watch.ts";
import { assertEquals } from "../support/assert.ts";

const PERIOD = 2_000;
const KIB = 1 << 10;

/** A connection as the watch sees it. */
class FakeConnection implements Floodable {
  ciphertext = 0;
  bytes = 0;
  records = 0;
  stuck = false;
  readonly refusals: PeerError[] = [];

  refuse(fault: PeerError): void {
    this.refusals.push(fault);
  }

  /** Data in full records, each padded by so many octets. */
  receive(records: number, padding = 0): void {
    this.records += records;
    this.bytes += records * (16 * KIB - padding);
    this.ciphertext += records * (16 * KIB + 22);
  }
}

watching("a client that sends nothing but protocol is refused", (connection, pass) => {
  connection.ciphertext += 17 * KIB;
  pass(1);
  const [fault] = connection.refusals;
  assertEquals([fault?.party, fault?.kind], ["client", "other"]);
  assertEquals(fault?.message, "the client broke the protocol (too many KeyUpdates)");
});

watching("a client is refused once", (connection, pass) => {
  for (let period = 0; period < 3; period++) {
    connection.ciphertext += 100 * KIB;
    pass(1);
  }
  assertEquals(connection.refusals.length, 1);
});

watching("what came before the watch began does not count", (connection, pass) => {
  connection.ciphertext += KIB;
  pass(1);
  assertEquals(connection.refusals, []);
}, 100 * KIB);

watching("a little protocol in each period is in order", (connection, pass) => {
  for (let period = 0; period < 100; period++) {
    connection.ciphertext += 15 * KIB;
    pass(1);
  }
  assertEquals(connection.refusals, []);
});

watching("data in plenty is in order, padded or not", (connection, pass) => {
  for (let period = 0; period < 10; period++) {
    connection.receive(10_000);
    connection.receive(100, 16 * KIB - 1);
    pass(1);
  }
  assertEquals(connection.refusals, []);
});

watching("what a client that reads nothing causes adds up", (connection, pass) => {
  connection.stuck = true;
  for (let period = 0; period < 20 && connection.refusals.length === 0; period++) {
    connection.ciphertext += 7 * KIB;
    pass(1);
  }
  assertEquals(connection.refusals.length, 1);
});

watching("a client that reads nothing and sends data is in order", (connection, pass) => {
  connection.stuck = true;
  for (let period = 0; period < 100; period++) {
    connection.receive(100);
    pass(1);
  }
  assertEquals(connection.refusals, []);
});

watching("a client that reads again begins anew", (connection, pass) => {
  for (let round = 0; round < 10; round++) {
    connection.stuck = true;
    connection.ciphertext += 7 * KIB;
    pass(2);
    connection.stuck = false;
    pass(1);
  }
  assertEquals(connection.refusals, []);
});

watching("a connection that is over is not looked at any more", (connection, pass) => {
  endFloodWatch(connection);
  connection.ciphertext += 100 * KIB;
  pass(1);
  assertEquals(connection.refusals, []);
});

watching("the watch goes on with those who come after all have gone", (connection, pass) => {
  endFloodWatch(connection);
  pass(2);
  const next = new FakeConnection();
  watchForFloods(next);
  next.ciphertext += 17 * KIB;
  pass(1);
  assertEquals(next.refusals.length, 1);
});

/** A test with a connection that has received so much, and a function that lets periods pass. */
function watching(
  what: string,
  run: (connection: FakeConnection, pass: (periods: number) => void) => void,
  before = 0,
): void {
  test(what, () => {
    mock.timers.enable({ apis: ["setInterval"] });
    syncBuiltinESMExports();
    const connection = new FakeConnection();
    connection.ciphertext = before;
    try {
      watchForFloods(connection);
      run(connection, (periods) => mock.timers.tick(periods * PERIOD));
    } finally {
      // The watch rests when nothing is left to be watched.
      endFloodWatch(connection);
      mock.timers.tick(PERIOD);
      mock.timers.reset();
      syncBuiltinESMExports();
    }
  });
}
