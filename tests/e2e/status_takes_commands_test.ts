/** Commands on the unix socket of `--status`, and readiness while stud ends. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/ports.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { ask, socketPlace, statusOf, testStatus } from "../support/status_client.ts";
import { receive } from "../support/tls_client.ts";

const POST = { method: "POST" };
const LINUX = { linux: true };

/**
 * A stud of two workers with a frontend for each of the tests, because counts come late, and with a configuration file
 * and an access log, which a test leaves as they were.
 */
const shared = new Shared(async () => {
  const place = socketPlace();
  const [file, accessLog] = [`${place.folder}/stud.conf`, `${place.folder}/log`];
  await Deno.writeTextFile(file, "");
  const files = ["--status", place.path, "--config", file, "--access-log", accessLog];
  const site = await Site.startEcho(["-n", "2", ...files], 6);
  return {
    ...{ site, place, file, accessLog },
    forget: () => site.forget(),
    settle: () => site.settle(),
    [Symbol.asyncDispose]: async () => {
      await site[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    },
  };
});

shared.test(LINUX, "POST /reload answers with the outcome", async ({ site, place, file }) => {
  const failures = async () => {
    const { body } = await ask(place, "/metrics");
    return Number(/^stud_reloads_total\{outcome="failed"\} (\d+)$/m.exec(body)?.[1]);
  };
  const before = await failures();
  const unchanged = await ask(place, "/reload", POST);
  assertEquals([unchanged.status, JSON.parse(unchanged.body).outcome], [200, "unchanged"]);
  try {
    await Deno.writeTextFile(file, "drain-timeout = 7\n");
    assertEquals(JSON.parse((await ask(place, "/reload", POST)).body).outcome, "changed");
    await Deno.writeTextFile(file, "nonsense = 1\n");
    const failed = await ask(place, "/reload", POST);
    assertEquals(failed.status, 422);
    const { outcome, what } = JSON.parse(failed.body);
    assertEquals(outcome, "failed");
    assertStringIncludes(what, "nonsense");
    await site.echoOnce();
    const reloads = (await statusOf(place)).reloads.slice(0, 3);
    assertEquals(reloads.map((one) => one.outcome), ["failed", "changed", "unchanged"]);
    assertEquals(await failures(), before + 1);
  } finally {
    await Deno.writeTextFile(file, "");
    await ask(place, "/reload", POST);
  }
});

shared.test(
  LINUX,
  "a certificate that is not served as its file has it is seen",
  async ({ site, place }) => {
    const before = await statusOf(place);
    assertEquals(before.certificates.map((one) => one.servedDiffers), [false]);
    try {
      await Deno.writeTextFile(site.pem.path, "no certificate");
      const { body } = await ask(place, "/reload", POST);
      assertStringIncludes(JSON.parse(body).what, "1 certificate in quarantine");
      const { certificates, quarantine, warnings } = await statusOf(place);
      assertEquals(certificates.map((one) => one.servedDiffers), [true]);
      assertEquals(quarantine.map((one) => one.source), [site.pem.path]);
      assertStringIncludes(quarantine[0]!.reason, "not a PEM file");
      assertEquals(quarantine[0]!.keepsFormer, true);
      assertStringIncludes(warnings.map(({ text }) => text).join("\n"), "in quarantine:");
      assertStringIncludes(
        (await ask(place, "/metrics")).body,
        "stud_certificates_quarantined 1\n",
      );
    } finally {
      await Deno.writeTextFile(site.pem.path, site.pem.text);
      await ask(place, "/reload", POST);
    }
  },
);

shared.test(
  LINUX,
  "POST /disconnect resets the connections that match, and no others",
  async ({ site, place }) => {
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
  },
);

shared.test(
  LINUX,
  "POST /log-level changes what is logged until the next reload",
  async ({ site, place }) => {
    await site.echoOnce();
    assertEquals((await ask(place, "/log-level?level=loud", POST)).status, 400);
    assertEquals((await ask(place, "/log-level?level=debug", POST)).status, 200);
    await site.echoOnce();
    await site.stud.output(/debug: worker \d: client \S+ to \S+: ended/);
    await ask(place, "/reload", POST);
    const before = site.stud.stdout.split("debug:").length;
    await site.echoOnce();
    await eventually(
      "both to be counted",
      async () => {
        const { frontends } = await statusOf(place);
        return frontends[site.stud.ports.indexOf(site.port)]!.accepted === 3;
      },
    );
    assertEquals(site.stud.stdout.split("debug:").length, before);
  },
);

shared.test(
  LINUX,
  "POST /trace logs the handshakes of a network for a time",
  async ({ site, place }) => {
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
  },
);

shared.test(
  LINUX,
  "POST /reopen opens a log file that was renamed",
  async ({ site, place, accessLog }) => {
    await Deno.rename(accessLog, `${accessLog}.1`);
    assertEquals((await ask(place, "/reopen", POST)).status, 200);
    await eventually("a new file", () => Deno.stat(accessLog).then(() => true, () => false));
    await site.echoOnce();
  },
);

testStatus(
  "with --drain-delay stud still serves, but says that it is not ready; a second SIGTERM ends it",
  async () => {
    using place = socketPlace();
    await using site = await Site.startEcho(["--status", place.path, "--drain-delay", "600"]);
    assertEquals((await ask(place, "/readyz")).status, 200);
    site.stud.signal("SIGTERM");
    await site.stud.output(/drain announced: still accepting for 600 s/);
    assertEquals((await ask(place, "/readyz")).status, 503);
    assertEquals((await ask(place, "/healthz")).status, 200);
    const { state, ready, frontends } = await statusOf(place);
    assertEquals([state, ready, frontends[0]!.served], ["draining", false, true]);
    await site.echoOnce();
    assertEquals(JSON.parse((await ask(place, "/reload", POST)).body).outcome, "failed");
    site.stud.signal("SIGTERM");
    assertEquals((await site.stud.ended(15_000)).code, 0);
  },
);

testStatus(
  "POST /drain drains after the delay, and a SIGTERM after it is the first one",
  async () => {
    using place = socketPlace();
    await using site = await Site.startEcho(["--status", place.path, "--drain-delay", "1"]);
    using client = await site.connect();
    await exchange(client, "before");
    assertEquals(JSON.parse((await ask(place, "/drain", POST)).body), { drain: "begins" });
    await site.stud.output(/drain announced: still accepting for 1 s[^]*draining: waiting up to/);
    assertEquals(JSON.parse((await ask(place, "/drain", POST)).body), {
      drain: "has begun already",
    });
    assertEquals((await ask(place, "/readyz")).status, 503);
    site.stud.signal("SIGTERM");
    await exchange(client, "goes on");
    await client.closeWrite();
    assertEquals((await receive(client)).end, "clean");
    assertEquals((await site.stud.ended()).code, 0);
    assertEquals(await Deno.stat(place.path).catch(() => "gone"), "gone");
  },
);
