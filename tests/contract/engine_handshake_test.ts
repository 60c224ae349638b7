/** The contract of a TLS engine: handshakes that succeed, fail, or never end. */

import { assert, assertEquals } from "../support/assert.ts";
import { helloHeader, realClientHello, records } from "../support/client_hello.ts";
import { eventually } from "../support/eventually.ts";
import { resetConnection } from "../support/reset.ts";
import { testWith } from "../support/tools.ts";
import { Wire } from "../support/wire.ts";
import { EngineSite } from "./engine_site.ts";
import { ENGINES } from "./engines.ts";

/** What a client sends first, and the reason an operator reads. The words are the same for every engine. */
const REFUSED: Readonly<Record<string, readonly [Uint8Array, string]>> = {
  "plain HTTP": [
    new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
    "not TLS (plain HTTP, a PROXY line or another protocol)",
  ],
  "a record of 64 KiB": [Uint8Array.of(22, 3, 1, 255, 255, 1), "malformed TLS record"],
  "a ClientHello of nonsense": [
    records(Uint8Array.of(...helloHeader(40), ...new Uint8Array(40))),
    "malformed TLS message",
  ],
  "application data": [
    Uint8Array.of(23, 3, 3, 0, 1, 0),
    "the client broke the protocol (unexpected message)",
  ],
};

for (const under of ENGINES) {
  const contract = (what: string, run: (site: EngineSite) => Promise<void>) =>
    testWith({ linux: true }, `${under.name}: ${what}`, async () => {
      await using site = await EngineSite.open(under);
      await run(site);
    });

  for (const [what, [octets, reason]] of Object.entries(REFUSED)) {
    contract(`${what} fails the handshake, and the reason is plain`, async (site) => {
      await site.connectRaw(octets);
      const { kind, party, message } = await site.fault((await site.accept()).handshake());
      assertEquals([party, kind, message], ["client", "handshake", reason]);
    });
  }

  contract("a client that does not trust the certificate is reported as such", async (site) => {
    const connecting = site.fault(
      Deno.connectTls({ hostname: "127.0.0.1", port: site.port }).then(async (conn) => {
        await conn.handshake().finally(() => conn.close());
      }),
    );
    // Under TLS 1.3 the alert may come after the server's part is done.
    const server = await site.accept();
    const fault = await site.fault(
      server.handshake().then(() => server.read(new Uint8Array(1))),
    );
    await connecting;
    assert(/unknown_?ca/i.test(`${fault.message} ${fault.cause}`), fault.message);
  });

  contract("a client that leaves during the handshake is reported as such", async (site) => {
    const conn = await site.connectRaw((await realClientHello()).subarray(0, 50));
    const handshake = (await site.accept()).handshake();
    handshake.catch(() => {});
    await conn.closeWrite();
    const { kind, message } = await site.fault(handshake);
    assertEquals([kind, message], ["handshake", "the client left during the handshake"]);
  });

  contract("a client that resets during the handshake is reported as such", async (site) => {
    const conn = await site.connectRaw((await realClientHello()).subarray(0, 50));
    const handshake = (await site.accept()).handshake();
    handshake.catch(() => {});
    resetConnection(conn);
    const { kind, message } = await site.fault(handshake);
    assertEquals(
      [kind, message],
      ["handshake", "the client reset the connection during the handshake"],
    );
  });

  contract("a reset by the kernel ends a handshake that waits", async (site) => {
    await site.connectRaw(Uint8Array.of(22));
    const server = await site.accept();
    const handshake = server.handshake();
    handshake.catch(() => {});
    under.runtime.kernel!.reset([server.pair]);
    assertEquals((await site.fault(handshake)).kind, "handshake");
  });

  contract("a ClientHello of one octet per segment succeeds", async (site) => {
    const cuts = (length: number) => Array.from({ length: length - 1 }, (_, at) => at + 1);
    await using wire = new Wire(site.port, { cuts });
    await site.pair(wire.port);
  });

  contract("a failed handshake leaves the listener as it was", async (site) => {
    for (let round = 0; round < 10; round++) {
      await site.connectRaw(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
      await site.fault((await site.accept()).handshake());
    }
    await site.pair();
  });

  contract("many handshakes do not wait for one that stalls", async (site) => {
    await site.connectRaw(Uint8Array.of(22));
    const stalled = await site.accept();
    let ended = false;
    stalled.handshake().catch(() => {}).finally(() => ended = true);
    for (let round = 0; round < 20; round++) await site.pair();
    assertEquals(ended, false);
    under.runtime.kernel!.reset([stalled.pair]);
    await eventually("the stalled handshake ends", () => ended);
  });

  contract("close() of the listener ends an accept that waits", async (site) => {
    const accepting = site.listener.accept();
    accepting.catch(() => {});
    site.listener.close();
    await site.fault(accepting);
  });
}
