/** The trace of clients: who is traced, for how long, and how much. */

import { PeerError } from "../../../src/errors.ts";
import { configureLog } from "../../../src/log/logger.ts";
import { Tracing } from "../../../src/proxy/client_trace.ts";
import type { Client } from "../../../src/tls/engine.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { pairOf } from "../../support/fake_stream.ts";
import { FRESH } from "../../support/hello_samples.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const CLIENT: Client = { pair: pairOf(1), serverName: undefined };
const WHO = "client 198.51.100.7:1 to 192.0.2.1:8443";

function newTracing() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = configureLog((_, text) => lines.push(text), "info");
  return { clock, lines, tracing: new Tracing({ log, clock }) };
}

Deno.test("every step of a client in the network is a line", () => {
  const { lines, tracing } = newTracing();
  tracing.begin({ cidr: "198.51.100.0/24", seconds: 60 });
  const traced = tracing.current!.begin(CLIENT)!;
  let passedOn = 0;
  traced.seeing(() => passedOn++)(FRESH);
  traced.onChosen("a.pem (one.example)");
  const cause = new Error("no shared cipher");
  traced.failed(
    new PeerError("client", "handshake", "none", { cause, reason: "no-shared-cipher" }),
  );
  assertEquals(passedOn, 1);
  assertEquals(lines.slice(0, 2), [
    "tracing handshakes of 198.51.100.0/24 for 60 s",
    `trace: ${WHO}: accepted`,
  ]);
  assert(
    /: sent a ClientHello of \d+ bytes: offers TLSv1\.3 .*, JA4 t13/.test(lines[2]!),
    lines[2],
  );
  assertEquals(lines.slice(3), [
    `trace: ${WHO}: gets the certificate a.pem (one.example)`,
    `trace: ${WHO}: handshake failed after 0.0 ms: no-shared-cipher: none; the library: no shared cipher`,
  ]);
});

Deno.test("others are not traced, and those that a balancer speaks for are", () => {
  const { tracing } = newTracing();
  tracing.begin({ cidr: "2001:db8::/32", seconds: 60 });
  assertEquals(tracing.current!.begin(CLIENT), undefined);
  const clientInHeader = { host: "2001:db8::7", port: 1 };
  assert(tracing.current!.begin({ ...CLIENT, clientInHeader }) !== undefined);
});

Deno.test("a trace ends by itself, and another takes its place", async () => {
  const { clock, lines, tracing } = newTracing();
  tracing.begin({ cidr: "192.0.2.1", seconds: 60 });
  tracing.begin({ cidr: "192.0.2.2", seconds: 10 });
  assertThrows(() => tracing.begin({ cidr: "x", seconds: 1 }));
  await clock.advance(10_000);
  assertEquals(tracing.current, undefined);
  assertEquals(clock.waiting, 0);
  assertEquals(lines.slice(1), [
    "no longer tracing handshakes of 192.0.2.1",
    "tracing handshakes of 192.0.2.2 for 10 s",
    "no longer tracing handshakes of 192.0.2.2",
  ]);
});

Deno.test("lines are bounded per second, and it is said how many were left out", async () => {
  const { clock, lines, tracing } = newTracing();
  tracing.begin({ cidr: "0.0.0.0/0", seconds: 60 });
  for (let count = 0; count < 1_000; count++) tracing.current!.begin(CLIENT);
  assertEquals(lines.length, 51);
  await clock.advance(1_000);
  tracing.current!.begin(CLIENT);
  assertEquals(lines.length, 52);
  tracing.end();
  assertEquals(
    lines.at(-1),
    "no longer tracing handshakes of 0.0.0.0/0; 950 lines left out: more than 50 a second",
  );
});
