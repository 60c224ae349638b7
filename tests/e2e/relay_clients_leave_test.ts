/**
 * Clients that leave without close_notify, as most do: once they are answered that is an orderly end for the
 * backend, and as long as something of theirs may be missing it is a reset.
 */

import { assert, assertEquals } from "../support/assert.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { BY_OPENSSL, TLS_LIBRARY } from "../support/stud.ts";
import { connectTls, receive, receiveText, send } from "../support/tls_client.ts";
import { Wire } from "../support/wire.ts";

const linux = { linux: true };

const sites = new Shared(() => Site.start());
/** The same, where OpenSSL is what is tested anyway. */
const byOpenSsl = TLS_LIBRARY === "rustls"
  ? new Shared(() => Site.start({ args: [BY_OPENSSL] }))
  : sites;

/** A client behind a wire, and its connection at the backend. */
interface Through {
  readonly site: Site;
  readonly wire: Wire;
  readonly client: Deno.TlsConn;
  readonly peer: Deno.Conn;
}

/** Connects some times. Afterwards stud must have released everything. */
async function through(
  site: Site,
  rounds: number,
  use: (one: Through) => Promise<void>,
): Promise<void> {
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

sites.test(
  linux,
  "a client's FIN without close_notify, after its answer, is a FIN for the backend",
  (site) =>
    through(site, 10, async (one) => {
      await converse(one);
      await one.wire.endWithFin();
      await assertEnd(one, "FIN");
    }),
);

sites.test(
  linux,
  "a client's reset after its answer is a FIN for the backend",
  (site) =>
    through(site, 10, async (one) => {
      await converse(one);
      one.wire.reset();
      await assertEnd(one, "FIN");
    }),
);

sites.test(
  linux,
  "a client that said nothing leaves the backend a FIN",
  (site) =>
    through(site, 1, async (one) => {
      await one.wire.endWithFin();
      await assertEnd(one, "FIN");
    }),
);

sites.test(
  linux,
  "a client that leaves before its answer is a reset for the backend",
  (site) =>
    through(site, 5, async (one) => {
      await converse(one);
      await send(one.client, "another question");
      assertEquals(await receiveText(one.peer, 16), "another question");
      await one.wire.endWithFin();
      await assertEnd(one, "RST");
    }),
);

sites.test(
  linux,
  "a client that leaves in the middle of an upload is a reset for the backend",
  (site) =>
    through(site, 5, async (one) => {
      await converse(one);
      const upload = "x".repeat(100_000);
      await send(one.client, upload);
      assertEquals(await receiveText(one.peer, upload.length), upload);
      await one.wire.endWithFin();
      await assertEnd(one, "RST");
    }),
);

sites.test(
  linux,
  "what a client sent before it left is delivered",
  (site) =>
    through(site, 10, async (one) => {
      const sent = "x".repeat(10_000);
      await send(one.client, sent);
      await send(one.peer, "all sent");
      assertEquals(await receiveText(one.client, 8), "all sent");
      await one.wire.endWithFin();
      // Whether it counts as answered depends on which of both stud saw first.
      assertEquals((await receive(one.peer)).text, sent);
    }),
);

byOpenSsl.test(
  { ...linux, notOnNode: true },
  "a client that leaves within a TLS record is a reset for the backend, though it was answered",
  (site) =>
    through(site, 5, async (one) => {
      await converse(one);
      one.wire.endWithin("request");
      await send(one.client, "more that never comes");
      await assertEnd(one, "RST");
    }),
);
