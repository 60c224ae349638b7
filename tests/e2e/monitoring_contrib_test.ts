/** What contrib/ has for Prometheus and Grafana: their own tools accept it, and all the names in it exist. */

import { assert, assertEquals } from "../support/assert.ts";
import { freePort } from "../support/ports.ts";
import { temporaryPem } from "../support/certificates.ts";
import { Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const CONTRIB = new URL("../../contrib/", import.meta.url);
const NEEDS = { tools: ["promtool"] };

testWith(NEEDS, "the alert rules are valid, and raise what their own tests expect", async () => {
  for (const what of ["check rules alerts.yml", "test rules alerts_test.yml"]) {
    await promtool(what.split(" "), new URL("prometheus/", CONTRIB));
  }
  await promtool(["check", "config", "prometheus.yml"], new URL("prometheus/", CONTRIB));
});

testWith(NEEDS, "every query of the dashboard is one that Prometheus understands", async () => {
  const queries = await dashboardQueries();
  assert(queries.length > 20);
  const folder = await Deno.makeTempDir();
  try {
    const rules = queries.map((query, index) => ({
      record: `query_${index}`,
      expr: query.replaceAll("$__rate_interval", "1m").replaceAll("$instance", ".*"),
    }));
    const groups = [{ name: "dashboard", rules }];
    // JSON is YAML.
    await Deno.writeTextFile(`${folder}/rules.yml`, JSON.stringify({ groups }));
    await promtool(["check", "rules", "rules.yml"], folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith(NEEDS, "the rules and the dashboard use no metric that stud does not have", async () => {
  using pem = await temporaryPem();
  const port = freePort();
  await using stud = await Stud.start([
    ...["-f", "127.0.0.1,0", "-b", "127.0.0.1,9", "--status", `127.0.0.1,${port}`, pem.path],
  ]);
  const response = await fetch(`http://127.0.0.1:${port}/metrics`);
  assertEquals(response.status, 200, stud.report());
  const known = new Set<string>();
  for (const [, name, type] of (await response.text()).matchAll(/^# TYPE (\w+) (\w+)$/gm)) {
    const suffixes = type === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
    for (const suffix of suffixes) known.add(`${name}${suffix}`);
  }
  const texts = [
    await Deno.readTextFile(new URL("prometheus/alerts.yml", CONTRIB)),
    ...await dashboardQueries(),
  ];
  const used = new Set(texts.flatMap((text) => text.match(/\bstud_\w+/g) ?? []));
  assertEquals([...used].filter((name) => !known.has(name)), []);
});

/** The queries of all panels. */
async function dashboardQueries(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("grafana/stud.json", CONTRIB));
  const { panels } = JSON.parse(text) as { panels: { targets?: { expr: string }[] }[] };
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

async function promtool(args: readonly string[], cwd: URL | string): Promise<void> {
  const { code, stdout, stderr } = await new Deno.Command("promtool", { args: [...args], cwd })
    .output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stdout) + decoder.decode(stderr));
}
