/** A session is no way round the rules for clients, and none from one server name to another. */

import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { type PemFile, pemFile } from "../support/certificates.ts";
import { clientCertificate } from "../support/client_certificate.ts";
import { Fleet } from "../support/fleet.ts";
import { ReturningClient, TICKET_VERSIONS } from "../support/returning_client.ts";
import { Shared } from "../support/shared.ts";
import { BY_OPENSSL, byLibrary } from "../support/stud.ts";

const NEEDS = { tools: ["openssl"], linux: true };
/** Node leaves the verdict on a certificate to us, and would not ask for it in a resumed session. */
const RESUMES_VERIFIED = byLibrary({ rustls: true, openssl: true, node: false });
const VERIFIED_RESUME = { ...NEEDS, notOnNode: true };

const CIPHER = "ECDHE-ECDSA-AES128-SHA";

/**
 * Two machines with one ticket secret, and certificates of two clients. One machine requires a certificate; the other
 * has a frontend for each of its rules, and two for names.
 */
const shared = new Shared(() =>
  Fleet.of(async (fleet) => {
    const [ours, theirs] = [await clientCertificate("ours"), await clientCertificate("theirs")]
      .map((each) => fleet.adopt(each)) as [PemFile, PemFile];
    const both = fleet.adopt(pemFile(ours.text + theirs.certificate));
    const named = async (name: string) =>
      fleet.adopt(pemFile(await makeSelfSigned(name, new Date())));
    const [a, b] = [await named("a.example"), await named("b.example")];
    const secret = fleet.ticketSecret();
    const required = (authorities: PemFile) =>
      `client-verify = required\nclient-verify-ca = "${authorities.path}"`;
    const frontends = {
      lax: "",
      optional: `client-verify = optional\nclient-verify-ca = "${ours.path}"`,
      required: required(ours),
      both: required(both),
      cipher: `ciphers = "${CIPHER}"`,
      names: `pem-file = "${a.path}"\npem-file = "${b.path}"`,
      closedName: `pem-file = {\ncert = "${b.path}"\n${required(ours)}\n}\npem-file = "${a.path}"`,
    };
    const many = await fleet.start({
      args: [BY_OPENSSL, "--ticket-secret", secret],
      frontends: Object.values(frontends),
    });
    const strict = await fleet.start({
      args: [
        "--ticket-secret",
        secret,
        "--client-verify=required",
        "--client-verify-ca",
        ours.path,
      ],
    });
    const ports = Object.keys(frontends).map((name, index) => [name, many.ports[index]!]);
    return {
      ...Object.fromEntries(ports) as Record<keyof typeof frontends, number>,
      ...{ strict, ours, theirs, a, b },
    };
  })
);

const ends = "a session without a certificate ends where certificates are required";
shared.test(NEEDS, ends, async (fleet) => {
  const { lax, strict, ours } = fleet;
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    const began = await client.begin(lax);
    assert(began.answered, began.report);
    const stranger = await client.offer(strict.port);
    assertEquals([stranger.answered, stranger.resumed], [false, false], stranger.report);
    // The client is asked for a certificate, as if it had offered no session.
    const known = await client.offer(strict.port, ["-cert", ours.path]);
    assertEquals([known.answered, known.resumed], [true, false], known.report);
  }
  await strict.output(/handshake failed: /);
});

const changed = "a session without a certificate ends where the rules change at all";
shared.test(NEEDS, changed, async (fleet) => {
  const { optional, strict } = fleet;
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    const began = await client.begin(optional);
    assert(began.answered, began.report);
    const again = await client.offer(optional);
    assertEquals([again.answered, again.resumed], [true, RESUMES_VERIFIED], again.report);
    const stranger = await client.offer(strict.port);
    assertEquals([stranger.answered, stranger.resumed], [false, false], stranger.report);
  }
});

const goesOn = "a session with a certificate goes on under the same rules";
shared.test(VERIFIED_RESUME, goesOn, async (fleet) => {
  const { strict, required, ours } = fleet;
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    const began = await client.begin(strict.port, ["-cert", ours.path]);
    assert(began.answered && !began.resumed, began.report);
    for (const port of [strict.port, required]) {
      // It has no certificate at hand: the session stands for it.
      const visit = await client.offer(port);
      assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
    }
  }
});

const endsOneDay = "a session with a certificate is not renewed, so that it ends one day";
shared.test(VERIFIED_RESUME, endsOneDay, async (fleet) => {
  const { lax, strict, ours } = fleet;
  // In TLS 1.2 a session keeps its age whatever becomes of its ticket.
  using client = fleet.client("-tls1_3");
  const began = await client.begin(strict.port, ["-cert", ours.path]);
  assert(began.answered && began.ticketKeys !== undefined, began.report);
  const again = await client.renew(strict.port);
  assertEquals([again.answered, again.resumed], [true, true], again.report);
  assertEquals(again.ticketKeys, undefined, again.report);
  // Where nobody is verified, every visit brings a new ticket.
  using other = fleet.client("-tls1_3");
  await other.begin(lax);
  const renewed = await other.renew(lax);
  assertEquals([renewed.answered, renewed.resumed], [true, true], renewed.report);
  assert(renewed.ticketKeys !== undefined, renewed.report);
});

const otherAuthorities = "a session with a certificate ends where other authorities count";
shared.test(NEEDS, otherAuthorities, async (fleet) => {
  const { both, strict, theirs } = fleet;
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    const began = await client.begin(both, ["-cert", theirs.path]);
    assert(began.answered, began.report);
    const visit = await client.offer(strict.port, ["-cert", theirs.path]);
    assertEquals([visit.answered, visit.resumed], [false, false], visit.report);
  }
});

const otherCipher = "a session with a cipher ends where that cipher is not allowed";
shared.test(NEEDS, otherCipher, async (fleet) => {
  const { cipher, lax } = fleet;
  using client = fleet.client("-tls1_2");
  const began = await client.begin(cipher);
  assert(began.answered && began.report.includes(`Cipher is ${CIPHER}`), began.report);
  const again = await client.offer(cipher);
  assertEquals([again.answered, again.resumed], [true, true], again.report);
  const visit = await client.offer(lax);
  assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
});

const otherName = "a session is for the certificate that it began with, not for another name";
shared.test(NEEDS, otherName, async ({ names, a, b }) => {
  for (const version of TICKET_VERSIONS) {
    using client = new ReturningClient({ version, trusted: a, serverName: "a.example" });
    const began = await client.begin(names);
    assert(began.answered, began.report);
    const other = await client.offer(names, ["-servername", "b.example", "-CAfile", b.path]);
    assertEquals([other.answered, other.resumed], [true, false], other.report);
    const again = await client.offer(names);
    assertEquals([again.answered, again.resumed], [true, true], again.report);
  }
});

const ownRules = "a certificate with rules of its own is not reached by a session of another";
shared.test(NEEDS, ownRules, async ({ closedName, ours, a, b }) => {
  for (const version of TICKET_VERSIONS) {
    using client = new ReturningClient({ version, trusted: a, serverName: "a.example" });
    const began = await client.begin(closedName);
    assert(began.answered, began.report);
    const name = ["-servername", "b.example", "-CAfile", b.path];
    const stranger = await client.offer(closedName, name);
    assertEquals([stranger.answered, stranger.resumed], [false, false], stranger.report);
    const known = await client.offer(closedName, [...name, "-cert", ours.path]);
    assertEquals([known.answered, known.resumed], [true, false], known.report);
  }
});
