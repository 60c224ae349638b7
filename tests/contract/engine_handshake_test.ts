/** The contract of a TLS engine: handshakes that succeed, fail, or never end. */

import { assert, assertEquals } from "../support/assert.ts";
import { helloHeader, records } from "../support/client_hello.ts";
import { eventually } from "../support/eventually.ts";
import { ja4 } from "../../src/wire/ja4.ts";
import { fragmented, FRESH } from "../support/hello_samples.ts";
import { contract } from "./engine_site.ts";

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

for (const [what, [bytes, reason]] of Object.entries(REFUSED)) {
  contract(`${what} fails the handshake, and the reason is plain`, async (site) => {
    await site.connectRaw(bytes);
    const { kind, party, message } = await site.fault((await site.accept()).handshake());
    assertEquals([party, kind, message], ["client", "handshake", reason]);
  });
}

contract("a client that does not trust the certificate is reported as such", async (site) => {
  const client = await site.connectRaw(FRESH);
  const server = await site.accept();
  const handshake = server.handshake();
  handshake.catch(() => {});
  assert(await client.read(new Uint8Array(4096)) !== null);
  await client.write(UNKNOWN_CA);
  const { kind, message, cause } = await site.fault(handshake);
  assertEquals(kind, "handshake");
  assert(/unknown_?ca/i.test(`${message} ${cause}`), message);
});

contract("a client that leaves during the handshake is reported as such", async (site) => {
  const conn = await site.connectRaw(FRESH.subarray(0, 50));
  const handshake = (await site.accept()).handshake();
  handshake.catch(() => {});
  await conn.closeWrite();
  const { kind, message } = await site.fault(handshake);
  assertEquals([kind, message], [
    "handshake",
    "the client closed the connection during the handshake",
  ]);
});

for (const leave of ["closeWrite", "reset"] as const) {
  contract(
    `a client that leaves before it sends anything is no failure, ${leave}()`,
    async (site) => {
      const conn = await site.connectRaw(new Uint8Array());
      // The kernel may hold a client back for some seconds that sends nothing.
      const handshake = (await site.accept()).handshake();
      handshake.catch(() => {});
      if (leave === "reset") await site.reset(conn);
      else await conn.closeWrite();
      const { party, kind, message } = await site.fault(handshake);
      assertEquals([party, kind, message], [
        ...["client", "silent", "the client closed the connection before it sent anything"],
      ]);
    },
  );
}

contract("one octet before it leaves is the beginning of a handshake", async (site) => {
  for (const leave of ["closeWrite", "reset"] as const) {
    const conn = await site.connectRaw(Uint8Array.of(22));
    const handshake = (await site.accept()).handshake();
    handshake.catch(() => {});
    if (leave === "reset") await site.reset(conn);
    else await conn.closeWrite();
    assertEquals((await site.fault(handshake)).kind, "handshake");
  }
});

contract("a client that resets during the handshake is reported as such", async (site) => {
  const conn = await site.connectRaw(FRESH.subarray(0, 50));
  const handshake = (await site.accept()).handshake();
  handshake.catch(() => {});
  await site.reset(conn);
  const { kind, message } = await site.fault(handshake);
  assertEquals(
    [kind, message],
    ["handshake", "the client reset the connection during the handshake"],
  );
});

contract("a reset of ours ends a handshake that waits", async (site) => {
  await site.connectRaw(Uint8Array.of(22));
  const server = await site.accept();
  const handshake = server.handshake();
  handshake.catch(() => {});
  await site.reset(server);
  assertEquals((await site.fault(handshake)).kind, "handshake");
});

contract("whoever asks is shown the whole ClientHello, if the engine sees it", async (site) => {
  for (const bytes of [FRESH, fragmented(FRESH, [3, 100])]) {
    const client = await site.connectRaw(bytes.subarray(0, 60));
    const server = await site.accept();
    const shown: (string | undefined)[] = [];
    server.handshake((hello) => void shown.push(ja4(hello))).catch(() => {});
    await client.write(bytes.subarray(60));
    assert(await client.read(new Uint8Array(4096)) !== null);
    assertEquals(shown, server.serverName === undefined ? [] : [ja4(FRESH)]);
    await site.reset(server);
  }
});

contract("a ClientHello of one octet per segment succeeds", async (site) => {
  await using wire = await site.wire({ chop: true });
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
  await site.reset(stalled);
  await eventually("the stalled handshake ends", () => ended);
});

contract("close() of the listener ends an accept that waits", async (site) => {
  const accepting = site.listener.accept();
  accepting.catch(() => {});
  site.listener.close();
  await site.fault(accepting);
});

/** A fatal alert before encryption, which both versions allow (RFC 8446 section 6). */
const UNKNOWN_CA = Uint8Array.of(21, 3, 3, 0, 2, 2, 48);
