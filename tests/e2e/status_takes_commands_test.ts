/** Commands on the unix socket of `--status`, and readiness while stud ends. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/ports.ts";
import { Site } from "../support/site.ts";
import { ask, socketPlace, statusOf, testStatus } from "../support/status_client.ts";
import { receive } from "../support/tls_client.ts";

const POST = { method: "POST" };

testStatus("POST /reload answers with the outcome", async () => {
  using place = socketPlace();
  const file = `${place.folder}/stud.conf`;
  await Deno.writeTextFile(file, "");
  await using site = await Site.startEcho(["--status", place.path, "--config", file]);
  const unchanged = await ask(place, "/reload", POST);
  assertEquals([unchanged.status, JSON.parse(unchanged.body).outcome], [200, "unchanged"]);
  await Deno.writeTextFile(file, "drain-timeout = 7\n");
  assertEquals(JSON.parse((await ask(place, "/reload", POST)).body).outcome, "changed");
  await Deno.writeTextFile(file, "nonsense = 1\n");
  const failed = await ask(place, "/reload", POST);
  assertEquals(failed.status, 422);
  const { outcome, what } = JSON.parse(failed.body);
  assertEquals(outcome, "failed");
  assertStringIncludes(what, "nonsense");
  await site.echoOnce();
  const { reloads } = await statusOf(place);
  assertEquals(reloads.map((one) => one.outcome), ["failed", "changed", "unchanged"]);
  assertStringIncludes(
    (await ask(place, "/metrics")).body,
    'stud_reloads_total{outcome="failed"} 1\n',
  );
});

testStatus("a certificate that is not served as its file has it is seen", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["--status", place.path]);
  const before = await statusOf(place);
  assertEquals(before.certificates.map((one) => one.servedDiffers), [false]);
  await Deno.writeTextFile(site.pem.path, "no certificate");
  const { body } = await ask(place, "/reload", POST);
  assertStringIncludes(JSON.parse(body).what, "1 certificate in quarantine");
  const { certificates, quarantine, warnings } = await statusOf(place);
  assertEquals(certificates.map((one) => one.servedDiffers), [true]);
  assertEquals(quarantine.map((one) => one.source), [site.pem.path]);
  assertStringIncludes(quarantine[0]!.reason, "not a PEM file");
  assertEquals(quarantine[0]!.keepsFormer, true);
  assertStringIncludes(warnings[0]!.text, "in quarantine:");
  assertStringIncludes(
    (await ask(place, "/metrics")).body,
    "stud_certificates_quarantined 1\n",
  );
});

testStatus("POST /disconnect resets the connections that match, and no others", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["--status", place.path]);
  using client = await site.connect();
  await exchange(client, "here");
  assertEquals((await ask(place, "/disconnect", POST)).status, 400);
  assertEquals((await ask(place, "/disconnect?clint=127.0.0.1", POST)).status, 400);
  const others = await ask(place, "/disconnect?client=192.0.2.0/24", POST);
  assertEquals(JSON.parse(others.body), { disconnected: 0, unanswered: [] });
  await exchange(client, "still here");
  const { body } = await ask(place, "/disconnect?client=127.0.0.1", POST);
  assertEquals(JSON.parse(body), { disconnected: 1, unanswered: [] });
  assert((await receive(client)).end !== "clean");
  await site.echoOnce();
});

testStatus("POST /log-level changes what is logged until the next reload", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["--status", place.path]);
  await site.echoOnce();
  assertEquals((await ask(place, "/log-level?level=loud", POST)).status, 400);
  assertEquals((await ask(place, "/log-level?level=debug", POST)).status, 200);
  await site.echoOnce();
  await site.stud.output(/debug: worker 1: client \S+ to \S+: ended/);
  await ask(place, "/reload", POST);
  const before = site.stud.stdout.split("debug:").length;
  await site.echoOnce();
  await eventually("both to be counted", async () => (await statusOf(place)).totals.accepted === 3);
  assertEquals(site.stud.stdout.split("debug:").length, before);
});

testStatus("POST /trace logs the handshakes of a network for a time", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["-n", "2", "--status", place.path]);
  for (const query of ["", "?cidr=example.com", "?cidr=127.0.0.1&for=2d", "?cidr=::1&for=1ms"]) {
    assertEquals((await ask(place, `/trace${query}`, POST)).status, 400, query);
  }
  const { status, body } = await ask(place, "/trace?cidr=127.0.0.0/8&for=2m", POST);
  assertEquals([status, JSON.parse(body)], [
    200,
    { cidr: "127.0.0.0/8", seconds: 120, workers: 2 },
  ]);
  await site.stud.output(/worker 2: tracing handshakes of 127\.0\.0\.0\/8 for 120 s/);
  await site.echoOnce();
  await site.stud.output(/trace: client 127\.0\.0\.1:\d+ to \S+: accepted/);
});

testStatus("POST /reopen opens a log file that was renamed", async () => {
  using place = socketPlace();
  const file = `${place.folder}/log`;
  const args = ["--status", place.path, "--access-log", file];
  await using site = await Site.startEcho(args);
  await Deno.rename(file, `${file}.1`);
  assertEquals((await ask(place, "/reopen", POST)).status, 200);
  await eventually("a new file", () => Deno.stat(file).then(() => true, () => false));
  await site.echoOnce();
});

testStatus("with --drain-delay stud still serves, but says that it is not ready", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["--status", place.path, "--drain-delay", "4"]);
  assertEquals((await ask(place, "/readyz")).status, 200);
  site.stud.signal("SIGTERM");
  await site.stud.output(/drain announced: still accepting for 4 s/);
  assertEquals((await ask(place, "/readyz")).status, 503);
  assertEquals((await ask(place, "/healthz")).status, 200);
  const { state, ready, frontends } = await statusOf(place);
  assertEquals([state, ready, frontends[0]!.served], ["draining", false, true]);
  await site.echoOnce();
  assertEquals(JSON.parse((await ask(place, "/reload", POST)).body).outcome, "failed");
  await site.stud.output(/draining: waiting up to/);
  assertEquals((await site.stud.ended()).code, 0);
  assertEquals(await Deno.stat(place.path).catch(() => "gone"), "gone");
});

testStatus("POST /drain drains, and a SIGTERM after it is the first one", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["--status", place.path]);
  using client = await site.connect();
  await exchange(client, "before");
  assertEquals(JSON.parse((await ask(place, "/drain", POST)).body), { drain: "begins" });
  await site.stud.output(/draining: waiting up to/);
  assertEquals(JSON.parse((await ask(place, "/drain", POST)).body), { drain: "has begun already" });
  assertEquals((await ask(place, "/readyz")).status, 503);
  site.stud.signal("SIGTERM");
  await exchange(client, "goes on");
  await client.closeWrite();
  assertEquals((await receive(client)).end, "clean");
  assertEquals((await site.stud.ended()).code, 0);
});

testStatus("a second SIGTERM ends the delay, and stud, at once", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["--status", place.path, "--drain-delay", "600"]);
  site.stud.signal("SIGTERM");
  await site.stud.output(/drain announced/);
  site.stud.signal("SIGTERM");
  assertEquals((await site.stud.ended(15_000)).code, 0);
});
