/** Handshakes that fail: one line with the client's address and the reason, a thousand alike a count. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { failHandshake } from "../support/serving.ts";
import { Site } from "../support/site.ts";

Deno.test("a failed handshake is a line with reason, client and frontend", async () => {
  await using site = await Site.start();
  const client = await failHandshake(site.port);
  await site.stud.output(/handshake failed/);
  const [line] = lines(site);
  const expected = `handshake failed: not TLS (plain HTTP, a PROXY line or another protocol) ` +
    `(client ${client} to 127.0.0.1:${site.port})`;
  assert(line?.endsWith(` info: worker 1: ${expected}`), site.stud.report());
});

Deno.test("a client that refuses the certificate is a line that says so", async () => {
  await using site = await Site.start();
  const { port } = site;
  const refusal = await Deno.connectTls({ hostname: "127.0.0.1", port }).then(
    (conn) => conn.handshake().finally(() => conn.close()),
  ).then(() => undefined, String);
  assert(refusal !== undefined, "the client trusts a certificate that nobody vouches for");
  await site.stud.output(
    /handshake failed: the client does not trust the certificate \(alert unknown_ca\)/,
  );
});

Deno.test("a thousand failures of a kind are a line and a count, and other kinds are not lost in it", async () => {
  await using site = await Site.start();
  const { port } = site;
  const waiting = Array.from({ length: 1_000 }, (_, index) => index);
  await Promise.all(Array.from({ length: 20 }, async () => {
    while (waiting.pop() !== undefined) await failHandshake(port);
  }));
  // A record with an impossible length is another kind.
  await failHandshake(port, "\x16\x03\x01\xff\xff\x01");
  await eventually("two lines at least", () => lines(site).length >= 2);
  site.stud.signal("SIGTERM");
  assertEquals((await site.stud.ended()).code, 0);

  const alike = lines(site).filter((line) => /failed: not TLS/.test(line));
  const counted = alike.map((line) => Number(/: (\d+) more within 60 s/.exec(line)?.[1] ?? 1));
  assertEquals(counted.reduce((sum, count) => sum + count, 0), 1_000, site.stud.report());
  // A second window, at the most, if the machine was very slow.
  assert(alike.length <= 4, site.stud.report());
  assert(/more within 60 s, the last one: client 127\.0\.0\.1:\d+ to /.test(site.stud.stdout));
  assertEquals(lines(site).length - alike.length, 1, site.stud.report());
});

function lines(site: Site): string[] {
  return site.stud.stdout.split("\n").filter((line) => /handshake failed/.test(line));
}
