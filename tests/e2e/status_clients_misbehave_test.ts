/** Clients of `--status` that stall, dribble, never read or flood change nothing for traffic, and are ended. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually, within } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { ask, connectTo, statusOf } from "../support/status_client.ts";
import { closeQuietly } from "../support/backend.ts";

/** A stud that serves its status on TCP. */
const shared = new Shared(async () => {
  const place = { port: freePort() };
  const site = await Site.startEcho(["--status", `127.0.0.1,${place.port}`]);
  return {
    ...{ site, place },
    forget: () => site.forget(),
    settle: () => site.settle(),
    [Symbol.asyncDispose]: () => site[Symbol.asyncDispose](),
  };
});

shared.test(
  { linux: true },
  "clients that say nothing, dribble or send too much are ended",
  async ({ site, place }) => {
    const text = new TextEncoder();
    using silent = await connectTo(place);
    using dribbling = await connectTo(place);
    await dribbling.write(text.encode("GET / HTTP/1.1\r\n"));
    const timer = setInterval(() => dribbling.write(text.encode("x: y\r\n")).catch(() => {}), 200);
    using large = await connectTo(place);
    large.write(text.encode(`GET / HTTP/1.1\r\nx: ${"y".repeat(20_000)}\r\n`)).catch(() => {});
    try {
      for (const client of [large, silent, dribbling]) {
        await within(
          15_000,
          "an end",
          ended(client),
        );
      }
    } finally {
      clearInterval(timer);
    }
    const headers = ["host: localhost", "content-length: 5"];
    assertEquals((await ask(place, "/status", { headers })).status, 413);
    assertEquals((await ask(place, "/healthz")).status, 200);
    await site.echoOnce();
  },
);

shared.test(
  { linux: true },
  "many connections that stay open keep nobody out",
  async ({ site, place }) => {
    const crowd: Deno.Conn[] = [];
    try {
      for (let count = 0; count < 200; count++) crowd.push(await connectTo(place));
      assertEquals((await ask(place, "/readyz")).status, 200);
      await site.echoOnce();
    } finally {
      crowd.forEach(closeQuietly);
    }
  },
);

shared.test(
  { linux: true },
  "a flood of requests leaves time for traffic, and for other requests",
  async ({ site, place }) => {
    const { pid } = await statusOf(place);
    const before = processorTime(pid);
    const began = Date.now();
    let over = false;
    let answered = 0;
    const flood = Array.from({ length: 20 }, async () => {
      while (!over) await ask(place, "/metrics").then(() => answered++, () => {});
    });
    await eventually("a flood", () => answered > 150, 30_000);
    for (let count = 0; count < 5; count++) await within(5_000, "an echo", site.echoOnce());
    assertEquals((await within(5_000, "an answer", ask(place, "/readyz"))).status, 200);
    over = true;
    await Promise.all(flood);
    const seconds = (Date.now() - began) / 1000;
    // The first hundred are answered at once.
    assert(answered <= 100 + 60 * seconds, `${answered} in ${seconds} s`);
    const used = processorTime(pid) - before;
    assert(used / seconds < 0.75, `${used} s of processor time in ${seconds} s`);
  },
);

/** Resolves when the other side has ended a connection; what it sent is read. */
async function ended(conn: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(4_096);
  try {
    while (await conn.read(bytes) !== null);
  } catch {
    // A reset is an end too.
  }
}

/** Seconds. */
function processorTime(pid: number): number {
  const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
}
