/** `--ticket-secret`: machines with the same file resume each other's sessions, and no others do. */

import { assertEquals } from "../support/assert.ts";
import { Fleet } from "../support/fleet.ts";
import { ReturningClient, TICKET_VERSIONS } from "../support/returning_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true };

for (const version of TICKET_VERSIONS) {
  testWith(
    NEEDS,
    `a machine with the same secret resumes, others begin anew, s_client ${version}`,
    async () => {
      await using fleet = await Fleet.open();
      const secret = fleet.ticketSecret();
      const first = await fleet.start({ args: ["--ticket-secret", secret] });
      const same = await fleet.start({ args: ["--ticket-secret", secret, "-n", "2"] });
      const other = await fleet.start({ args: ["--ticket-secret", fleet.ticketSecret()] });
      const none = await fleet.start();
      using client = new ReturningClient({ version, trusted: fleet.pem });
      await client.begin(first.port);
      for (const [stud, resumed] of [[same, true], [other, false], [none, false]] as const) {
        const visit = await client.offer(stud.port);
        assertEquals([visit.answered, visit.resumed], [true, resumed], visit.report);
      }
      // Having been refused elsewhere has cost the session nothing.
      const back = await client.offer(first.port);
      assertEquals([back.answered, back.resumed], [true, true], back.report);
    },
  );
}

testWith(NEEDS, "with a secret of its own file stud resumes after a restart", async () => {
  await using fleet = await Fleet.open();
  const args = ["--ticket-secret", fleet.ticketSecret()];
  const before = await fleet.start({ args });
  using client = new ReturningClient({ version: "-tls1_3", trusted: fleet.pem });
  await client.begin(before.port);
  before.signal("SIGTERM");
  await before.ended();
  const after = await fleet.start({ args });
  const visit = await client.renew(after.port);
  assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
});

testWith(NEEDS, "two studs without a secret have nothing in common", async () => {
  await using fleet = await Fleet.open();
  const [one, other] = [await fleet.start(), await fleet.start()];
  for (const version of TICKET_VERSIONS) {
    using client = new ReturningClient({ version, trusted: fleet.pem });
    await client.begin(one.port);
    const visit = await client.offer(other.port);
    assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
  }
});
