/** `--steer-by-client`: with rustls, whose workers know their own sessions only, clients resume all the same. */

import { assert, assertEquals } from "../support/assert.ts";
import { Fleet } from "../support/fleet.ts";
import { TICKET_VERSIONS } from "../support/returning_client.ts";
import type { Stud } from "../support/stud.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true, notOnNode: true };
const ADDRESSES = Array.from({ length: 4 }, (_, index) => `127.0.0.${index + 2}`);

testWith(NEEDS, "every client resumes at the worker that its address leads to", async () => {
  await using fleet = await Fleet.open();
  const stud = await fleet.start({
    args: ["-n", "4", "--steer-by-client", "--tls-library=rustls"],
  });
  await stud.output(/4 workers serve on .*, TLS by rustls/);
  for (const version of TICKET_VERSIONS) {
    await Promise.all(ADDRESSES.map((address) => resumes(fleet, stud, version, address)));
  }
});

testWith(NEEDS, "so it does where rustls serves because OpenSSL is missing", async () => {
  using folder = new Folder();
  folder.write("libssl.so.3", "");
  await using fleet = await Fleet.open();
  const stud = await fleet.start({
    args: ["-n", "2", "--steer-by-client", "--tls-library=auto"],
    env: { LD_LIBRARY_PATH: folder.path },
  });
  await stud.output(/2 workers serve on .*, TLS by rustls \(/);
  for (const version of TICKET_VERSIONS) await resumes(fleet, stud, version, ADDRESSES[0]!, 4);
});

testWith(NEEDS, "steering is no harm to OpenSSL, which does not need it", async () => {
  await using fleet = await Fleet.open();
  const args = ["-n", "2", "--steer-by-client", "--tls-library=openssl"];
  const stud = await fleet.start({ args });
  for (const version of TICKET_VERSIONS) {
    await Promise.all(
      ADDRESSES.slice(0, 2).map((address) => resumes(fleet, stud, version, address)),
    );
  }
});

/** Comes some times more, each time with the session of the visit before: rustls takes a ticket once. */
async function resumes(
  fleet: Fleet,
  stud: Stud,
  version: typeof TICKET_VERSIONS[number],
  address: string,
  times = 2,
): Promise<void> {
  using client = fleet.client(version, ["-bind", address]);
  const began = await client.begin(stud.port);
  assert(began.answered, began.report);
  for (let count = 0; count < times; count++) {
    const visit = await client.renew(stud.port);
    assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  }
}
