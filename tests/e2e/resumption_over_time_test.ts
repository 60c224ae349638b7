/**
 * Ticket keys change every twelve hours and are known for one period more, on either side; a session goes on
 * for twelve hours. All dates lie in periods that begin after the test, far from their boundaries, so that it
 * does not matter when the test runs. A machine looks at its clock whenever a client comes, so that the tests share two
 * machines and set their clocks.
 */

import { TICKET_PERIOD } from "../../src/tls/ticket_keys.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { clientCertificate } from "../support/client_certificate.ts";
import { Fleet } from "../support/fleet.ts";
import { TICKET_VERSIONS, type Visit } from "../support/returning_client.ts";
import { Shared } from "../support/shared.ts";
import { ShiftedClock } from "../support/shifted_clock.ts";
import { BY_OPENSSL, byLibrary, type Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true, faketime: true };
/** Node's tickets of the former period resume, under its keys; sessions with certificates never do. */
const RENEWED = { ...NEEDS, notOnNode: true };
const RENEWS = byLibrary({ rustls: true, openssl: true, node: false });
const HOUR = 3_600_000;

/** The keys of the ticket that a client has after a visit which brought it none; s_client shows it in TLS 1.2. */
const kept = (version: string, { ticketKeys }: Visit) =>
  version === "-tls1_3" ? undefined : ticketKeys;
const FIRST_PERIOD = Math.ceil(Date.now() / TICKET_PERIOD);

/** Two machines with one secret, at dates of their own, and the certificate of a client that one frontend asks for. */
const shared = new Shared(() =>
  Fleet.of(async (fleet) => {
    const ours = fleet.adopt(await clientCertificate("ours"));
    const frontends = ["", `client-verify = required\nclient-verify-ca = "${ours.path}"`];
    const args = [BY_OPENSSL, "--ticket-secret", fleet.ticketSecret(), ...UNCONFINED];
    const [first, second] = await Promise.all([1, 2].map(async () => {
      const clock = fleet.adopt(new ShiftedClock(ahead(0, 1)));
      return new Machine(await fleet.start({ args, frontends, env: clock.env }), clock);
    }));
    return { first: first!, second: second!, ours };
  })
);

shared.test(NEEDS, "a ticket of the previous period resumes and is renewed", async (fleet) => {
  const [old, now] = [fleet.first.at(0, 10), fleet.second.at(1, 2)];
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    const began = await client.begin(old);
    const visit = await client.offer(now);
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
    using other = fleet.client(version);
    const { ticketKeys } = await other.begin(now);
    assert(ticketKeys !== began.ticketKeys, "other keys than before");
    assertEquals(visit.ticketKeys, RENEWS ? ticketKeys : kept(version, began), visit.report);
  }
});

const outlives = "a renewed TLS 1.3 session outlives the keys that it began with";
shared.test(RENEWED, outlives, async (fleet) => {
  const { first, second } = fleet;
  const began = first.at(0, 10);
  using client = fleet.client("-tls1_3");
  await client.begin(began);
  using other = fleet.client("-tls1_3");
  await other.begin(began);
  for (const [period, hours] of [[1, 2], [2, 1]] as const) {
    const visit = await client.renew(second.at(period, hours));
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  }
  const visit = await other.offer(second.at(2, 1));
  assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
});

shared.test(RENEWED, "a client's certificate goes on when the keys change", async (fleet) => {
  const { ours } = fleet;
  const [old, now] = [fleet.first.at(0, 10, RULES), fleet.second.at(1, 2, RULES)];
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    const stranger = await client.begin(old);
    assert(!stranger.answered, stranger.report);
    const began = await client.begin(old, ["-cert", ours.path]);
    assert(began.answered, began.report);
    const visit = await client.offer(now);
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  }
});

const twice = "the previous keys still open a ticket that comes a second time";
shared.test(NEEDS, twice, async (fleet) => {
  // The client guesses a group that stud does not take, and has to begin again (HelloRetryRequest).
  const groups = ["-msg", "-groups", "P-521:P-256"];
  const [old, now] = [fleet.first.at(0, 10), fleet.second.at(1, 2)];
  using client = fleet.client("-tls1_3");
  const began = await client.begin(old, groups);
  const visit = await client.offer(now, groups);
  assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  assertEquals(visit.report.split(", ClientHello").length - 1, 2, visit.report);
  assert(visit.ticketKeys !== began.ticketKeys, visit.report);
});

const notRenewed = "a TLS 1.2 ticket is not renewed while its keys are in use";
shared.test(NEEDS, notRenewed, async (fleet) => {
  const [early, late] = [fleet.first.at(0, 1), fleet.second.at(0, 11)];
  using client = fleet.client("-tls1_2");
  const began = await client.begin(early, ["-msg"]);
  assert(began.report.includes("NewSessionTicket"), began.report);
  const visit = await client.offer(late, ["-msg"]);
  assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  assert(!visit.report.includes("NewSessionTicket"), visit.report);
});

const behindKnows = "a machine whose clock is behind knows the keys of the next period";
shared.test(NEEDS, behindKnows, async (fleet) => {
  const [ahead, behind] = [fleet.first.at(1, 0.1), fleet.second.at(0, 11.9)];
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    await client.begin(ahead);
    const visit = await client.offer(behind);
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  }
});

const tooLong = "a session of more than twelve hours begins anew, its keys known or not";
shared.test(NEEDS, tooLong, async (fleet) => {
  const began = fleet.first.at(0, 1);
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    await client.begin(began);
    // First its keys are known, then they are gone.
    for (const [period, hours] of [[1, 1.5], [2, 1]] as const) {
      const visit = await client.offer(fleet.second.at(period, hours));
      assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
    }
  }
});

const notOpened = "a ticket of two periods ahead is not opened, whatever its age";
shared.test(NEEDS, notOpened, async (fleet) => {
  const [ahead, behind] = [fleet.first.at(2, 1), fleet.second.at(0, 11)];
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    await client.begin(ahead);
    const visit = await client.offer(behind);
    assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
  }
});

testWith(NEEDS, "workers change their keys over time without being asked", async () => {
  await using fleet = await Fleet.open();
  using clock = new ShiftedClock(ahead(0, 10));
  const stud = await fleet.start({
    args: [BY_OPENSSL, "-n", "2", ...UNCONFINED],
    env: clock.env,
  });
  for (const [period, version] of TICKET_VERSIONS.entries()) {
    clock.set(ahead(period, 10));
    using client = fleet.client(version);
    const began = await client.begin(stud.port);
    clock.set(ahead(period + 1, 2));
    const keys = new Set<string | undefined>();
    for (let count = 0; count < 6; count++) {
      const visit = await client.offer(stud.port);
      assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
      keys.add(visit.ticketKeys);
    }
    assertEquals(keys.size, 1);
    if (RENEWS) assert(!keys.has(began.ticketKeys), "other keys than before");
    else assertEquals(keys, new Set([kept(version, began)]));
    clock.set(ahead(period + 2, 1));
    const visit = await client.offer(stud.port);
    assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
  }
});

/** A stud with a clock of its own. */
class Machine {
  readonly #stud: Stud;
  readonly #clock: ShiftedClock;

  constructor(stud: Stud, clock: ShiftedClock) {
    this.#stud = stud;
    this.#clock = clock;
  }

  /** Sets its clock so that so many hours of a period are over; returns the port of one of its frontends. */
  at(period: number, hours: number, frontend = 0): number {
    this.#clock.set(ahead(period, hours));
    return this.#stud.ports[frontend]!;
  }
}

/** The frontend that requires a certificate. */
const RULES = 1;

/** How far from now that is. */
function ahead(period: number, hours: number): number {
  return (FIRST_PERIOD + period) * TICKET_PERIOD + hours * HOUR - Date.now();
}

/** libfaketime has variables of its own in the environment, and opens a file to learn the time. */
const UNCONFINED = ["--sandbox=off"];
