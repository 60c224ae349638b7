/** Octets that are no TLS handshake end one connection, with an alert and a reason in the log. */

import { assert, assertEquals } from "../support/assert.ts";
import { realClientHello } from "../support/client_hello.ts";
import { alertIn, answerTo } from "../support/raw_client.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { byLibrary } from "../support/stud.ts";

/** Alerts of RFC 8446 section 6. */
const UNEXPECTED_MESSAGE = 10;
const RECORD_OVERFLOW = 22;
const DECODE_ERROR = 50;
const PROTOCOL_VERSION = 70;

interface Malformed {
  readonly what: string;
  readonly bytes: Uint8Array | readonly number[] | string;
  readonly alert: number;
  readonly reason: string;
}

const UNEXPECTED = "the client broke the protocol (unexpected message)";

const NOT_TLS = "not TLS (plain HTTP, a PROXY line or another protocol)";
const SSLV2_HELLO = [0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10, 1, 0, 0x80, ...zeros(35)];

const MALFORMED: readonly Malformed[] = [
  {
    what: "plain HTTP",
    bytes: "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    alert: DECODE_ERROR,
    reason: NOT_TLS,
  },
  {
    what: "an unexpected PROXY line",
    bytes: "PROXY TCP4 192.0.2.1 192.0.2.2 1234 443\r\n",
    alert: DECODE_ERROR,
    reason: NOT_TLS,
  },
  {
    what: "an SSLv2 hello",
    bytes: SSLV2_HELLO,
    ...byLibrary({
      rustls: { alert: DECODE_ERROR, reason: NOT_TLS },
      openssl: {
        alert: PROTOCOL_VERSION,
        reason: "an SSLv2 ClientHello, which is obsolete and insecure",
      },
    }),
  },
  {
    what: "a record that is longer than any may be",
    bytes: [22, 3, 1, 0xff, 0xff, 1, 0, 0, 0],
    alert: byLibrary({ rustls: DECODE_ERROR, openssl: RECORD_OVERFLOW }),
    reason: "malformed TLS record",
  },
  {
    what: "a handshake record without a handshake",
    bytes: [22, 3, 1, 0, 0],
    alert: DECODE_ERROR,
    reason: byLibrary({ rustls: "malformed TLS message", openssl: "malformed TLS record" }),
  },
  {
    what: "application data before the handshake",
    bytes: [23, 3, 3, 0, 10, ...zeros(10)],
    alert: UNEXPECTED_MESSAGE,
    reason: UNEXPECTED,
  },
  {
    what: "a ServerHello from a client",
    bytes: [22, 3, 3, 0, 8, 2, 0, 0, 4, ...zeros(4)],
    ...byLibrary({
      rustls: { alert: DECODE_ERROR, reason: "malformed TLS message" },
      openssl: { alert: UNEXPECTED_MESSAGE, reason: UNEXPECTED },
    }),
  },
];

const sites = new Shared(() => Site.startEcho([], 12));

for (const { what, bytes, alert, reason } of MALFORMED) {
  sites.test(
    { linux: true },
    `${what} is answered with an alert and named in the log`,
    async (site) => {
      const { worker } = site;
      const sent = typeof bytes === "string"
        ? new TextEncoder().encode(bytes)
        : Uint8Array.from(bytes);
      const answer = await answerTo(site.port, sent);
      assertEquals([alertIn(answer), answer.end], [alert, "clean"], site.stud.report());
      await site.stud.output(/handshake failed/);
      const line = site.stud.stdout.split("\n").find((each) => each.includes("handshake failed"))!;
      const [, found, client] = /handshake failed: (.*) \(client (.*):\d+ to 127\./.exec(line) ??
        [];
      assertEquals([found, client], [reason, "127.0.0.1"], line);
      await site.echoOnce();
      assertEquals(site.worker, worker);
      await site.released();
    },
  );
}

sites.test({ linux: true }, "random octets end their connection and nothing else", async (site) => {
  const { worker } = site;
  await Promise.all(Array.from({ length: 100 }, async () => {
    const random = crypto.getRandomValues(new Uint8Array(20_000));
    const { bytes } = await answerTo(site.port, random, { fin: true });
    assert(bytes.length < 100, `stud answered with ${bytes.length} octets`);
  }));
  await site.echoOnce();
  assertEquals(site.worker, worker);
  await site.released();
});

sites.test(
  { linux: true },
  "a ClientHello with one wrong octet anywhere harms no other client",
  async (site) => {
    const { worker } = site;
    const hello = await realClientHello();
    for (let at = 0; at < hello.length; at += 32) {
      const offsets = hello.slice(at, at + 32).map((_, index) => at + index);
      await Promise.all([...offsets].map(async (offset) => {
        const wrong = hello.slice();
        wrong[offset]! ^= 0xff;
        await answerTo(site.port, wrong, { fin: true });
      }));
    }
    await site.echoOnce();
    assertEquals(site.worker, worker);
    await site.released();
  },
);

function zeros(count: number): number[] {
  return Array<number>(count).fill(0);
}
