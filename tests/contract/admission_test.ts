/** Who may connect by the names in its certificate, with every engine that knows certificates of clients. */

import type { JsonName } from "@peculiar/x509";
import type { SecureClient } from "../../src/tls/engine.ts";
import { ENGINES } from "../../src/tls/engines.ts";
import type { ClientRules, ServedCertificate } from "../../src/tls/tls_configuration.ts";
import { parseAlternativeName, parseCommonName } from "../../src/x509/client_name.ts";
import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Authority, type Issued, type Order } from "../support/authority.ts";
import { dialerContract, type DialerSite } from "./dialer_site.ts";

/** Rules as operators write them, a certificate, and whether it is let in. */
type Row = readonly [rules: string, certificate: Pick<Order, "names" | "subject">, isIn: boolean];

/** One text each, or one in an encoding of its own. */
const cn = (...names: (string | Readonly<Record<string, string>>)[]) => ({
  subject: names.map((one) => ({ CN: [one] })) as JsonName,
});
const san = (...names: string[]) => ({ names, subject: [{ O: ["Example"] }] });

const TABLE: readonly Row[] = [
  ["CN:alice", cn("alice"), true],
  ["CN:bob CN:alice", cn("alice"), true],
  ["CN:bob DNS:a.example", cn("alice"), false],
  ["CN:bob DNS:a.example", san("a.example"), true],
  // Common names: letter by letter, whatever the encoding.
  ["CN:alice", cn("Alice"), false],
  ["CN:alice", cn("alice "), false],
  ["CN:alice", cn("alice2"), false],
  ["CN:alice", cn("malice"), false],
  ["CN:Zoë", cn({ utf8String: "Zoë" }), true],
  ["CN:Zoë", cn({ utf8String: "Zoe\u0308" }), false],
  ["CN:Zoë", cn({ bmpString: "Zoë" }), true],
  ["CN:alice", cn({ ia5String: "alice" }), true],
  ["CN:alice", cn({ universalString: "alice" }), false],
  // What readers differ in is nobody's name.
  ["CN:alice", cn("alice\0"), false],
  ["CN:alice", cn("alice\0bob"), false],
  ["CN:alice", cn("alice\u200b"), false],
  ["CN:alice CN:bob", cn("alice", "bob"), false],
  ["CN:alice", cn("alice", "alice"), false],
  ["CN:alice", { subject: [{ O: ["alice"] }] }, false],
  ["CN:alice", { subject: [] }, false],
  ["CN:alice", { subject: [{ CN: [""] }] }, false],
  // A name of one kind is none of another.
  ["CN:a.example", san("a.example"), false],
  ["DNS:a.example", cn("a.example"), false],
  ["DNS:a.example", san("uri:a.example"), false],
  ["email:a@b.example", { subject: [{ E: ["a@b.example"] }] }, false],
  ["URI:urn:a", san("urn:a"), false],
  // DNS names: in any case, and * for the whole first label.
  ["DNS:a.example", san("A.Example"), true],
  ["DNS:A.EXAMPLE", san("b.example", "a.example"), true],
  ["DNS:a.example", san("a.example."), false],
  ["DNS:a.example", san("b.a.example"), false],
  ["DNS:a.example", san("a.example\0.evil.example"), false],
  ["DNS:*.example", san("a.example"), true],
  ["DNS:*.example", san("xn--bcher-kva.example"), true],
  ["DNS:*.example", san("a.b.example"), false],
  ["DNS:*.example", san("example"), false],
  ["DNS:*.example", san(".example"), false],
  ["DNS:*.example", san("*.example"), false],
  ["DNS:a.example", san("*.example"), false],
  ["DNS:*.example", san("a*.example"), false],
  ["DNS:*.example", san("a\0.example"), false],
  ["DNS:*.example", san("a.evilexample"), false],
  // URIs: letter by letter.
  ["URI:spiffe://a.example/x", san("uri:spiffe://a.example/x"), true],
  ["URI:spiffe://a.example/x", san("uri:spiffe://A.example/x"), false],
  ["URI:spiffe://a.example/x", san("uri:spiffe://a.example/x/"), false],
  ["URI:spiffe://a.example/x", san("uri:spiffe://a.example/x\0"), false],
  // Mail addresses: domains in any case, what is before the @ letter by letter.
  ["email:Al@a.example", san("email:Al@A.Example"), true],
  ["email:Al@a.example", san("email:al@a.example"), false],
  ["email:Al@a.example", san("email:Al@b.a.example"), false],
  ["email:Al@a.example", san('email:"x@"Al@a.example'), false],
];

let first: Promise<Authority> | undefined;

/** Made by the test that is first to need it. */
function made(): Promise<Authority> {
  return first ??= Authority.make("Clients");
}

for (const [rules, order, isIn] of TABLE) {
  const shown = JSON.stringify(order);
  contract(`${rules} ${isIn ? "lets in" : "keeps out"} ${shown}`, async (site) => {
    const allowed = rules.split(" ").map((rule) =>
      rule.startsWith("CN:") ? parseCommonName(rule.slice(3)) : parseAlternativeName(rule)
    );
    const fault = (await meet(site, await (await made()).issue(order), { allowed }))
      .admissionFault!();
    assertEquals(fault === undefined, isIn, fault);
  });
}

contract("who may not connect is named, and its name is cut", async (site) => {
  const allowed = [parseCommonName("alice")];
  const mallory = await (await made()).issue({ commonName: "mallory", names: ["m.example"] });
  const server = await meet(site, mallory, { allowed });
  assertEquals(
    server.admissionFault!(),
    "CN=mallory, DNS:m.example is not allowed by --allow-cn or --allow-san",
  );
  const long = await (await made()).issue({ commonName: "x", names: ["m".repeat(5000)] });
  assertEquals((await meet(site, long, { allowed })).admissionFault!()!.length < 400, true);
});

contract("without rules every good certificate is let in", async (site) => {
  const server = await meet(site, await (await made()).issue({ commonName: "anybody" }), {});
  assertEquals(server.admissionFault!(), undefined);
});

contract("a revoked certificate does not get through the handshake", async (site) => {
  const authority = await made();
  const pem = await authority.revoke(["beef"]);
  const list = { source: "crl", issuer: "CN=Clients", thisUpdate: "", pem };
  const rules = { revocationLists: [list] };
  await meet(site, await authority.issue({ commonName: "good" }), rules);
  const revoked = await authority.issue({ commonName: "bad", serialNumber: "beef" });
  const fault = site.fault(meet(site, revoked, rules));
  assertStringIncludes((await fault).message, "the client's certificate has been revoked");
});

contract(
  "a certificate whose authority has no list, or an old one, is not let in",
  async (site) => {
    const [authority, other] = [await made(), await Authority.make("Others")];
    const cases = [
      [await other.revoke([]), "no revocation list of its authority"],
      [await authority.revoke([], { days: -1 }), "has expired"],
    ] as const;
    for (const [pem, reason] of cases) {
      const list = { source: "crl", issuer: "", thisUpdate: "", pem };
      const good = await authority.issue({ commonName: "good" });
      const fault = site.fault(meet(site, good, { revocationLists: [list] }));
      assertStringIncludes((await fault).message, reason);
    }
  },
);

/** With the engines that know certificates of clients. */
function contract(what: string, run: (site: DialerSite) => Promise<void>): void {
  dialerContract(what, async (site) => {
    if (ENGINES[site.under.library].clientCertificates) await run(site);
  });
}

/** The server's end of a connection from a client with this certificate; rejects as the server's handshake does. */
async function meet(
  site: DialerSite,
  { certificate, key }: Issued,
  rules: Pick<ClientRules, "allowed" | "revocationLists">,
): Promise<SecureClient> {
  const clientRules = {
    ...{ verify: "required" as const, authorities: (await made()).certificate, ...rules },
  };
  const listener = await site.listen({}, { clientRules });
  const own: ServedCertificate = {
    ...{ source: "own.pem", names: [], keyType: "ec" },
    ...{ certificateChain: certificate, privateKey: key },
  };
  const client = await site.dial(listener.address.port, {}, { certificates: [own] });
  client.handshake().catch(() => {});
  return await (await site.accept(listener)).handshake();
}
