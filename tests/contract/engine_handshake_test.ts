/** The contract of a TLS engine: handshakes that succeed, fail, or never end. */

import { assert, assertEquals } from "../support/assert.ts";
import {
  helloHeader,
  records,
  withGroups,
  withPadding,
  withVersions,
} from "../support/client_hello.ts";
import { eventually } from "../support/eventually.ts";
import { ENGINES } from "../../src/tls/engines.ts";
import { postQuantum } from "../../src/tls/post_quantum.ts";
import { ja4 } from "../../src/wire/ja4.ts";
import { fragmented, FRESH } from "../support/hello_samples.ts";
import { contract } from "./engine_site.ts";

/** What a client sends first, and the reason an operator reads. The words are the same for every engine. */
const REFUSED: Readonly<Record<string, readonly [Uint8Array, string, ...codes: string[]]>> = {
  "plain HTTP": [
    new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"),
    "not TLS (plain HTTP, a PROXY line or another protocol)",
    // Only an engine that sees the bytes knows what they are.
    ...["plain-http", "not-tls"],
  ],
  "a PROXY line": [
    new TextEncoder().encode("PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n"),
    "not TLS (plain HTTP, a PROXY line or another protocol)",
    "not-tls",
  ],
  "a record of 64 KiB": [
    Uint8Array.of(22, 3, 1, 255, 255, 1),
    ...["malformed TLS record", "malformed"] as const,
  ],
  "a ClientHello of nonsense": [
    records(Uint8Array.of(...helloHeader(40), ...new Uint8Array(40))),
    ...["malformed TLS message", "malformed"] as const,
  ],
  "application data": [
    Uint8Array.of(23, 3, 3, 0, 1, 0),
    ...["the client broke the protocol (unexpected message)", "malformed"] as const,
  ],
};

for (const [what, [bytes, words, code, codeUnseen = code]] of Object.entries(REFUSED)) {
  contract(`${what} fails the handshake, and the reason is plain`, async (site) => {
    await site.connectRaw(bytes);
    const { kind, party, message, reason } = await site.fault((await site.accept()).handshake());
    const { seesHello } = ENGINES[site.under.library];
    assertEquals([party, kind, message], ["client", "handshake", words]);
    assertEquals(reason, seesHello ? code : codeUnseen);
  });
}

contract("a client that does not trust the certificate is reported as such", async (site) => {
  const client = await site.connectRaw(FRESH);
  const server = await site.accept();
  const handshake = server.handshake();
  handshake.catch(() => {});
  assert(await client.read(new Uint8Array(4096)) !== null);
  await client.write(UNKNOWN_CA);
  const { kind, message, cause, reason } = await site.fault(handshake);
  assertEquals([kind, reason], ["handshake", "certificate-refused-by-client"]);
  assert(/unknown_?ca/i.test(`${message} ${cause}`), message);
});

contract("a client that leaves during the handshake is reported as such", async (site) => {
  const conn = await site.connectRaw(FRESH.subarray(0, 50));
  const handshake = (await site.accept()).handshake();
  handshake.catch(() => {});
  await conn.closeWrite();
  const { kind, message, reason } = await site.fault(handshake);
  assertEquals([kind, reason, message], [
    ...["handshake", "closed"],
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
  const { kind, message, reason } = await site.fault(handshake);
  assertEquals(
    [kind, reason, message],
    ["handshake", "reset", "the client reset the connection during the handshake"],
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

/** What of a real hello is changed, so that nothing is in common, and the code of that. */
const NOTHING_IN_COMMON: Readonly<Record<string, (hello: Uint8Array) => Uint8Array>> = {
  "no-shared-version": (hello) => withVersions(hello, [0x0302]),
  "no-shared-group": (hello) => withGroups(hello, [0x0020]),
};

for (const [code, change] of Object.entries(NOTHING_IN_COMMON)) {
  contract(`${code} has its code, and the hello can be looked at`, async (site) => {
    const bytes = change(FRESH);
    await site.connectRaw(bytes);
    const client = await site.accept();
    const { kind, reason } = await site.fault(client.handshake());
    assertEquals([kind, reason], ["handshake", code]);
    const { seesHello } = ENGINES[site.under.library];
    assertEquals(client.failedHello, seesHello ? bytes : undefined);
  });
}

contract("a post-quantum key exchange is offered where postQuantum() says so", async (site) => {
  const { library } = await site.under.make(site.configuration);
  const { groups } = postQuantum(library, site.configuration.engine);
  const client = await site.connectRaw(withGroups(FRESH, [X25519_MLKEM768]));
  const handshake = (await site.accept()).handshake();
  handshake.catch(() => {});
  const answer = new Uint8Array(4096);
  assert(await client.read(answer) !== null);
  // A HelloRetryRequest for that group (RFC 8446 section 4.1.4), or an alert.
  assertEquals(answer[0], groups.length > 0 ? 22 : 21);
});

contract("a client that leaves after the server's answer has told what it offers", async (site) => {
  const conn = await site.connectRaw(FRESH);
  const client = await site.accept();
  const handshake = client.handshake();
  handshake.catch(() => {});
  assert(await conn.read(new Uint8Array(4096)) !== null);
  await site.reset(conn);
  assertEquals((await site.fault(handshake)).reason, "reset");
  const { seesHello } = ENGINES[site.under.library];
  assertEquals(client.failedHello, seesHello ? FRESH : undefined);
});

contract("a handshake that succeeds keeps no hello", async (site) => {
  const { accepted } = await site.pair();
  assertEquals(accepted.failedHello, undefined);
});

contract("a ClientHello of two segments is answered without delay", async (site) => {
  const bytes = withPadding(FRESH, 1_500);
  let fastest = Infinity;
  for (let round = 0; round < 5; round++) {
    const client = await site.connectRaw(bytes.subarray(0, 1_400));
    const server = await site.accept();
    server.handshake().catch(() => {});
    const began = performance.now();
    await client.write(bytes.subarray(1_400));
    const answer = new Uint8Array(4096);
    assert(await client.read(answer) !== null);
    fastest = Math.min(fastest, performance.now() - began);
    // A ServerHello (RFC 8446 section 4.1.3) in a handshake record.
    assertEquals([answer[0], answer[5]], [22, 2]);
    await site.reset(server);
  }
  // Less than a delayed acknowledgement (40 ms) or a retransmission (200 ms and more) takes.
  assert(fastest < 40, `${fastest} ms`);
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

const X25519_MLKEM768 = 0x11ec;
/** A fatal alert before encryption, which both versions allow (RFC 8446 section 6). */
const UNKNOWN_CA = Uint8Array.of(21, 3, 3, 0, 2, 2, 48);
