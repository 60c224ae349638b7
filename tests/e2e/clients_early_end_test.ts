/** Clients that leave before their handshake is done leave nothing behind. */

import { assertEquals } from "../support/assert.ts";
import { closeQuietly, writeAll } from "../support/backend.ts";
import { realClientHello } from "../support/client_hello.ts";
import { eventually } from "../support/eventually.ts";
import { ownersOf } from "../support/proc.ts";
import { connectRaw } from "../support/raw_client.ts";
import { resetConnection } from "../support/reset.ts";
import { Site } from "../support/site.ts";
import { receive } from "../support/tls_client.ts";
import { Shared } from "../support/shared.ts";

type Leave = (conn: Deno.TcpConn) => void;

const LEAVING: Readonly<Record<string, Leave>> = {
  "a FIN": closeQuietly,
  "a reset": (conn) => {
    resetConnection(conn);
    closeQuietly(conn);
  },
};
const LEFT =
  /handshake failed: the client (closed|reset) the connection during the handshake \(client/;

const sites = new Shared(() => Site.startEcho([], 12));

for (const [how, leave] of Object.entries(LEAVING)) {
  sites.test({ linux: true }, `${how} before the first octet is released`, async (site) => {
    await leaveManyTimes(site, leave, () => Promise.resolve());
  });

  sites.test(
    { linux: true },
    `${how} inside the ClientHello is released and logged`,
    async (site) => {
      const hello = await realClientHello();
      await leaveManyTimes(site, leave, async (conns) => {
        for (const conn of conns) await writeAll(conn, hello.subarray(0, 100));
        // A connection that is reset before it is accepted is nobody's, and not logged.
        const accepted = () => !ownersOf(conns, [site.worker]).includes(undefined);
        await eventually("stud has accepted the clients", accepted);
      });
      await site.stud.output(LEFT);
    },
  );

  sites.test(
    { linux: true },
    `${how} after the ServerHello is released and logged`,
    async (site) => {
      const hello = await realClientHello();
      await leaveManyTimes(site, leave, async (conns) => {
        await Promise.all(conns.map(async (conn) => {
          await writeAll(conn, hello);
          await conn.read(new Uint8Array(4096));
        }));
      });
      await site.stud.output(LEFT);
    },
  );
}

sites.test(
  { linux: true },
  "a half-closed client before its handshake is done is ended",
  async (site) => {
    using conn = await connectRaw(site.port);
    await writeAll(conn, (await realClientHello()).subarray(0, 100));
    await conn.closeWrite();
    await receive(conn);
    await site.released();
  },
);

async function leaveManyTimes(
  site: Site,
  leave: Leave,
  prepare: (conns: readonly Deno.TcpConn[]) => Promise<void>,
): Promise<void> {
  const { worker } = site;
  const conns = await Promise.all(Array.from({ length: 50 }, () => connectRaw(site.port)));
  await prepare(conns);
  for (const conn of conns) leave(conn);
  await site.echoOnce();
  await site.released();
  assertEquals(site.worker, worker);
  assertEquals(site.backend.accepted, 1, "only the echo reaches the backend");
}
