/** `--proxy-proxy`: a PROXY header that comes before the handshake reaches the backend octet for octet. */

import { assert, assertEquals } from "../support/assert.ts";
import { closeQuietly, writeAll } from "../support/backend.ts";
import { within } from "../support/eventually.ts";
import { decodeProxyV2 } from "../support/proxy_v2_decoder.ts";
import { answerTo, connectRaw } from "../support/raw_client.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { connectTls, receive, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";
import { startHaproxyBefore } from "../support/web_servers.ts";
import { Wire } from "../support/wire.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const ARGS = [BY_OPENSSL, "--proxy-proxy"];
const octetsOf = (text: string) => new TextEncoder().encode(text);

/** A header of version 2 with this command, family and rest. */
function version2(command: number, family: number, rest: readonly number[] | Uint8Array) {
  const signature = [13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10];
  const length = [rest.length >> 8, rest.length & 0xff];
  return Uint8Array.of(...signature, command, family, ...length, ...rest);
}

const LINE = octetsOf("PROXY TCP4 198.51.100.7 192.0.2.1 56324 443\r\n");
const IPV4 = [198, 51, 100, 7, 192, 0, 2, 1, 0xdc, 4, 1, 0xbb];
const HEADERS: Readonly<Record<string, Uint8Array>> = {
  "TCP4": LINE,
  "UNKNOWN": octetsOf("PROXY UNKNOWN whatever\r\n"),
  "TCP over IPv4 with a TLV": version2(0x21, 0x11, [...IPV4, 0xe5, 0, 1, 22]),
  "LOCAL": version2(0x20, 0, []),
  "an unknown family": version2(0x21, 0x51, [1, 2, 3]),
  "the longest": version2(0x21, 0, new Uint8Array((16 << 10) - 16).fill(22)),
};

const sites = new Shared(() => Site.start({ args: ARGS }));

sites.test(
  NEEDS,
  "headers of every kind are passed on as they are, before the plaintext",
  async (site) => {
    for (const [what, before] of Object.entries(HEADERS)) {
      assertEquals(await passedOn(site, { before }), before, `${what}, with the hello behind it`);
      if (before.length > 1_000) continue;
      const cuts = () => Array.from(before, (_, at) => at + 1);
      assertEquals(await passedOn(site, { before, cuts }), before, `${what}, octet by octet`);
    }
  },
);

sites.test(NEEDS, "a header that is split at any byte is passed on as it is", async (site) => {
  for (const before of [LINE, version2(0x21, 0x11, IPV4)]) {
    for (let at = 1; at <= before.length + 1; at++) {
      assertEquals(await passedOn(site, { before, cuts: () => [at] }), before, `split at ${at}`);
    }
  }
});

const behindHaproxy = "what HAProxy sends in front, in either version, reaches the backend";
sites.test({ ...NEEDS, tools: ["haproxy", "openssl"] }, behindHaproxy, async (site) => {
  for (const version of [1, 2] as const) {
    // The connection that finds out whether HAProxy listens gets no further than to stud.
    await using haproxy = await startHaproxyBefore(site.port, version);
    const port = Number(haproxy.address.split(",")[1]);
    const accepted = site.backend.accept();
    using client = await connectTls(port, site.pem);
    const own = (client.localAddr as Deno.NetAddr).port;
    await send(client, PLAINTEXT);
    await client.closeWrite();
    const { bytes, text } = await receive(await accepted);
    if (version === 1) {
      assertEquals(text, `PROXY TCP4 127.0.0.1 127.0.0.1 ${own} ${port}\r\n${PLAINTEXT}`);
      continue;
    }
    const { source, destination, length } = decodeProxyV2(bytes);
    assertEquals([source, destination], [`127.0.0.1 ${own}`, `127.0.0.1 ${port}`]);
    assertEquals(new TextDecoder().decode(bytes.subarray(length)), PLAINTEXT);
  }
});

/** What comes instead of a header, and what the log says of it. */
const GARBAGE: readonly (readonly [Uint8Array, string])[] = [
  [
    octetsOf("GET / HTTP/1.1\r\n\x1b[31m"),
    'no PROXY header (CLIENT; it sent "GET / HTTP/1.1\\x0d\\x0a\\x1b[31m")',
  ],
  [
    Uint8Array.of(22, 3, 1, 0, 100),
    'no PROXY header, but TLS at once (CLIENT; it sent "\\x16\\x03\\x01\\x00d")',
  ],
  [
    octetsOf(`PROXY UNKNOWN ${"x".repeat(100)}`),
    'a PROXY header of version 1 with more than 107 bytes (CLIENT; it sent "PROXY UNKNOWN xxxx',
  ],
  [octetsOf("PROXY TCP4 1.2.3.4\r\n"), "malformed PROXY header of version 1 (CLIENT; it sent"],
  [version2(0x21, 0x11, [1, 2]), "malformed PROXY header of version 2 (too short for its"],
  [version2(0x21, 0x11, []).fill(255, 14), "a PROXY header of more than 16 KiB (CLIENT; it sent"],
];

sites.test(NEEDS, "anything else ends the connection, and the log says what came", async (site) => {
  for (const [bytes, line] of GARBAGE) {
    const { bytes: answer } = await answerTo(site.port, bytes);
    assertEquals(answer.length, 0);
    const words = line.replaceAll(/[\\^$.*+?()[\]{}|]/g, "\\$&");
    await site.stud.output(
      new RegExp(words.replace("CLIENT", "client 127\\.0\\.0\\.1:\\d+ to 127\\.0\\.0\\.1:\\d+")),
    );
  }
  await answerTo(site.port, Uint8Array.of(...LINE, ...octetsOf("GET / HTTP/1.1\r\n\r\n")));
  await site.stud.output(
    /not TLS .*\(client 127\.0\.0\.1:\d+ on behalf of 198\.51\.100\.7:56324 to 127\.0\.0\.1:/,
  );
  assertEquals(await passedOn(site, { before: LINE }), LINE, "others are served");
  assertEquals(site.backend.accepted, 1, "the backend heard of nobody else");
  await site.released();
});

testWith(
  NEEDS,
  "a client that stalls in its header or behind it is gone at the deadline",
  async () => {
    await using site = await Site.start({ args: [...ARGS, "--ssl-handshake-timeout", "1"] });
    const began = Date.now();
    const stalled = [LINE.subarray(0, 20), version2(0x21, 0, [1, 2]).subarray(0, 17), LINE];
    const clients = await Promise.all(stalled.map(async (bytes) => {
      const client = await connectRaw(site.port);
      await writeAll(client, bytes);
      return client;
    }));
    await Promise.all(clients.map((client) => receive(client)));
    assert(Date.now() - began >= 900, "one was ended too early");
    for (const client of clients) closeQuietly(client);
    await site.stud.output(
      /handshake failed: no PROXY header within --ssl-handshake-timeout \(client /,
    );
    await site.stud.output(
      /no handshake within --ssl-handshake-timeout \(client .* on behalf of 198/,
    );
    await site.released();
  },
);

interface Passage {
  readonly before: Uint8Array;
  readonly cuts?: (length: number) => readonly number[];
}

/** What the backend reads before the plaintext of a client. */
async function passedOn(site: Site, passage: Passage): Promise<Uint8Array> {
  await using wire = new Wire(site.port, passage);
  const accepted = site.backend.accept();
  accepted.catch(() => {});
  using client = await connectTls(wire.port, site.pem);
  await send(client, PLAINTEXT);
  await client.closeWrite();
  const conn = await accepted;
  const { bytes } = await within(10_000, "the backend's part", receive(conn));
  closeQuietly(conn);
  const length = bytes.length - PLAINTEXT.length;
  assertEquals(new TextDecoder().decode(bytes.subarray(length)), PLAINTEXT);
  return bytes.subarray(0, length);
}

const PLAINTEXT = "plaintext";
