/** The contract of a TLS engine: what happens when another one, for another configuration, takes its place. */

import { assertEquals } from "../support/assert.ts";
import { writeAll } from "../support/backend.ts";
import { within } from "../support/eventually.ts";
import type { Duplex } from "../../src/runtime/runtime.ts";
import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { platform } from "#contract-platform";
import { configurationOf, contract, type EngineSite } from "./engine_site.ts";

contract("with the same certificate, the listener is adopted and serves on", async (site) => {
  const { client, server } = await site.pair();
  const same = {
    ...site.configuration,
    ticketSecret: btoa("another secret, of 32 octets or more"),
  };
  const adopt = await (await site.under.make(same)).adopt(site.listener);
  adopt!();
  await relays(client, server);
  await site.pair();
});

contract(
  "with another certificate, new clients get that, and those of before go on",
  async (site) => {
    const next = configurationOf(await makeSelfSigned("localhost", new Date()));
    const adopt = await (await site.under.make(next)).adopt(site.listener);
    // An engine that needs a socket of its own says so.
    if (adopt === undefined) return assertEquals(site.under.name, "rustls on Deno");
    const before = await site.pair();
    const { certificate, waiting } = await arriving(site, next.certificates[0]!.certificateChain);
    adopt();
    // One that has been accepted already, and has begun no handshake, is served as new ones are.
    await within(10_000, "the handshake", waiting.handshake());
    (await certificate).close();
    const after = await arriving(site, next.certificates[0]!.certificateChain);
    await within(10_000, "the handshake", after.waiting.handshake());
    (await after.certificate).close();
    await relays(before.client, before.server);
  },
);

contract("an engine that is not wanted after all leaves the listener alone", async (site) => {
  const next = configurationOf(await makeSelfSigned("localhost", new Date()));
  const engine = await site.under.make(next);
  await engine.adopt(site.listener);
  engine.discard();
  const { client, server } = await site.pair();
  await relays(client, server);
});

/** A client that trusts this certificate alone, and its connection before the handshake. */
async function arriving(site: EngineSite, trusted: string) {
  const certificate = platform.connectTls(site.port, trusted);
  certificate.catch(() => {});
  return { certificate, waiting: await site.accept() };
}

async function relays(
  client: { read(into: Uint8Array): number | null | Promise<number | null> },
  server: Pick<Duplex, "write">,
) {
  await writeAll(server, new TextEncoder().encode("still there"));
  const into = new Uint8Array(64);
  const count = await within(10_000, "an answer", client.read(into));
  assertEquals(new TextDecoder().decode(into.subarray(0, count ?? 0)), "still there");
}
