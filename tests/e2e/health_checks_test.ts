/** Health checks by TCP alone: they connect and leave, and are no failed handshakes. */

import { assert, assertEquals } from "../support/assert.ts";
import { closeQuietly } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { connectRaw } from "../support/raw_client.ts";
import { Site } from "../support/site.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const LOCAL = Uint8Array.of(13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x20, 0, 0, 0);
const LINE = new TextEncoder().encode("PROXY TCP4 198.51.100.7 192.0.2.1 1 443\r\n");

/** Connects, sends this and leaves. */
async function check(port: number, bytes: Uint8Array = new Uint8Array()): Promise<void> {
  const conn = await connectRaw(port);
  if (bytes.length > 0) await conn.write(bytes);
  closeQuietly(conn);
}

/** What the worker has counted so far: checks and failed handshakes. */
async function counted(site: Site): Promise<number[]> {
  const pattern =
    /counters: .* (\d+) closed by clients before they sent anything, (\d+) handshakes? failed/g;
  const before = [...site.stud.stdout.matchAll(pattern)].length;
  site.stud.signal("SIGUSR2");
  let counts: number[] = [];
  await eventually("the counters", () => {
    const lines = [...site.stud.stdout.matchAll(pattern)];
    counts = lines.at(-1)?.slice(1).map(Number) ?? [];
    return lines.length > before;
  });
  return counts;
}

async function untilCounted(site: Site, expected: readonly number[]): Promise<void> {
  let last: number[] = [];
  for (let round = 0; round < 50; round++) {
    last = await counted(site);
    if (last[0]! + last[1]! >= expected[0]! + expected[1]!) break;
  }
  assertEquals(last, expected, site.stud.report());
}

testWith({ linux: true }, "a crowd of health checks is counted, and none is logged", async () => {
  await using site = await Site.startEcho(["-n", "1"]);
  await Promise.all(Array.from({ length: 200 }, () => check(site.port)));
  await site.echoOnce();
  await untilCounted(site, [200, 0]);
  assert(
    !/handshake failed|closed the connection before/.test(site.stud.stdout),
    site.stud.report(),
  );
  site.stud.signal("SIGTERM");
  await site.stud.ended();
  assert(
    /stopped: 201 connections, 0 handshakes failed, 200 closed by clients before they sent anything/
      .test(site.stud.stdout),
    site.stud.report(),
  );
});

testWith(
  { linux: true },
  "a client that stops inside the hello has failed, even after one byte",
  async () => {
    await using site = await Site.startEcho(["-n", "1"]);
    await check(site.port, Uint8Array.of(22));
    await check(site.port);
    await untilCounted(site, [1, 1]);
    await site.stud.output(
      /handshake failed: the client closed the connection during the handshake/,
    );
  },
);

testWith({ linux: true }, "-L 2 has a line for each health check", async () => {
  await using site = await Site.startEcho(["-n", "1", "-L", "2"]);
  await check(site.port);
  await site.stud.output(
    /debug: worker 1: client 127\.0\.0\.1:\d+ to 127\.0\.0\.1:\d+: closed the connection before it sent anything/,
  );
});

testWith({ linux: true }, "a PROXY header alone makes no handshake", async () => {
  await using site = await Site.startEcho(["-n", "1", "--proxy-proxy", BY_OPENSSL]);
  for (const bytes of [new Uint8Array(), LOCAL, LINE]) await check(site.port, bytes);
  await check(site.port, LINE.subarray(0, 20));
  await untilCounted(site, [3, 1]);
});

testWith({ linux: true }, "the access log calls a health check what it is", async () => {
  await using site = await Site.startEcho(["-n", "1", "--access-log=-"]);
  await check(site.port);
  await site.stud.output(
    / end=silent by=client reason="the client closed the connection before it sent anything"/,
  );
});
