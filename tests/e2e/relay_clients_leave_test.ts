/**
 * Clients that leave without close_notify, as most do: once they are answered that is an orderly end for the
 * backend, and as long as something of theirs may be missing it is a reset.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { Site } from "../support/site.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { connectTls, receive, receiveText, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";
import { Wire } from "../support/wire.ts";

const linux = { linux: true };

/** A client behind a wire, and its connection at the backend. */
interface Through {
  readonly site: Site;
  readonly wire: Wire;
  readonly client: Deno.TlsConn;
  readonly peer: Deno.Conn;
}

/** Connects once. Afterwards stud must have released everything. */
async function through(
  use: (one: Through) => Promise<void>,
  args: readonly string[] = [],
  rounds = 1,
): Promise<void> {
  await using site = await Site.start({ args });
  for (let round = 0; round < rounds; round++) {
    await using wire = new Wire(site.port);
    using client = await connectTls(wire.port, site.pem);
    await use({ site, wire, client, peer: await site.backend.accept() });
  }
  await site.released();
}

/** The client's question arrives, and the backend's answer. */
async function converse({ client, peer }: Through): Promise<void> {
  await send(client, "question");
  assertEquals(await receiveText(peer, 8), "question");
  await send(peer, "answer");
  assertEquals(await receiveText(client, 6), "answer");
}

/** What the backend sees at the end. */
async function assertEnd({ site, peer }: Through, end: "FIN" | "RST"): Promise<void> {
  const seen = await receive(peer);
  assertEquals(seen.text, "");
  const matches = end === "FIN" ? seen.end === "clean" : /reset/i.test(seen.end);
  assert(matches, `the backend saw this end: ${seen.end}\n${site.stud.report()}`);
}

testWith(
  linux,
  "a client's FIN without close_notify, after its answer, is a FIN for the backend",
  () =>
    through(
      async (one) => {
        await converse(one);
        await one.wire.endWithFin();
        await assertEnd(one, "FIN");
      },
      [],
      20,
    ),
);

testWith(
  linux,
  "a client's reset after its answer is a FIN for the backend",
  () =>
    through(
      async (one) => {
        await converse(one);
        one.wire.reset();
        await assertEnd(one, "FIN");
      },
      [],
      20,
    ),
);

testWith(
  linux,
  "a client that said nothing leaves the backend a FIN",
  () =>
    through(async (one) => {
      await one.wire.endWithFin();
      await assertEnd(one, "FIN");
    }),
);

testWith(
  linux,
  "a client that leaves before its answer is a reset for the backend",
  () =>
    through(
      async (one) => {
        await converse(one);
        await send(one.client, "another question");
        assertEquals(await receiveText(one.peer, 16), "another question");
        await one.wire.endWithFin();
        await assertEnd(one, "RST");
      },
      [],
      5,
    ),
);

testWith(
  linux,
  "a client that leaves in the middle of an upload is a reset for the backend",
  () =>
    through(
      async (one) => {
        await converse(one);
        const upload = "x".repeat(100_000);
        await send(one.client, upload);
        assertEquals(await receiveText(one.peer, upload.length), upload);
        await one.wire.endWithFin();
        await assertEnd(one, "RST");
      },
      [],
      5,
    ),
);

testWith(linux, "what a client sent before it left is delivered", () =>
  through(
    async (one) => {
      const sent = "x".repeat(10_000);
      await send(one.client, sent);
      await send(one.peer, "all sent");
      assertEquals(await receiveText(one.client, 8), "all sent");
      await one.wire.endWithFin();
      // Whether it counts as answered depends on which of both stud saw first.
      assertEquals((await receive(one.peer)).text, sent);
    },
    [],
    20,
  ));

testWith(
  { ...linux, notOnNode: true },
  "a client that leaves within a TLS record is a reset for the backend, though it was answered",
  () =>
    through(
      async (one) => {
        await converse(one);
        one.wire.endWithin("request");
        await send(one.client, "more that never comes");
        await assertEnd(one, "RST");
      },
      [BY_OPENSSL],
      5,
    ),
);
