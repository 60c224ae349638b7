/** Words about certificates that expire, over the days. */

import { configureLog } from "../../../src/log/log.ts";
import type { Facts } from "../../../src/log/logger.ts";
import { ExpiryWatch } from "../../../src/service/expiry_watch.ts";
import { checkCertificate } from "../../../src/x509/certificate_file.ts";
import { assertEquals } from "../../support/assert.ts";
import { made, TODAY } from "../../support/made_certificates.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const DAY = 86_400_000;

async function newWatch(count: number, until: number) {
  const clock = new ManualClock();
  clock.setDate(TODAY);
  const lines: string[] = [];
  const log = configureLog((level, text, about) => {
    lines.push(`${level} ${text}`);
    fields.push(about.fields);
  }, "debug");
  const fields: Facts[] = [];
  const { pem } = await made({ names: ["a.example"], until });
  const certificates = Array.from(
    { length: count },
    (_, place) => checkCertificate(pem, `${place}.pem`),
  );
  const watch = new ExpiryWatch(clock, log);
  watch.use(certificates);
  const days = async (number: number) => {
    await clock.advance(number * DAY);
    return lines.splice(0).map((line) => line.replace(/, on .*/, ""));
  };
  return { days, fields };
}

Deno.test("stud warns 30, 7 and 1 days before a certificate expires, and when it has expired", async () => {
  const { days } = await newWatch(1, 40);
  assertEquals(await days(9), []);
  assertEquals(await days(2), ["warning 0.pem: the certificate expires in 29 days"]);
  assertEquals(await days(20), []);
  assertEquals(await days(3), ["warning 0.pem: the certificate expires in 6 days"]);
  assertEquals(await days(5.5), ["warning 0.pem: the certificate expires in 0 days"]);
  assertEquals((await days(1))[0]!.slice(0, 39), "warning 0.pem: the certificate expired ");
  assertEquals(await days(5), []);
});

Deno.test("programs read which certificate expires, when, and the days that are left", async () => {
  const { days, fields } = await newWatch(1, 40);
  await days(11);
  const [{ source, not_after: notAfter, days_left: daysLeft, warning }] = fields as [Facts];
  assertEquals([source, daysLeft], ["0.pem", 30]);
  assertEquals(String(warning).split(", on ")[1], notAfter);
});

Deno.test("what the start has logged is not logged again", async () => {
  const { days } = await newWatch(1, 20);
  assertEquals(await days(10), []);
  assertEquals((await days(4)).length, 1);
});

Deno.test("of many certificates ten have a line of their own", async () => {
  const { days } = await newWatch(25, 31);
  const lines = await days(2);
  assertEquals([lines.length, lines.at(-1)], [
    11,
    "warning 15 more certificates expire soon or have expired",
  ]);
});

Deno.test("stud warns when a fifth and a tenth of a revocation list's life are left, and when it has expired", async () => {
  const clock = new ManualClock();
  clock.setDate(TODAY);
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const inDays = (days: number) => new Date(TODAY.getTime() + days * DAY).toISOString();
  const list = { source: "a.crl", pem: "", issuer: "CN=a", thisUpdate: inDays(0) };
  const endless = { ...list, source: "endless.crl" };
  new ExpiryWatch(clock, log).use([], [{ ...list, nextUpdate: inDays(10) }, endless]);
  const days = async (number: number) => {
    await clock.advance(number * DAY);
    return lines.splice(0).map((line) => line.replace(/, on .*?;|on [-0-9T:.Z]+;/, ""));
  };
  assertEquals(await days(7.9), []);
  const said = "warning a.crl: the revocation list of CN=a";
  const after = "after that its certificates are refused";
  assertEquals(await days(0.5), [`${said} expires in 47 hours ${after}`]);
  assertEquals(await days(1), [`${said} expires in 23 hours ${after}`]);
  assertEquals(await days(1), [`${said} expired  its certificates are refused`]);
  assertEquals(await days(5), []);
});
