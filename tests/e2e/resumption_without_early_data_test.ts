/**
 * Early data (RFC 8446 section 2.3) could be replayed by anybody who saw it, so stud takes none: not even from
 * a client that claims to have been allowed it.
 */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { pemFile } from "../support/certificates.ts";
import { Fleet } from "../support/fleet.ts";
import { ReturningClient } from "../support/returning_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["openssl"], linux: true };
const EARLY = "early words\n";

testWith(NEEDS, "tickets allow no early data, so that no client sends any", async () => {
  await using fleet = await Fleet.open();
  const stud = await fleet.start();
  using client = new ReturningClient({ version: "-tls1_3", trusted: fleet.pem });
  const { report } = await client.begin(stud.port);
  assertStringIncludes(report, "Max Early Data: 0");
  assert(!/Max Early Data: [1-9]/.test(report), report);
  using early = pemFile(EARLY);
  const visit = await client.offer(stud.port, ["-early_data", early.path]);
  assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
  assertStringIncludes(visit.report, "Early data was not sent");
});

testWith(
  NEEDS,
  "early data that is sent all the same is passed over, and nothing else is",
  async () => {
    await using fleet = await Fleet.open();
    const [own, foreign] = [await fleet.start(), await fleet.start()];
    using client = new ReturningClient({ version: "-tls1_3", trusted: fleet.pem });
    await client.begin(own.port);
    Deno.writeTextFileSync(client.session, allowEarlyData(Deno.readTextFileSync(client.session)));
    using early = pemFile(EARLY);
    // Whether the session is resumed does not matter to it.
    for (const [stud, resumed] of [[own, true], [foreign, false]] as const) {
      const visit = await client.offer(stud.port, ["-early_data", early.path]);
      assertEquals([visit.answered, visit.resumed], [true, resumed], visit.report);
      assertStringIncludes(visit.report, "Early data was rejected");
      assert(!visit.report.includes(EARLY.trim()), visit.report);
    }
  },
);

/** Has a session of s_client's claim that its ticket came with leave for early data. */
function allowEarlyData(pem: string): string {
  const [, head, base64, tail] = /^(-+BEGIN [^-]+-+\n)([^-]+)(-+END .*)$/s.exec(pem)!;
  const der = Uint8Array.from(atob(base64!.replaceAll("\n", "")), (char) => char.charCodeAt(0));
  assertEquals([...der.subarray(0, 2)], [0x30, 0x82], "a SEQUENCE with two octets of length");
  // Fields stand in the order of their tags.
  let place = 4;
  while (place < der.length && der[place]! < MAX_EARLY_DATA[0]!) place = nextField(der, place);
  const fields = [...der.subarray(4, place), ...MAX_EARLY_DATA, ...der.subarray(place)];
  const length = [fields.length >> 8, fields.length & 0xff];
  const text = btoa(String.fromCharCode(0x30, 0x82, ...length, ...fields));
  return `${head}${text.replaceAll(/.{64}/g, "$&\n")}\n${tail}`;
}

/** Where the field behind this one begins. */
function nextField(der: Uint8Array, place: number): number {
  const length = der[place + 1]!;
  if (length < 0x80) return place + 2 + length;
  const bytes = der.subarray(place + 2, place + 2 + (length & 0x7f));
  return place + 2 + bytes.length + bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** [15] EXPLICIT INTEGER 16384, in an SSL_SESSION. */
const MAX_EARLY_DATA = [0xaf, 0x04, 0x02, 0x02, 0x40, 0x00];
