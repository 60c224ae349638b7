/** Faults of connections as log lines. */

import { PeerError } from "../../../src/errors.ts";
import { configureLog } from "../../../src/log/log.ts";
import { tooManyOf } from "../../../src/proxy/admission.ts";
import { FaultLog, isRoutineClose } from "../../../src/proxy/fault_log.ts";
import type { Client } from "../../../src/tls/engine.ts";
import { assertEquals } from "../../support/assert.ts";
import { pairOf } from "../../support/fake_stream.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const CLIENT = clientOf(40_001);
const WHO = "client 198.51.100.7:40001 to 192.0.2.1:8443";

/** A connection of whose TLS nothing is known. */
function clientOf(port: number): Client {
  return { pair: pairOf(port), serverName: undefined };
}

function newFaultLog() {
  const clock = new ManualClock();
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  return { clock, lines, faults: new FaultLog(log, clock) };
}

Deno.test("isRoutineClose() tells how clients leave every day from what needs a look", () => {
  assertEquals(isRoutineClose(new PeerError("client", "closed", "")), true);
  assertEquals(isRoutineClose(new PeerError("client", "reset", "")), true);
  assertEquals(isRoutineClose(new PeerError("client", "gone", "")), true);
  assertEquals(isRoutineClose(new PeerError("client", "timeout", "")), false);
  assertEquals(isRoutineClose(new PeerError("client", "handshake", "")), false);
  assertEquals(isRoutineClose(new PeerError("backend", "reset", "")), false);
});

Deno.test("each fault is a line of its subject, its reason and the client", () => {
  const { lines, faults } = newFaultLog();
  faults.connection(new PeerError("client", "handshake", "not TLS"), CLIENT);
  faults.connection(
    new PeerError("client", "handshake", "no handshake within --ssl-handshake-timeout"),
    CLIENT,
  );
  faults.connection(new PeerError("backend", "refused", "127.0.0.1:80: refused"), CLIENT);
  faults.connection(new PeerError("client", "timeout", "took nothing"), CLIENT);
  faults.connection(new PeerError("client", "reset", "connection reset"), CLIENT);
  faults.shortage(new PeerError("client", "resources", "out of file descriptors"));
  assertEquals(lines, [
    `info handshake failed: not TLS (${WHO})`,
    `info handshake failed: no handshake within --ssl-handshake-timeout (${WHO})`,
    `error backend failed: 127.0.0.1:80: refused (${WHO})`,
    `info connection ended: took nothing (${WHO})`,
    "error cannot accept clients: out of file descriptors (raise it with ulimit -n, or LimitNOFILE= of systemd)",
  ]);
});

Deno.test("a client that leaves before it sends anything is a line for those who want every one", () => {
  const { lines, faults } = newFaultLog();
  const fault = new PeerError(
    "client",
    "silent",
    "the client closed the connection before it sent anything",
  );
  assertEquals(isRoutineClose(fault), true);
  for (let round = 0; round < 2; round++) faults.connection(fault, CLIENT);
  assertEquals(lines, Array(2).fill(`debug ${WHO}: closed the connection before it sent anything`));
});

Deno.test("what is no name cannot be taken for a part of the line", () => {
  const { lines, faults } = newFaultLog();
  const asking = (strangeName: string) => Object.assign(clientOf(40_001), { strangeName });
  const names = ["[::1]", 'a) info: "b"', "x\n2026 error: \u202ey", ""];
  for (const name of names) {
    faults.connection(new PeerError("client", "handshake", `${name.length}`), asking(name));
  }
  assertEquals(lines, [
    `info handshake failed: 5 (${WHO} for "[::1]")`,
    `info handshake failed: 12 (${WHO} for "a) info: \\"b\\"")`,
    `info handshake failed: 16 (${WHO} for "x\\n2026 error: \\u{202e}y")`,
    `info handshake failed: 0 (${WHO} for "")`,
  ]);
});

Deno.test("what is particular to a fault stands beside the client, and counts for no other kind", async () => {
  const { clock, lines, faults } = newFaultLog();
  for (const detail of ['it sent "a"', 'it sent "b"']) {
    faults.connection(new PeerError("client", "handshake", "no header", { detail }), CLIENT);
  }
  await clock.advance(60_000);
  assertEquals(lines[0], `info handshake failed: no header (${WHO}; it sent "a")`);
  assertEquals(lines.length, 2, "the second is a repetition of the first");
  faults.flush();
});

Deno.test("a client that a proxy speaks for is named with whom it is about", () => {
  const { lines, faults } = newFaultLog();
  const clientInHeader = { host: "2001:db8::7", port: 1 };
  const client = Object.assign(clientOf(40_001), { clientInHeader });
  faults.connection(new PeerError("client", "timeout", "took nothing"), client);
  const who = "client 198.51.100.7:40001 on behalf of [2001:db8::7]:1 to 192.0.2.1:8443";
  assertEquals(lines, [`info connection ended: took nothing (${who})`]);
});

Deno.test("repeats of a kind become a count with the last client", async () => {
  const { clock, lines, faults } = newFaultLog();
  for (let port = 1; port <= 1_000; port++) {
    faults.connection(new PeerError("client", "handshake", "not TLS"), clientOf(port));
  }
  faults.connection(new PeerError("client", "handshake", "other"), CLIENT);
  assertEquals(lines.length, 2);
  await clock.advance(60_000);
  assertEquals(lines.slice(2), [
    "info handshake failed: not TLS: 999 more within 60 s, the last one: " +
    "client 198.51.100.7:1000 to 192.0.2.1:8443",
  ]);
});

Deno.test("a count has the level of what it counts", async () => {
  const { clock, lines, faults } = newFaultLog();
  for (let count = 0; count < 3; count++) {
    faults.connection(new PeerError("backend", "refused", "127.0.0.1:80: refused"), CLIENT);
  }
  await clock.advance(10_000);
  assertEquals(lines.map((line) => line.split(" ")[0]), ["error", "error"]);
});

Deno.test("flush() writes the counts that are waiting", () => {
  const { clock, lines, faults } = newFaultLog();
  for (let count = 0; count < 3; count++) {
    faults.connection(new PeerError("client", "handshake", "not TLS"), CLIENT);
  }
  faults.flush();
  assertEquals(lines.length, 2);
  assertEquals(clock.waiting, 0);
});

Deno.test("a client that left before its address was known has none", () => {
  const { lines, faults } = newFaultLog();
  const client = clientOf(40_001);
  const unknown = { pair: { ...client.pair, peer: { host: "", port: 0 } } } as Client;
  faults.connection(new PeerError("client", "handshake", "not TLS"), unknown);
  const who = "client of an unknown address to 192.0.2.1:8443";
  assertEquals(lines, [`info handshake failed: not TLS (${who})`]);
});

Deno.test("a client that has no addresses any more is no reason to fail", () => {
  const { lines, faults } = newFaultLog();
  const gone = {
    get pair(): never {
      throw new Error("not connected");
    },
  } as unknown as Client;
  faults.connection(new PeerError("client", "handshake", "not TLS"), gone);
  assertEquals(lines, ["info handshake failed: not TLS (client already gone)"]);
});

Deno.test("that the limit of handshakes is reached is a line a minute at most", async () => {
  const { clock, lines, faults } = newFaultLog();
  const line =
    "warning --max-handshakes 5 reached: new clients wait in the kernel's queue (clients that stall, or more than " +
    "the worker can serve)";
  const handshakes = { name: "--max-handshakes 5", counts: "handshakes" } as const;
  for (let round = 0; round < 3; round++) faults.full(handshakes);
  await clock.advance(59_999);
  faults.full(handshakes);
  assertEquals(lines, [line]);
  await clock.advance(1);
  faults.full(handshakes);
  assertEquals(lines, [line, line]);
  faults.full({ name: "--max-connections 7", counts: "connections" });
  assertEquals(lines.slice(2), [
    "warning --max-connections 7 reached: new clients wait in the kernel's queue",
  ]);
});

Deno.test("refused clients are named once in a while, with their count", async () => {
  const { clock, lines, faults } = newFaultLog();
  const fault = tooManyOf({ name: "--max-connections-per-client 2", max: 2 });
  for (let round = 0; round < 1_000; round++) faults.connection(fault, CLIENT);
  await clock.advance(10_000);
  const kind = "connection refused: --max-connections-per-client 2 reached";
  assertEquals(lines, [
    `warning ${kind} (${WHO})`,
    `warning ${kind}: 999 more within 10 s, the last one: ${WHO}`,
  ]);
});
