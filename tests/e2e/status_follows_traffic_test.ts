/** `--status`: what it tells moves with traffic, and is what Prometheus and the documented schema expect. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { schemaFaults } from "../support/json_schema.ts";
import { exchange } from "../support/ports.ts";
import { Site } from "../support/site.ts";
import { failHandshake } from "../support/serving.ts";
import { ask, socketPlace, statusOf, testStatus } from "../support/status_client.ts";
import { byLibrary } from "../support/stud.ts";
import { ToolProcess } from "../support/tool_process.ts";

testStatus("numbers move with traffic, per frontend, worker and backend", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["-n", "2", "--status", place.path]);
  const before = await statusOf(place);
  assertEquals([before.state, before.ready, before.totals.accepted], ["serving", true, 0]);
  for (let count = 0; count < 3; count++) await site.echoOnce();
  await failHandshake(site.port);
  using client = await site.connect();
  await exchange(client, "kept");
  await eventually(
    "the totals",
    async () => {
      const { totals } = await statusOf(place);
      return totals.accepted === 5 && totals.active === 1 && totals.handshakesFailed === 1;
    },
    15_000,
    async () => JSON.stringify((await statusOf(place)).totals),
  );
  const { totals, frontends, workers, backends, handshakes, supervisor } = await statusOf(place);
  assertEquals(totals.handshakes, 4);
  assert(totals.bytesToBackend >= 15 && totals.bytesToClient >= 15, JSON.stringify(totals));
  assertEquals(frontends.length, 1);
  assertEquals(frontends[0]!.accepted, 5);
  assertEquals(frontends[0]!.addresses, [`127.0.0.1:${site.port}`]);
  assertEquals(workers.map(({ index }) => index), [1, 2]);
  assertEquals(workers.reduce((sum, { accepted }) => sum + accepted, 0), 5);
  assert(workers.every(({ pid, memory }) => site.stud.workers().includes(pid!) && memory! > 1e6));
  assert(supervisor.memory! > 1e6 && supervisor.cpuSeconds! > 0);
  assertEquals(backends.map(({ connects }) => connects), [4]);
  assertEquals(
    handshakes.versions,
    byLibrary<Record<string, number>>({ rustls: { unknown: 4 }, openssl: { "TLSv1.3": 4 } }),
  );
  const live = JSON.parse((await ask(place, "/connections?client=127.0.0.0/8")).body);
  assertEquals([live.matching, live.connections[0].backend], [
    1,
    site.backend.address.replace(",", ":"),
  ]);
  assertEquals(JSON.parse((await ask(place, "/connections?client=192.0.2.1")).body).matching, 0);
});

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

testStatus("/status is as its schema says", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["--status", place.path]);
  await site.echoOnce();
  await eventually(
    "a counted connection",
    async () => (await statusOf(place)).totals.accepted === 1,
  );
  const schema = JSON.parse(
    await Deno.readTextFile(new URL("../../docs/status.schema.json", import.meta.url)),
  );
  assertEquals(schemaFaults(schema, await statusOf(place)), []);
});

testStatus("promtool finds nothing in /metrics", async () => {
  using place = socketPlace();
  await using site = await Site.startEcho(["--status", place.path]);
  await site.echoOnce();
  await eventually(
    "a counted connection",
    async () => (await ask(place, "/metrics")).body.includes("stud_handshakes_total{"),
  );
  const { head, body } = await ask(place, "/metrics");
  assertStringIncludes(head, "content-type: text/plain; version=0.0.4");
  await using promtool = new ToolProcess("promtool", ["check", "metrics"]);
  await promtool.write(body);
  await promtool.closeInput();
  await eventually("promtool to end", () => promtool.status !== undefined);
  assertEquals([promtool.status?.code, promtool.stdout + promtool.stderr], [0, ""]);
}, { tools: ["promtool"] });

testStatus("the page, and OpenMetrics for those who ask for it", async () => {
  using place = socketPlace();
  await using _ = await Site.startEcho(["--status", place.path]);
  const page = await ask(place, "/");
  assertStringIncludes(page.head, "content-type: text/html");
  assertStringIncludes(page.head, "content-security-policy: default-src 'none'");
  assertStringIncludes(page.head, "cache-control: no-store");
  const headers = ["host: localhost", "accept: application/openmetrics-text;version=1.0.0"];
  const metrics = await ask(place, "/metrics", { headers });
  assertStringIncludes(metrics.head, "application/openmetrics-text; version=1.0.0");
  assert(metrics.body.endsWith("# EOF\n"));
});
