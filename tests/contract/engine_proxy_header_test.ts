/** The contract of a TLS engine: a PROXY header before the handshake, and what only a library that tells can tell. */

import { ENGINES } from "../../src/tls/engines.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { join } from "../support/client_hello.ts";
import { FRESH } from "../support/hello_samples.ts";
import { contract, type EngineSite } from "./engine_site.ts";

const LINE = new TextEncoder().encode("PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n");

/** A header of version 2 with so many octets behind the length: a LOCAL one, whose rest means nothing. */
function localHeader(length: number): Uint8Array {
  const start = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 0x20, 0, length >> 8, length];
  return join([Uint8Array.from(start), new Uint8Array(length).fill(22)]);
}

/** A contract of the engines that see what comes before a handshake; the others say that they cannot. */
function headerContract(what: string, run: (site: EngineSite) => Promise<void>): void {
  contract(what, async (site) => {
    if (ENGINES[site.under.library].seesHello) return await run(site);
    await site.connectRaw(LINE);
    assertEquals((await site.accept()).readProxyHeader, undefined);
  });
}

headerContract("a header is taken, and the hello behind it begins the handshake", async (site) => {
  for (const header of [LINE, localHeader(0), localHeader(5_000), localHeader(16_368)]) {
    const client = await site.connectRaw(join([header, FRESH]));
    const server = await site.accept();
    await server.readProxyHeader!();
    assertEquals(server.takeProxyHeader!(), header);
    assertEquals(server.takeProxyHeader!(), undefined, "it is kept");
    const named = header === LINE ? { host: "198.51.100.7", port: 56_324 } : undefined;
    assertEquals(server.clientInHeader, named);
    const handshake = server.handshake();
    handshake.catch(() => {});
    const answer = new Uint8Array(4096);
    assert(await client.read(answer) !== null);
    // A ServerHello (RFC 8446 section 4.1.3).
    assertEquals([answer[0], answer[5]], [22, 2]);
    await site.reset(client);
    await site.fault(handshake);
  }
});

headerContract("anything but a header fails, and the reason is plain", async (site) => {
  await site.connectRaw(FRESH);
  const { kind, party, message, detail } = await site.fault(
    (await site.accept()).readProxyHeader!(),
  );
  assertEquals([kind, party], ["handshake", "client"]);
  assertEquals(message, "no PROXY header, but TLS at once");
  assert(detail!.startsWith('it sent "\\x16\\x03'), detail);
});

headerContract(
  "a client that leaves behind its header, or without one, is no failure",
  async (site) => {
    for (const header of [new Uint8Array(), LINE, localHeader(0)]) {
      const client = await site.connectRaw(header);
      const server = await site.accept();
      const handshake = (async () => {
        await server.readProxyHeader!();
        await server.handshake();
      })();
      handshake.catch(() => {});
      await client.closeWrite();
      assertEquals((await site.fault(handshake)).kind, "silent");
    }
  },
);

headerContract("a client that leaves in its header is reported as such", async (site) => {
  const client = await site.connectRaw(LINE.subarray(0, 20));
  const reading = (await site.accept()).readProxyHeader!();
  reading.catch(() => {});
  await client.closeWrite();
  const { kind, message } = await site.fault(reading);
  assertEquals([kind, message], [
    "handshake",
    "the client closed the connection during the handshake",
  ]);
});

headerContract("a reset of ours ends a header that waits", async (site) => {
  await site.connectRaw(LINE.subarray(0, 20));
  const server = await site.accept();
  const reading = server.readProxyHeader!();
  reading.catch(() => {});
  await site.reset(server);
  assertEquals((await site.fault(reading)).kind, "handshake");
});

headerContract("the algorithms of the certificate that was shown are told", async (site) => {
  const { secure } = await site.pair();
  assertEquals(secure.negotiated!.certificate, { signature: "SHA256", key: "EC256" });
});
