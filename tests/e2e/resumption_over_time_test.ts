/**
 * Ticket keys change every twelve hours and are known for one period more, on either side; a session goes on
 * for twelve hours. All dates lie in periods that begin after the test, far from their boundaries, so that it
 * does not matter when the test runs.
 */

import { TICKET_PERIOD } from "../../src/tls/ticket_keys.ts";
import { assert, assertEquals } from "../support/assert.ts";
import { clientCertificate } from "../support/client_certificate.ts";
import { Fleet } from "../support/fleet.ts";
import { ReturningClient, TICKET_VERSIONS, type Visit } from "../support/returning_client.ts";
import { clockAhead, ShiftedClock } from "../support/shifted_clock.ts";
import type { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";
import { BY_OPENSSL, byLibrary } from "../support/stud.ts";

const NEEDS = { tools: ["openssl"], linux: true, faketime: true };
/** Node's tickets of the former period resume, under its keys; sessions with certificates never do. */
const RENEWED = { ...NEEDS, notOnNode: true };
const RENEWS = byLibrary({ rustls: true, openssl: true, node: false });
const HOUR = 3_600_000;

/** The keys of the ticket that a client has after a visit which brought it none; s_client shows it in TLS 1.2. */
const kept = (version: string, { ticketKeys }: Visit) =>
  version === "-tls1_3" ? undefined : ticketKeys;
const FIRST_PERIOD = Math.ceil(Date.now() / TICKET_PERIOD);

testWith(NEEDS, "a ticket of the previous period resumes and is renewed", async () => {
  await using machines = await Machines.open();
  const [old, now] = [await machines.at(0, 10), await machines.at(1, 2)];
  for (const version of TICKET_VERSIONS) {
    using client = machines.client(version);
    const began = await client.begin(old.port);
    const visit = await client.offer(now.port);
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
    using other = machines.client(version);
    const { ticketKeys } = await other.begin(now.port);
    assert(ticketKeys !== began.ticketKeys, "other keys than before");
    assertEquals(visit.ticketKeys, RENEWS ? ticketKeys : kept(version, began), visit.report);
  }
});

testWith(RENEWED, "a renewed TLS 1.3 session outlives the keys that it began with", async () => {
  await using machines = await Machines.open();
  const began = await machines.at(0, 10);
  const [renewing, later] = [await machines.at(1, 2), await machines.at(2, 1)];
  using client = machines.client("-tls1_3");
  await client.begin(began.port);
  using other = machines.client("-tls1_3");
  await other.begin(began.port);
  for (const stud of [renewing, later]) {
    const visit = await client.renew(stud.port);
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  }
  const visit = await other.offer(later.port);
  assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
});

testWith(RENEWED, "a client's certificate goes on when the keys change", async () => {
  await using machines = await Machines.open();
  using ours = await clientCertificate("ours");
  const rules = ["--client-verify=required", "--client-verify-ca", ours.path];
  const [old, now] = [await machines.at(0, 10, rules), await machines.at(1, 2, rules)];
  for (const version of TICKET_VERSIONS) {
    using client = machines.client(version);
    const began = await client.begin(old.port, ["-cert", ours.path]);
    assert(began.answered, began.report);
    const visit = await client.offer(now.port);
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  }
});

testWith(NEEDS, "the previous keys still open a ticket that comes a second time", async () => {
  await using machines = await Machines.open();
  // The client guesses another group than stud takes, and has to begin again (HelloRetryRequest).
  const [curve, groups] = [["--ecdh-curve", "P-256"], ["-msg", "-groups", "X25519:P-256"]];
  const [old, now] = [await machines.at(0, 10, curve), await machines.at(1, 2, curve)];
  using client = machines.client("-tls1_3");
  const began = await client.begin(old.port, groups);
  const visit = await client.offer(now.port, groups);
  assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  assertEquals(visit.report.split(", ClientHello").length - 1, 2, visit.report);
  assert(visit.ticketKeys !== began.ticketKeys, visit.report);
});

testWith(NEEDS, "a TLS 1.2 ticket is not renewed while its keys are in use", async () => {
  await using machines = await Machines.open();
  const [early, late] = [await machines.at(0, 1), await machines.at(0, 11)];
  using client = machines.client("-tls1_2");
  const began = await client.begin(early.port, ["-msg"]);
  assert(began.report.includes("NewSessionTicket"), began.report);
  const visit = await client.offer(late.port, ["-msg"]);
  assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  assert(!visit.report.includes("NewSessionTicket"), visit.report);
});

testWith(NEEDS, "a machine whose clock is behind knows the keys of the next period", async () => {
  await using machines = await Machines.open();
  const [ahead, behind] = [await machines.at(1, 0.1), await machines.at(0, 11.9)];
  for (const version of TICKET_VERSIONS) {
    using client = machines.client(version);
    await client.begin(ahead.port);
    const visit = await client.offer(behind.port);
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  }
});

testWith(
  NEEDS,
  "a session of more than twelve hours begins anew, its keys known or not",
  async () => {
    await using machines = await Machines.open();
    const began = await machines.at(0, 1);
    const [keysKnown, keysGone] = [await machines.at(1, 1.5), await machines.at(2, 1)];
    for (const version of TICKET_VERSIONS) {
      using client = machines.client(version);
      await client.begin(began.port);
      for (const stud of [keysKnown, keysGone]) {
        const visit = await client.offer(stud.port);
        assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
      }
    }
  },
);

testWith(NEEDS, "a ticket of two periods ahead is not opened, whatever its age", async () => {
  await using machines = await Machines.open();
  const [ahead, behind] = [await machines.at(2, 1), await machines.at(0, 11)];
  for (const version of TICKET_VERSIONS) {
    using client = machines.client(version);
    await client.begin(ahead.port);
    const visit = await client.offer(behind.port);
    assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
  }
});

testWith(NEEDS, "workers change their keys over time without being asked", async () => {
  await using machines = await Machines.open();
  using clock = new ShiftedClock(ahead(0, 10));
  const stud = await machines.fleet.start({
    args: [BY_OPENSSL, "-n", "2", ...UNCONFINED],
    env: clock.env,
  });
  for (const [period, version] of TICKET_VERSIONS.entries()) {
    clock.set(ahead(period, 10));
    using client = machines.client(version);
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

/** Machines with one secret, at dates of their own. */
class Machines implements AsyncDisposable {
  readonly fleet: Fleet;
  readonly #secret: string;

  private constructor(fleet: Fleet) {
    this.fleet = fleet;
    this.#secret = fleet.ticketSecret();
  }

  static async open(): Promise<Machines> {
    return new Machines(await Fleet.open());
  }

  /** One whose clock says that so many hours of a period are over. */
  at(period: number, hours: number, more: readonly string[] = []): Promise<Stud> {
    const args = ["--ticket-secret", this.#secret, ...UNCONFINED, ...more];
    return this.fleet.start({ args, env: clockAhead(ahead(period, hours)) });
  }

  client(version: typeof TICKET_VERSIONS[number]): ReturningClient {
    return new ReturningClient({ version, trusted: this.fleet.pem });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.fleet[Symbol.asyncDispose]();
  }
}

/** How far from now that is. */
function ahead(period: number, hours: number): number {
  return (FIRST_PERIOD + period) * TICKET_PERIOD + hours * HOUR - Date.now();
}

/** libfaketime has variables of its own in the environment, and opens a file to learn the time. */
const UNCONFINED = ["--sandbox=off"];
