/** `--max-connections` and `--max-connections-per-client`: clients wait or are refused, and none that is in is cut off. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, closeQuietly, echo, writeAll } from "../support/backend.ts";
import { realClientHello } from "../support/client_hello.ts";
import { eventually } from "../support/eventually.ts";
import { answerTo, connectRaw } from "../support/raw_client.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { connectTls, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const LINUX = { linux: true };
/** `--max-connections`. */
const LIMIT = 5;

/** Whether a connection still carries what is sent. */
async function echoes(conn: Deno.TlsConn): Promise<void> {
  await send(conn, "still here");
  assertEquals(await receiveText(conn, 10), "still here");
}

/** Clients that had to wait for the deadline of others would wait longer than the test. */
const limited = new Shared(() =>
  Site.startEcho(["--max-connections", `${LIMIT}`, "--ssl-handshake-timeout", "600"])
);

limited.test(
  { linux: true, notOnNode: true },
  "beyond --max-connections a client waits in the kernel's queue until another has gone",
  async (site) => {
    const clients = await Promise.all(Array.from({ length: LIMIT }, () => site.connect()));
    await Promise.all(clients.map(echoes));
    let served = false;
    const next = site.connect().then(async (conn) => {
      await echoes(conn);
      served = true;
      closeQuietly(conn);
    });
    await site.stud.output(/warning: .*--max-connections 5 reached: new clients wait/);
    await Promise.all(clients.map(echoes));
    assertEquals(served, false);
    closeQuietly(clients[0]!);
    await next;
    const others = clients.slice(1);
    await Promise.all(others.map(echoes));
    others.forEach(closeQuietly);
    await site.released();
  },
);

limited.test(
  { linux: true, notOnNode: true },
  "clients that stall do not fill --max-connections",
  async (site) => {
    const kept = await site.connect();
    await echoes(kept);
    const hello = await realClientHello();
    const stalled = await Promise.all(Array.from({ length: 20 }, async () => {
      const conn = await connectRaw(site.port);
      await writeAll(conn, hello.subarray(0, hello.length >> 1));
      return conn;
    }));
    try {
      for (let round = 0; round < 5; round++) await site.echoOnce();
      await echoes(kept);
      await site.stud.output(/gave way to a new client: --max-connections 5 reached/);
    } finally {
      [...stalled, kept].forEach(closeQuietly);
    }
    await site.released();
  },
);

testWith(
  LINUX,
  "a client beyond --max-connections-per-client is reset at once and counted",
  async () => {
    await using site = await Site.startEcho(["--max-connections-per-client", "2"]);
    const clients = [await site.connect(), await site.connect()];
    await Promise.all(clients.map(echoes));
    const hello = await realClientHello();
    for (let round = 0; round < 20; round++) {
      // It may be reset before it has noticed that it is connected.
      const answer = await answerTo(site.port, hello).catch(() => undefined);
      assertEquals(answer?.bytes.length ?? 0, 0, "it was answered");
    }
    await Promise.all(clients.map(echoes));
    await site.stud.output(
      /warning: .*connection refused: --max-connections-per-client 2 reached \(client 127\.0\.0\.1/,
    );
    closeQuietly(clients[0]!);
    await eventually("there is room again", () => site.echoOnce().then(() => true, () => false));
    closeQuietly(clients[1]!);
    await site.released();
    site.stud.signal("SIGTERM");
    await site.stud.output(/stopped: .*, [2-9]\d refused/);
  },
);

testWith(
  { linux: true },
  "with --proxy-proxy clients are distinguished by the header, and checks without one are not counted",
  async () => {
    await using site = await Site.start({
      args: [BY_OPENSSL, "--proxy-proxy", "--max-connections-per-client", "1"],
      backend: Backend.serve(echo),
    });
    const header = (host: string) => `PROXY TCP4 ${host} 192.0.2.1 56324 443\r\n`;
    const begin = async (line: string) => {
      const conn = await connectRaw(site.port);
      const hello = await realClientHello();
      await writeAll(conn, new TextEncoder().encode(line));
      await writeAll(conn, hello);
      const answer = await conn.read(new Uint8Array(1)).catch(() => null);
      return { conn, isAnswered: answer !== null };
    };
    const first = await begin(header("198.51.100.7"));
    const again = await begin(header("198.51.100.7"));
    const other = await begin(header("198.51.100.8"));
    const checks = [await begin("PROXY UNKNOWN\r\n"), await begin("PROXY UNKNOWN\r\n")];
    const all = [first, again, other, ...checks];
    assertEquals(all.map(({ isAnswered }) => isAnswered), [true, false, true, true, true]);
    await site.stud.output(/connection refused: .* on behalf of 198\.51\.100\.7:56324/);
    all.forEach(({ conn }) => closeQuietly(conn));
    await site.released();
  },
);

const OWN_LIMIT = 'frontend = { host = "127.0.0.1" port = "0" max-connections-per-client = 1 }';
const reloading = new Shared(() => ReloadingSite.start({ lines: [OWN_LIMIT] }));

const own = "a frontend has limits of its own, with the engine that all have";
reloading.test(LINUX, own, async (site) => {
  const limited = site.stud.ports[1]!;
  const clients = [await connectTls(site.port, site.first), await connectTls(limited, site.first)];
  await Promise.all(clients.map(echoes));
  await site.echoOnce();
  assertEquals(await site.echoOnce(site.first, limited).catch(() => "refused"), "refused");
  await site.stud.output(
    new RegExp(`max-connections-per-client 1 of frontend .*127\\.0\\.0\\.1.*:${limited} reached`),
  );
  clients.forEach(closeQuietly);
});

reloading.test(LINUX, "a reload changes the limits in place; nothing is cut off", async (site) => {
  const workers = site.stud.workers();
  const clients: Deno.TlsConn[] = [];
  while (clients.length < 3) clients.push(await connectTls(site.port, site.first));
  await Promise.all(clients.map(echoes));
  try {
    site.configure([OWN_LIMIT, "max-connections-per-client = 2"]);
    await site.reload();
    assertEquals(await site.echoOnce().catch(() => "refused"), "refused");
    await Promise.all(clients.map(echoes));
    site.configure([OWN_LIMIT, "max-connections-per-client = 4"]);
    await site.reload();
    await site.echoOnce();
    await Promise.all(clients.map(echoes));
    assertEquals(site.stud.workers(), workers);
    assertStringIncludes(site.stud.stdout, "reloaded: ");
  } finally {
    clients.forEach(closeQuietly);
    site.configure([OWN_LIMIT]);
    await site.reload();
  }
});

testWith(
  { linux: true, notOnNode: true },
  "with --steer-by-client a client has all of its connections, whichever the library, and no more",
  async () => {
    await using site = await Site.startEcho([
      ...["-n", "2", "--steer-by-client", "--max-connections-per-client", "3"],
    ]);
    for (let round = 0; round < 3; round++) {
      const attempts = await Promise.all(
        Array.from({ length: 8 }, () => site.connect().catch(() => undefined)),
      );
      const clients = attempts.filter((client) => client !== undefined);
      assertEquals(clients.length, 3);
      await Promise.all(clients.map(echoes));
      clients.forEach(closeQuietly);
      await site.released();
    }
  },
);
