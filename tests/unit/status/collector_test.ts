/** What the status tells, from what the parts of a stud say. */

import { encodeMetrics, formatMetrics } from "../../../src/status/openmetrics.ts";
import { HISTORY_STEP } from "../../../src/status/history.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { seriesKey } from "../../../src/metrics/series.ts";
import { checkCertificate } from "../../../src/x509/certificate_file.ts";
import { schemaFaults } from "../../support/json_schema.ts";
import { collectorOf, everySeries } from "../../support/status_subject.ts";
import { temporaryPem } from "../../support/certificates.ts";

const SCHEMA = JSON.parse(
  Deno.readTextFileSync(new URL("../../../docs/status.schema.json", import.meta.url)),
);

Deno.test("until it watches a supervisor, stud is starting and not ready", async () => {
  const { collector } = collectorOf();
  assertEquals(collector.unready, "starting");
  const { state, ready, workers } = await collector.status();
  assertEquals([state, ready, workers], ["starting", false, []]);
});

Deno.test("it is ready only while a worker serves and nothing drains", () => {
  for (
    const [phase, state, unready] of [
      ["serving", "serving", undefined],
      ["starting", "serving", "starting"],
      ["draining", "serving", "draining"],
      ["serving", "starting", "no worker serves"],
    ] as const
  ) {
    const { collector, subject } = collectorOf({ phase, state });
    collector.watch(subject, () => new Map());
    assertEquals(collector.unready, unready);
    collector.stop();
  }
});

Deno.test("frontends have the operator's names, and everything is as the schema says", async () => {
  using pem = await temporaryPem();
  const certificate = checkCertificate(pem.text, pem.path);
  const { collector, subject, lines, clock } = collectorOf({
    series: everySeries(),
    certificates: [certificate],
  });
  lines.take("warning", "a warning");
  lines.take("info", "a line");
  collector.reloaded({ outcome: "failed", what: "a fault" });
  collector.watch(subject, () => new Map());
  await clock.advance(3 * HISTORY_STEP);
  const status = await collector.status();
  assertEquals(schemaFaults(SCHEMA, status), []);
  const [frontend] = status.frontends;
  assertEquals([frontend!.name, frontend!.addresses], ["*:443", ["[::]:443"]]);
  assertEquals([frontend!.accepted, frontend!.ended], [3, { cause: 3 }]);
  assertEquals(status.workers[0]!.restarts, 3);
  assertEquals(
    [status.workers[0]!.memory, status.workers[0]!.cpuSeconds, status.workers[0]!.cpuShare],
    [2_097_152, 2, 0],
  );
  assertEquals(status.warnings.map(({ text }) => text), ["a warning"]);
  assertEquals(status.history.active.length, 3);
  assertEquals(status.certificates.map(({ servedDiffers }) => servedDiffers), [false]);
  assert(/^(ECDSA P-|RSA )\d+$/.test(status.certificates[0]!.keyType));
  assertEquals(status.postQuantum.offered, true);
  collector.changed([pem.path]);
  assertEquals((await collector.status()).certificates[0]!.servedDiffers, true);
  collector.stop();
});

Deno.test("what has not changed about a certificate is neither made nor encoded again", async () => {
  using pem = await temporaryPem();
  const { collector, subject } = collectorOf({
    certificates: [checkCertificate(pem.text, pem.path)],
  });
  collector.watch(subject, () => new Map());
  const told = async () => (await collector.status()).certificates[0]!;
  const encoded = async () => encodeMetrics(await collector.families(), "prometheus");
  const [one, parts] = [await told(), await encoded()];
  const kept = async () => (await encoded()).filter((part) => parts.includes(part)).length;
  assert(await told() === one);
  assertEquals(await kept(), 2);
  collector.changed([pem.path]);
  assert(await told() !== one);
  assertEquals(await kept(), 0);
  const text = formatMetrics(await collector.families(), "openmetrics");
  assertEquals(text.match(/^stud_certificate_served_differs\{.*\} 1$/gm)?.length, 1);
  collector.stop();
});

Deno.test("a certificate differs from what is served too if only its key has changed", async () => {
  using pem = await temporaryPem();
  const certificate = checkCertificate(pem.text, pem.path);
  const { collector, subject } = collectorOf({
    certificates: [certificate, { ...certificate, source: "other.pem" }],
  });
  const { settings } = subject.plan;
  Object.assign(settings, {
    pemFiles: [{ certificate: pem.path, privateKey: "own.key" }, { certificate: "other.pem" }],
    certificates: { ...settings.certificates, privateKeys: ["some.key"] },
  });
  collector.watch(subject, () => new Map());
  const differing = async () =>
    (await collector.status()).certificates.map(({ servedDiffers }) => servedDiffers);
  assertEquals(await differing(), [false, false]);
  collector.changed(["own.key"]);
  assertEquals(await differing(), [true, false]);
  // It may be the key of either.
  collector.changed(["some.key"]);
  assertEquals(await differing(), [true, null]);
  const text = formatMetrics(await collector.families(), "prometheus");
  // It is one certificate.
  assertEquals(text.match(/^stud_certificate_served_differs\{.*\} 1$/gm)?.length, 1);
  assertEquals(text.match(/^stud_certificate_(served|not).*\} /gm)?.length, 2);
  collector.stop();
});

Deno.test("the counts of failures are completed by the last one of each kind", async () => {
  const failure = { frontend: "a", reason: "not-tls", count: 1, lastServerName: "" } as const;
  const [early, late] = ["2026-01-01T00:00:01.000Z", "2026-01-01T00:00:02.000Z"];
  const { collector, subject } = collectorOf({
    series: new Map([
      [seriesKey("handshake_failures", ["a", "not-tls"]), 4],
      [seriesKey("handshake_failures", ["a", "closed"]), 9],
      [seriesKey("backend_failures", ["192.0.2.9:80", "refused"]), 2],
    ]),
    faults: {
      handshakes: [
        { ...failure, lastTime: late, lastClient: "192.0.2.1:1" },
        { ...failure, frontend: "b", lastTime: early, lastClient: "192.0.2.2:2" },
      ],
      backends: [{ address: "192.0.2.9:80", time: late, reason: "connection refused" }],
    },
  });
  collector.watch(subject, () => new Map());
  const status = await collector.status();
  collector.stop();
  assertEquals(status.handshakes.failures, [
    { reason: "closed", count: 9, lastTime: null, lastClient: null, lastServerName: null },
    {
      ...{ reason: "not-tls", count: 4, lastTime: late },
      ...{ lastClient: "192.0.2.1:1", lastServerName: null },
    },
  ]);
  assertEquals(status.backends.map(({ lastFailure }) => lastFailure), [
    { time: late, reason: "connection refused" },
  ]);
  assertEquals(schemaFaults(SCHEMA, status), []);
});

Deno.test("docs/monitoring.md has every metric, with its type and labels, and no others", async () => {
  using pem = await temporaryPem();
  const { collector, subject } = collectorOf({
    series: everySeries(),
    certificates: [checkCertificate(pem.text, pem.path)],
  });
  collector.reloaded({ outcome: "changed", what: "something" });
  collector.watch(subject, () => new Map());
  const rows = (await collector.families()).map(({ name, type, samples: [first], help }) => {
    const labels = [...(first?.labels ?? KNOWN_LABELS[name] ?? "").matchAll(/(\w+)="/g)]
      .map(([, label]) => label);
    const full = type === "counter" ? `${name}_total` : name;
    const list = labels.map((label) => `\`${label}\``).join(", ");
    return `| \`${full}\` | ${type} | ${list} | ${help} |`;
  });
  collector.stop();
  const page = Deno.readTextFileSync(new URL("../../../docs/monitoring.md", import.meta.url));
  const documented = page.split("\n").filter((line) => line.startsWith("| `stud_"))
    .map((line) => line.split("|").map((cell) => cell.trim()).join(" | ").trim());
  assertEquals(documented, rows);
});

/** Of families that have no sample here. */
const KNOWN_LABELS: Readonly<Record<string, string>> = {
  stud_ocsp_response_age_seconds: 'name="",fingerprint=""',
};

Deno.test("buckets of a histogram contain those below them", async () => {
  const { collector, subject } = collectorOf({ series: everySeries() });
  collector.watch(subject, () => new Map());
  const text = formatMetrics(await collector.families(), "prometheus");
  collector.stop();
  const labels = 'frontend="*:443",worker="1"';
  assert(text.includes(`stud_handshake_duration_seconds_bucket{${labels},le="10"} 0\n`), text);
  assert(text.includes(`stud_handshake_duration_seconds_bucket{${labels},le="+Inf"} 3\n`));
  assert(text.includes(`stud_handshake_duration_seconds_sum{${labels}} 1.5\n`));
  assert(text.includes(`stud_handshake_duration_seconds_count{${labels}} 3\n`));
});
