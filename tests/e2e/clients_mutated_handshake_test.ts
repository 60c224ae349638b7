/**
 * Damaged handshakes of a real client, and damaged records after a good one, end their connection and nothing
 * else: 1,000 of them, or 20,000 with STUD_LONG_TESTS. The seed is fixed, so that a failure comes again.
 */

import fc from "fast-check";
import { assert, assertEquals } from "../support/assert.ts";
import { Backend, closeQuietly, writeAll } from "../support/backend.ts";
import { eachOf } from "../support/crowd.ts";
import { eventually } from "../support/eventually.ts";
import { MemoryWatch } from "../support/memory_watch.ts";
import { mutated, mutation } from "../support/mutations.ts";
import { connectRaw } from "../support/raw_client.ts";
import { recordHandshake } from "../support/recorded_handshake.ts";
import { resetConnection } from "../support/reset.ts";
import { Site } from "../support/site.ts";
import { byLibrary } from "../support/stud.ts";
import { connectTls, receive, type Received, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";
import { Wire } from "../support/wire.ts";

const needs = { tools: ["openssl"], linux: true };
const CONNECTIONS = Deno.env.get("STUD_LONG_TESTS") ? 20_000 : 1_000;
const SEED = 20_261_122;
/** MiB. Nearly all of it is the working size of a worker that has done some handshakes. */
const MAX_GROWTH = 120;
/**
 * Where damage must be noticed: the version before it means nothing (RFC 8446), and rustls ignores the type too. A
 * length that is too large makes of the client's FIN a cut within a record, which OpenSSL alone tells apart from a
 * client that leaves without close_notify.
 */
const AUTHENTIC = byLibrary({ openssl: 3, rustls: 5, node: 5 });
const UNDECRYPTABLE = new RegExp(
  `connection ended: ${
    byLibrary({ rustls: "cannot decrypt peer's message", openssl: "undecryptable record" })
  } \\(client 127\\.0\\.0\\.1:\\d+ to 127\\.0\\.0\\.1:\\d+`,
);

for (const version of ["-tls1_2", "-tls1_3"]) {
  testWith(
    needs,
    `damaged handshakes (${version}, seed ${SEED}) end their connections and nothing else`,
    async () => {
      await using site = await Site.startEcho(["--ssl-handshake-timeout", "1", "--backlog", "500"]);
      const { worker } = site;
      const records = await recordHandshake(site, [version]);
      using memory = new MemoryWatch(worker);
      const samples = fc.sample(damage, { numRuns: CONNECTIONS / 2, seed: SEED });
      await eachOf(samples.length, 20, (index) => replay(site.port, records, samples[index]!));
      await unharmed(site, worker);
      assert(memory.growth < MAX_GROWTH, `the worker grew by ${memory.growth} MiB`);
    },
  );
}

testWith(needs, `damaged records after the handshake (seed ${SEED}) deliver nothing`, async () => {
  const received: Received[] = [];
  const backend = Backend.serve(async (conn) => {
    assertEquals(await receiveText(conn, 6), "before");
    await send(conn, "go on");
    received.push(await receive(conn));
  });
  await using site = await Site.start({ backend, args: ["--backlog", "500"] });
  const { worker } = site;
  using memory = new MemoryWatch(worker);
  const samples = fc.sample(place, { numRuns: CONNECTIONS / 4, seed: SEED });
  await eachOf(samples.length, 10, (index) => sendDamaged(site, samples[index]!));
  await site.released();
  // Stud has let go of them; the backend of the test may not have seen all of their ends yet.
  const ended = () => received.length === samples.length;
  await eventually("an end of every connection", ended, 15_000, () => backend.faults[0]);
  for (const { text, end } of received) {
    assertEquals(text, "");
    assert(end !== "clean", "the backend took the damage for an orderly end");
  }
  await site.stud.output(UNDECRYPTABLE);
  assertEquals(site.worker, worker);
  assert(memory.growth < MAX_GROWTH, `the worker grew by ${memory.growth} MiB`);
});

/** How one connection goes wrong. */
interface Damage {
  readonly mutations: Parameters<typeof mutated>[1];
  /** How much of it is sent, as a fraction. */
  readonly part: number;
  readonly end: "fin" | "reset" | "stall";
  /** Whether the client waits for an answer to its first record before it goes on. */
  readonly patient: boolean;
}

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const damage: fc.Arbitrary<Damage> = fc.record({
  mutations: fc.array(mutation, { maxLength: 4 }),
  part: fc.oneof(fc.constant(1), place),
  end: fc.oneof(
    { weight: 6, arbitrary: fc.constant("fin" as const) },
    { weight: 3, arbitrary: fc.constant("reset" as const) },
    { weight: 1, arbitrary: fc.constant("stall" as const) },
  ),
  patient: fc.boolean(),
});

async function replay(
  port: number,
  records: readonly Uint8Array[],
  { mutations, part, end, patient }: Damage,
): Promise<void> {
  const all = mutated(records, mutations);
  const bytes = all.subarray(0, Math.ceil(part * all.length));
  const conn = await connectRaw(port);
  try {
    const first = patient ? Math.min(records[0]!.length, bytes.length) : bytes.length;
    await writeAll(conn, bytes.subarray(0, first));
    // A damaged hello may be one that waits for more: the test's patience ends first.
    if (first < bytes.length) await Promise.race([conn.read(new Uint8Array(1)), aMoment()]);
    await writeAll(conn, bytes.subarray(first));
    if (end === "reset") resetConnection(conn);
    if (end === "fin") await conn.closeWrite();
  } catch {
    // Stud has ended the connection before it got everything.
  }
  await receive(conn);
  closeQuietly(conn);
}

function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

/** Sends a good record and a damaged one. */
async function sendDamaged(site: Site, where: number): Promise<void> {
  await using wire = new Wire(site.port);
  using client = await connectTls(wire.port, site.pem);
  await send(client, "before");
  assertEquals(await receiveText(client, 5), "go on");
  wire.alterRecord((bytes) => {
    const at = AUTHENTIC + Math.floor(where * (bytes.length - AUTHENTIC));
    bytes[at]! ^= 1 << Math.floor(where * 4096) % 8;
  });
  // Stud may have ended the connection before both are sent.
  await send(client, "damaged").catch(() => {});
  await client.closeWrite().catch(() => {});
  const { text, end } = await receive(client);
  assertEquals(text, "");
  assert(end !== "clean", "the client took the damage for an orderly end");
}

async function unharmed(site: Site, worker: number): Promise<void> {
  await site.echoOnce();
  assertEquals(site.worker, worker);
  await site.released();
  assertEquals(/internal error|error:/i.exec(site.stud.report()), null, site.stud.report());
}
