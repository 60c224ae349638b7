/** `--status`: what it tells moves with traffic, and is what Prometheus and the documented schema expect. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { schemaFaults } from "../support/json_schema.ts";
import { exchange } from "../support/ports.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { failHandshake } from "../support/serving.ts";
import { ask, socketPlace, statusOf, testStatus } from "../support/status_client.ts";
import { byLibrary } from "../support/stud.ts";
import { ToolProcess } from "../support/tool_process.ts";

const LINUX = { linux: true };

/** A stud of two workers, with a frontend for each of the tests. */
const shared = new Shared(async () => {
  const place = socketPlace();
  const site = await Site.startEcho(["-n", "2", "--status", place.path], 4);
  return {
    ...{ site, place },
    forget: () => site.forget(),
    settle: () => site.settle(),
    [Symbol.asyncDispose]: async () => {
      await site[Symbol.asyncDispose]();
      place[Symbol.dispose]();
    },
  };
});

shared.test(
  LINUX,
  "numbers move with traffic, per frontend, worker and backend",
  async ({ site, place }) => {
    await eventually(
      "clients of other tests are gone",
      async () => (await statusOf(place)).totals.active === 0,
    );
    const before = await statusOf(place);
    assertEquals([before.state, before.ready], ["serving", true]);
    for (let count = 0; count < 3; count++) await site.echoOnce();
    await failHandshake(site.port);
    using client = await site.connect();
    await exchange(client, "kept");
    await eventually(
      "the totals",
      async () => {
        const { totals } = await statusOf(place);
        return totals.accepted === before.totals.accepted + 5 && totals.active === 1 &&
          totals.handshakesFailed === before.totals.handshakesFailed + 1;
      },
      15_000,
      async () => JSON.stringify((await statusOf(place)).totals),
    );
    const { totals, frontends, workers, backends, handshakes, supervisor } = await statusOf(place);
    const was = before.totals;
    assertEquals(totals.handshakes, was.handshakes + 4);
    const bytes = [
      totals.bytesToBackend - was.bytesToBackend,
      totals.bytesToClient - was.bytesToClient,
    ];
    assert(bytes.every((number) => number >= 15), bytes.join(" "));
    assertEquals(
      frontends.map(({ addresses }) => addresses),
      site.stud.ports.map((port) => [`127.0.0.1:${port}`]),
    );
    const moved = frontends.map(({ accepted }, at) => accepted - before.frontends[at]!.accepted);
    assertEquals(moved, site.stud.ports.map((port) => port === site.port ? 5 : 0));
    assertEquals(workers.map(({ index }) => index), [1, 2]);
    assertEquals(workers.reduce((sum, { accepted }) => sum + accepted, -was.accepted), 5);
    assert(workers.every(({ pid, memory }) => site.stud.workers().includes(pid!) && memory! > 1e6));
    assert(supervisor.memory! > 1e6 && supervisor.cpuSeconds! > 0);
    assertEquals(
      backends.map(({ connects }, at) => connects - (before.backends[at]?.connects ?? 0)),
      [4],
    );
    const version = byLibrary({ rustls: "unknown", openssl: "TLSv1.3" });
    assertEquals(Object.keys(handshakes.versions), [version]);
    assertEquals(handshakes.versions[version]! - (before.handshakes.versions[version] ?? 0), 4);
    const live = JSON.parse((await ask(place, "/connections?client=127.0.0.0/8")).body);
    assertEquals([live.matching, live.connections[0].backend], [
      1,
      site.backend.address.replace(",", ":"),
    ]);
    assertEquals(JSON.parse((await ask(place, "/connections?client=192.0.2.1")).body).matching, 0);
  },
);

testStatus("failures say who was the last, and why a backend failed", async () => {
  using place = socketPlace();
  const gone = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = gone.addr;
  gone.close();
  const args = ["-n", "2", "--status", place.path];
  await using site = await Site.start({ args, backendAddress: `127.0.0.1,${port}` });
  await failHandshake(site.port);
  await eventually("a connection that finds no backend", async () => {
    await site.echoOnce().catch(() => {});
    return (await statusOf(place)).backends.some(({ failures }) => failures > 0);
  });
  const { handshakes: { failures }, backends, time } = await statusOf(place);
  const plain = failures.find(({ reason }) => reason === "plain-http");
  assert(/^127\.0\.0\.1:\d+$/.test(plain?.lastClient ?? ""), JSON.stringify(failures));
  assertEquals(plain?.lastServerName, null);
  const { lastFailure } = backends.find(({ lastFailure }) => lastFailure !== null)!;
  assertStringIncludes(lastFailure!.reason, "refused");
  assert(lastFailure!.time <= time && Date.parse(time) - Date.parse(lastFailure!.time) < 60_000);
  const schema = JSON.parse(
    await Deno.readTextFile(new URL("../../docs/status.schema.json", import.meta.url)),
  );
  assertEquals(schemaFaults(schema, await statusOf(place)), []);
});

shared.test(LINUX, "/status is as its schema says", async ({ site, place }) => {
  const at = site.stud.ports.indexOf(site.port);
  await site.echoOnce();
  await eventually(
    "a counted connection",
    async () => (await statusOf(place)).frontends[at]!.accepted === 1,
  );
  const schema = JSON.parse(
    await Deno.readTextFile(new URL("../../docs/status.schema.json", import.meta.url)),
  );
  assertEquals(schemaFaults(schema, await statusOf(place)), []);
});

shared.test(
  { ...LINUX, tools: ["promtool"] },
  "promtool finds nothing in /metrics",
  async ({ site, place }) => {
    const at = site.stud.ports.indexOf(site.port);
    await site.echoOnce();
    await eventually(
      "a counted connection",
      async () => (await statusOf(place)).frontends[at]!.accepted === 1,
    );
    const { head, body } = await ask(place, "/metrics");
    assertStringIncludes(head, "content-type: text/plain; version=0.0.4");
    assertStringIncludes(body, "stud_handshakes_total{");
    await using promtool = new ToolProcess("promtool", ["check", "metrics"]);
    await promtool.write(body);
    await promtool.closeInput();
    await eventually("promtool to end", () => promtool.status !== undefined);
    assertEquals([promtool.status?.code, promtool.stdout + promtool.stderr], [0, ""]);
  },
);

shared.test(LINUX, "the page, and OpenMetrics for those who ask for it", async ({ place }) => {
  const page = await ask(place, "/");
  assertStringIncludes(page.head, "content-type: text/html");
  assertStringIncludes(page.head, "content-security-policy: default-src 'none'");
  assertStringIncludes(page.head, "cache-control: no-store");
  const headers = ["host: localhost", "accept: application/openmetrics-text;version=1.0.0"];
  const metrics = await ask(place, "/metrics", { headers });
  assertStringIncludes(metrics.head, "application/openmetrics-text; version=1.0.0");
  assert(metrics.body.endsWith("# EOF\n"));
});
