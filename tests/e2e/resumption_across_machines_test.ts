/**
 * `--ticket-secret`: machines with the same file resume each other's sessions, and no others do. Whether a session is
 * resumed or not, stud takes no early data (RFC 8446 section 2.3), which could be replayed by anybody who saw it: not
 * even from a client that claims to have been allowed it.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { pemFile } from "../support/certificates.ts";
import { allowEarlyData } from "../support/early_data.ts";
import { Fleet } from "../support/fleet.ts";
import { TICKET_VERSIONS } from "../support/returning_client.ts";
import { Shared } from "../support/shared.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const EARLY = "early words\n";

const shared = new Shared(() =>
  Fleet.of(async (fleet) => {
    const secret = fleet.ticketSecret();
    return {
      first: await fleet.start({ args: ["--ticket-secret", secret] }),
      same: await fleet.start({ args: ["--ticket-secret", secret] }),
      other: await fleet.start({ args: ["--ticket-secret", fleet.ticketSecret()] }),
      none: await fleet.start(),
      noneEither: await fleet.start(),
    };
  })
);

for (const version of TICKET_VERSIONS) {
  shared.test(
    NEEDS,
    `a machine with the same secret resumes, others begin anew, s_client ${version}`,
    async (fleet) => {
      const { first, same, other, none } = fleet;
      using client = fleet.client(version);
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

shared.test(NEEDS, "two studs without a secret have nothing in common", async (fleet) => {
  for (const version of TICKET_VERSIONS) {
    using client = fleet.client(version);
    await client.begin(fleet.none.port);
    const visit = await client.offer(fleet.noneEither.port);
    assertEquals([visit.answered, visit.resumed], [true, false], visit.report);
  }
});

testWith(NEEDS, "with a secret of its own file stud resumes after a restart", async () => {
  await using fleet = await Fleet.open();
  const args = ["--ticket-secret", fleet.ticketSecret()];
  const before = await fleet.start({ args });
  using client = fleet.client("-tls1_3");
  await client.begin(before.port);
  before.signal("SIGTERM");
  await before.ended();
  const after = await fleet.start({ args });
  const visit = await client.renew(after.port);
  assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
});

shared.test(NEEDS, "tickets allow no early data, so that no client sends any", async (fleet) => {
  using client = fleet.client("-tls1_3");
  const { report } = await client.begin(fleet.none.port);
  assertStringIncludes(report, "Max Early Data: 0");
  assert(!/Max Early Data: [1-9]/.test(report), report);
  using early = pemFile(EARLY);
  const visit = await client.offer(fleet.none.port, ["-early_data", early.path]);
  assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  assertStringIncludes(visit.report, "Early data was not sent");
});

const passedOver = "early data that is sent all the same is passed over, and nothing else is";
shared.test(NEEDS, passedOver, async (fleet) => {
  const { none, noneEither } = fleet;
  using client = fleet.client("-tls1_3");
  await client.begin(none.port);
  Deno.writeTextFileSync(client.session, allowEarlyData(Deno.readTextFileSync(client.session)));
  using early = pemFile(EARLY);
  // Whether the session is resumed does not matter to it.
  for (const [stud, resumed] of [[none, true], [noneEither, false]] as const) {
    const visit = await client.offer(stud.port, ["-early_data", early.path]);
    assertEquals([visit.answered, visit.resumed], [true, resumed], visit.report);
    assertStringIncludes(visit.report, "Early data was rejected");
    assert(!visit.report.includes(EARLY.trim()), visit.report);
  }
});
