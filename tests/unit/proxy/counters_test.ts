/** What a worker has counted, in words. */

import { describeCounters, newCounters } from "../../../src/proxy/counters.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("describeCounters() speaks of one thing and of several as people do", () => {
  const counters = newCounters();
  assertEquals(
    describeCounters(counters),
    "0 connections accepted, 0 open, 0 refused, 0 closed by clients before they sent anything, " +
      "0 handshakes failed, 0 clients denied, 0 backend failures, " +
      "0 clients and 0 backends without close_notify, 0 bytes to backends, 0 bytes to clients",
  );
  for (const name of Object.keys(counters) as (keyof typeof counters)[]) counters[name] = 1;
  assertEquals(
    describeCounters(counters),
    "1 connection accepted, 1 open, 1 refused, 1 closed by clients before they sent anything, " +
      "1 handshake failed, 1 client denied, 1 backend failure, " +
      "1 client and 1 backend without close_notify, 1 byte to backends, 1 byte to clients",
  );
});
