/** Clients that never finish their handshake are gone at its deadline, and others are served meanwhile. */

import { assert, assertEquals } from "../support/assert.ts";
import { closeQuietly, writeAll } from "../support/backend.ts";
import { helloHeader, join, realClientHello, records } from "../support/client_hello.ts";
import { pause } from "../support/eventually.ts";
import { MemoryWatch } from "../support/memory_watch.ts";
import { alertIn, answerTo, connectRaw } from "../support/raw_client.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { byLibrary, TLS_LIBRARY } from "../support/stud.ts";
import { receive } from "../support/tls_client.ts";

const sites = new Shared(() => Site.startEcho(["--ssl-handshake-timeout", "2"], 5));
/** Milliseconds between the others: as fast as can be they would show no more. */
const PACE = 20;
/** RFC 8446 section 6. */
const ILLEGAL_PARAMETER = 47;
/** Until when all must be gone: TCP_DEFER_ACCEPT hands a silent client over some seconds late. */
const LATEST = 20_000;

sites.test(
  { linux: true },
  "200 silent clients are gone at the deadline, others served",
  async (site) => {
    const { worker } = site;
    const hello = await realClientHello();
    const began = Date.now();
    const stalled = Promise.all(Array.from({ length: 200 }, async (_, index) => {
      if (index % 3 === 0) return await endOf(site.port, []);
      if (index % 3 === 1) return await endOf(site.port, [hello.subarray(0, hello.length / 2)]);
      return await endOf(site.port, hello.subarray(0, 30).entries().map(([, each]) => [each]));
    }));
    let ended = false;
    stalled.finally(() => ended = true).catch(() => {});
    let served = 0;
    while (!ended) {
      await site.echoOnce();
      served++;
      await pause(PACE);
    }
    const earliest = Math.min(...(await stalled)) - began;
    assert(earliest >= 1_900, `one was ended after ${earliest} ms already`);
    // One that had to wait for their deadline would be the only one.
    assert(served > 1, `only ${served} others were served`);
    await site.stud.output(
      /handshake failed: no handshake within --ssl-handshake-timeout \(client 127\.0\.0\.1/,
    );
    await site.released();
    assertEquals(site.worker, worker);
  },
);

sites.test(
  { linux: true },
  "clients that stall after the ServerHello are gone too",
  async (site) => {
    const hello = await realClientHello();
    await Promise.all(Array.from({ length: 50 }, () => endOf(site.port, [hello])));
    await site.stud.output(/no handshake within --ssl-handshake-timeout/);
    await site.released();
  },
);

sites.test(
  { linux: true },
  "most of a long ClientHello that stalls costs bounded memory",
  async (site) => {
    await site.echoOnce();
    using memory = new MemoryWatch(site.worker);
    const long = byLibrary({ rustls: 65_000, openssl: 32_000 });
    const most = records(join([helloHeader(long), new Uint8Array(long - 5_000)]));
    const began = Date.now();
    const ends = await Promise.all(Array.from({ length: 100 }, () => endOf(site.port, [most])));
    assert(Math.min(...ends) - began >= 1_900, "one was ended before its deadline");
    await site.stud.output(/handshake failed: no handshake within --ssl-handshake-timeout/);
    assert(memory.growth < 60, `the worker grew by ${memory.growth} MiB`);
    await site.released();
  },
);

if (TLS_LIBRARY !== "rustls") {
  sites.test(
    { linux: true },
    "a ClientHello that announces too much is refused at once",
    async (site) => {
      const received = await answerTo(site.port, records(helloHeader(65_000)));
      assertEquals([alertIn(received), received.end], [ILLEGAL_PARAMETER, "clean"]);
      await site.stud.output(
        /handshake failed: a ClientHello of more than 32 KiB \(client 127\.0\.0\.1/,
      );
      await site.released();
    },
  );
}

sites.test({ linux: true }, "a handshake in time is not touched by the deadline", async (site) => {
  const { client, peer } = await openIdle(site);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  await writeAll(client, new Uint8Array(10));
  assertEquals(await client.read(new Uint8Array(10)), 10);
  closeQuietly(client);
  assertEquals(peer, 1);
});

async function openIdle(site: Site): Promise<{ client: Deno.TlsConn; peer: number }> {
  const client = await site.connect();
  await writeAll(client, new Uint8Array(1));
  await client.read(new Uint8Array(1));
  return { client, peer: site.backend.accepted };
}

/** Sends the pieces, one a second, and waits for stud to end the connection; returns when that was. */
async function endOf(port: number, pieces: Iterable<ArrayLike<number>>): Promise<number> {
  const conn = await connectRaw(port);
  let timer: ReturnType<typeof setInterval> | undefined;
  const rest = [...pieces].map((piece) => Uint8Array.from(piece));
  const sendNext = () => {
    const next = rest.shift();
    if (next !== undefined) writeAll(conn, next).catch(() => {});
  };
  try {
    sendNext();
    timer = setInterval(sendNext, 1_000);
    await receive(conn, LATEST);
    return Date.now();
  } finally {
    clearInterval(timer);
    closeQuietly(conn);
  }
}
