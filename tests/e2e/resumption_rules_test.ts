/** A session is no way round the rules for clients, and none from one server name to another. */

import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { type PemFile, pemFile } from "../support/certificates.ts";
import { clientCertificate } from "../support/client_certificate.ts";
import { Fleet } from "../support/fleet.ts";
import { ReturningClient, TICKET_VERSIONS } from "../support/returning_client.ts";
import { byLibrary, type Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true };
/** Node leaves the verdict on a certificate to us, and would not ask for it in a resumed session. */
const RESUMES_VERIFIED = byLibrary({ rustls: true, openssl: true, node: false });
const VERIFIED_RESUME = { ...NEEDS, notOnNode: true };

testWith(
  NEEDS,
  "a session without a certificate ends where certificates are required",
  async () => {
    await using place = await Place.open();
    const [lax, strict] = [await place.start("none"), await place.start("required", place.ours)];
    for (const version of TICKET_VERSIONS) {
      using client = place.client(version);
      const began = await client.begin(lax.port);
      assert(began.answered, began.report);
      const stranger = await client.offer(strict.port);
      assertEquals([stranger.answered, stranger.resumed], [false, false], stranger.report);
      // The client is asked for a certificate, as if it had offered no session.
      const known = await client.offer(strict.port, ["-cert", place.ours.path]);
      assertEquals([known.answered, known.resumed], [true, false], known.report);
    }
    await strict.output(/handshake failed: /);
  },
);

testWith(NEEDS, "a session without a certificate ends where the rules change at all", async () => {
  await using place = await Place.open();
  const lax = await place.start("optional", place.ours);
  const strict = await place.start("required", place.ours);
  for (const version of TICKET_VERSIONS) {
    using client = place.client(version);
    const began = await client.begin(lax.port);
    assert(began.answered, began.report);
    const again = await client.offer(lax.port);
    assertEquals([again.answered, again.resumed], [true, RESUMES_VERIFIED], again.report);
    const stranger = await client.offer(strict.port);
    assertEquals([stranger.answered, stranger.resumed], [false, false], stranger.report);
  }
});

testWith(VERIFIED_RESUME, "a session with a certificate goes on under the same rules", async () => {
  await using place = await Place.open();
  const [one, other] = [
    await place.start("required", place.ours),
    await place.start("required", place.ours),
  ];
  for (const version of TICKET_VERSIONS) {
    using client = place.client(version);
    const began = await client.begin(one.port, ["-cert", place.ours.path]);
    assert(began.answered && !began.resumed, began.report);
    for (const stud of [one, other]) {
      // It has no certificate at hand: the session stands for it.
      const visit = await client.offer(stud.port);
      assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
    }
  }
});

testWith(
  VERIFIED_RESUME,
  "a session with a certificate is not renewed, so that it ends one day",
  async () => {
    await using place = await Place.open();
    const [lax, strict] = [await place.start("none"), await place.start("required", place.ours)];
    // In TLS 1.2 a session keeps its age whatever becomes of its ticket.
    using client = place.client("-tls1_3");
    const began = await client.begin(strict.port, ["-cert", place.ours.path]);
    assert(began.answered && began.ticketKeys !== undefined, began.report);
    const again = await client.renew(strict.port);
    assertEquals([again.answered, again.resumed], [true, true], again.report);
    assertEquals(again.ticketKeys, undefined, again.report);
    // Where nobody is verified, every visit brings a new ticket.
    using other = place.client("-tls1_3");
    await other.begin(lax.port);
    const renewed = await other.renew(lax.port);
    assertEquals([renewed.answered, renewed.resumed], [true, true], renewed.report);
    assert(renewed.ticketKeys !== undefined, renewed.report);
  },
);

testWith(NEEDS, "a session with a certificate ends where other authorities count", async () => {
  await using place = await Place.open();
  using both = pemFile(place.ours.text + place.theirs.certificate);
  const before = await place.start("required", both);
  const after = await place.start("required", place.ours);
  for (const version of TICKET_VERSIONS) {
    using client = place.client(version);
    const began = await client.begin(before.port, ["-cert", place.theirs.path]);
    assert(began.answered, began.report);
    const visit = await client.offer(after.port, ["-cert", place.theirs.path]);
    assertEquals([visit.answered, visit.resumed], [false, false], visit.report);
  }
});

testWith(NEEDS, "a session with a cipher ends where that cipher is not allowed", async () => {
  await using place = await Place.open();
  const cipher = "ECDHE-ECDSA-AES128-SHA";
  const before = await place.start("none", undefined, ["-c", cipher]);
  const after = await place.start("none");
  using client = place.client("-tls1_2");
  const began = await client.begin(before.port);
  assert(began.answered && began.report.includes(`Cipher is ${cipher}`), began.report);
  const again = await client.offer(before.port);
  assertEquals([again.answered, again.resumed], [true, true], again.report);
  const visit = await client.offer(after.port);
  assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
});

testWith(
  NEEDS,
  "a session is for the certificate that it began with, not for another name",
  async () => {
    await using fleet = await Fleet.open();
    using a = pemFile(await makeSelfSigned("a.example", new Date()));
    using b = pemFile(await makeSelfSigned("b.example", new Date()));
    const stud = await fleet.start({ pems: [a, b] });
    for (const version of TICKET_VERSIONS) {
      using client = new ReturningClient({ version, trusted: a, serverName: "a.example" });
      const began = await client.begin(stud.port);
      assert(began.answered, began.report);
      const other = await client.offer(stud.port, ["-servername", "b.example", "-CAfile", b.path]);
      assertEquals([other.answered, other.resumed], [true, false], other.report);
      const again = await client.offer(stud.port);
      assertEquals([again.answered, again.resumed], [true, true], again.report);
    }
  },
);

testWith(
  NEEDS,
  "a certificate with rules of its own is not reached by a session of another",
  async () => {
    await using place = await Place.open();
    using open = pemFile(await makeSelfSigned("open.example", new Date()));
    using closed = pemFile(await makeSelfSigned("closed.example", new Date()));
    using configuration = pemFile(`
    pem-file = { cert = "${closed.path}"
                 client-verify = required
                 client-verify-ca = "${place.ours.path}" }
    pem-file = "${open.path}"\n`);
    const args = ["--config", configuration.path];
    const stud = await place.fleet.start({ args, pems: [] });
    for (const version of TICKET_VERSIONS) {
      using client = new ReturningClient({ version, trusted: open, serverName: "open.example" });
      const began = await client.begin(stud.port);
      assert(began.answered, began.report);
      const name = ["-servername", "closed.example", "-CAfile", closed.path];
      const stranger = await client.offer(stud.port, name);
      assertEquals([stranger.answered, stranger.resumed], [false, false], stranger.report);
      const known = await client.offer(stud.port, [...name, "-cert", place.ours.path]);
      assertEquals([known.answered, known.resumed], [true, false], known.report);
    }
  },
);

/** Machines with one ticket secret and rules of their own, and certificates of two clients. */
class Place implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly ours: PemFile;
  readonly theirs: PemFile;
  readonly #secret: string;

  private constructor(fleet: Fleet, ours: PemFile, theirs: PemFile) {
    this.fleet = fleet;
    this.ours = ours;
    this.theirs = theirs;
    this.#secret = fleet.ticketSecret();
  }

  static async open(): Promise<Place> {
    const [ours, theirs] = [await clientCertificate("ours"), await clientCertificate("theirs")];
    return new Place(await Fleet.open(), ours, theirs);
  }

  start(verify: string, authorities?: PemFile, more: readonly string[] = []): Promise<Stud> {
    const rules = authorities === undefined ? [] : ["--client-verify-ca", authorities.path];
    const args = ["--ticket-secret", this.#secret, "--client-verify", verify, ...rules, ...more];
    return this.fleet.start({ args });
  }

  client(version: typeof TICKET_VERSIONS[number]): ReturningClient {
    return new ReturningClient({ version, trusted: this.fleet.pem });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.fleet[Symbol.asyncDispose]();
    this.ours[Symbol.dispose]();
    this.theirs[Symbol.dispose]();
  }
}
