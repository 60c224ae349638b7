/** A ClientHello may arrive in any pieces: the handshake succeeds. */

import { assertEquals } from "../support/assert.ts";
import { join, realClientHello, records } from "../support/client_hello.ts";
import { Site } from "../support/site.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";
import { answerTo } from "../support/raw_client.ts";
import { Wire, type WireOptions } from "../support/wire.ts";

testWith({ linux: true }, "a ClientHello of one octet per segment succeeds", async () => {
  await using site = await Site.startEcho();
  const cuts = (length: number) => Array.from({ length: length - 1 }, (_, at) => at + 1);
  await Promise.all(Array.from({ length: 10 }, () => echoThrough(site, { cuts })));
  await site.released();
});

testWith({ linux: true }, "a ClientHello split in two at every octet succeeds", async () => {
  await using site = await Site.startEcho();
  const { length } = await realClientHello();
  const offsets = Array.from({ length: length - 1 }, (_, at) => at + 1);
  for (let at = 0; at < offsets.length; at += 32) {
    await Promise.all(
      offsets.slice(at, at + 32).map((offset) => echoThrough(site, { cuts: () => [offset] })),
    );
  }
  assertEquals(site.backend.accepted, offsets.length);
  await site.released();
});

testWith({ linux: true }, "a ClientHello in many TLS records succeeds", async () => {
  await using site = await Site.startEcho();
  const message = (await realClientHello()).subarray(5);
  // The rest of the handshake does not follow, so look for the ServerHello (RFC 8446 section 4.1.3).
  for (const size of [1, 2, 3, 7, 64, message.length - 1]) {
    const parts: Uint8Array[] = [];
    for (let at = 0; at < message.length; at += size) {
      parts.push(records(message.subarray(at, at + size)));
    }
    const { bytes } = await answerTo(site.port, join(parts), { fin: true });
    assertEquals([bytes[0], bytes[5]], [22, 2], `records of ${size}\n${site.stud.report()}`);
  }
  await site.released();
});

async function echoThrough(site: Site, options: WireOptions): Promise<void> {
  await using wire = new Wire(site.port, options);
  await echoOnce(wire.port, site.pem);
}
