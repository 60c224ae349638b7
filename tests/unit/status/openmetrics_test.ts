/** Metrics as text. */

import {
  chooseFormat,
  formatMetrics,
  labelsText,
  type MetricFamily,
} from "../../../src/status/openmetrics.ts";
import { assertEquals } from "../../support/assert.ts";

const FAMILIES: readonly MetricFamily[] = [
  {
    name: "stud_things",
    type: "counter",
    help: 'A "thing" of\\ours\nhere.',
    samples: [
      { labels: labelsText({ path: 'C:\\a "b"\n' }), value: 3 },
      { labels: "", value: 1e21 },
    ],
  },
  { name: "stud_build_info", type: "info", help: "Version.", samples: [{ labels: "", value: 1 }] },
  {
    name: "stud_time_seconds",
    type: "histogram",
    unit: "seconds",
    help: "Time.",
    samples: [
      { suffix: "_bucket", labels: "", bound: 1, value: 2 },
      { suffix: "_bucket", labels: "", bound: 2.5, value: 2 },
      { suffix: "_bucket", labels: "", bound: Infinity, value: 4 },
      { suffix: "_sum", labels: "", value: 0.25 },
      { suffix: "_count", labels: "", value: 4 },
    ],
  },
];

Deno.test("formatMetrics() writes Prometheus' text format 0.0.4", () => {
  assertEquals(
    formatMetrics(FAMILIES, "prometheus"),
    `# HELP stud_things_total A "thing" of\\\\ours\\nhere.
# TYPE stud_things_total counter
stud_things_total{path="C:\\\\a \\"b\\"\\n"} 3
stud_things_total 1e+21
# HELP stud_build_info Version.
# TYPE stud_build_info gauge
stud_build_info 1
# HELP stud_time_seconds Time.
# TYPE stud_time_seconds histogram
stud_time_seconds_bucket{le="1"} 2
stud_time_seconds_bucket{le="2.5"} 2
stud_time_seconds_bucket{le="+Inf"} 4
stud_time_seconds_sum 0.25
stud_time_seconds_count 4
`,
  );
});

Deno.test("formatMetrics() writes OpenMetrics 1.0", () => {
  assertEquals(
    formatMetrics(FAMILIES, "openmetrics"),
    `# TYPE stud_things counter
# HELP stud_things A \\"thing\\" of\\\\ours\\nhere.
stud_things_total{path="C:\\\\a \\"b\\"\\n"} 3
stud_things_total 1e+21
# TYPE stud_build info
# HELP stud_build Version.
stud_build_info 1
# TYPE stud_time_seconds histogram
# UNIT stud_time_seconds seconds
# HELP stud_time_seconds Time.
stud_time_seconds_bucket{le="1.0"} 2
stud_time_seconds_bucket{le="2.5"} 2
stud_time_seconds_bucket{le="+Inf"} 4
stud_time_seconds_sum 0.25
stud_time_seconds_count 4
# EOF
`,
  );
});

Deno.test("chooseFormat() follows the weights of the Accept header", () => {
  const prometheus2 = "application/openmetrics-text;version=1.0.0;q=0.6," +
    "application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
  assertEquals(chooseFormat(prometheus2), "openmetrics");
  assertEquals(chooseFormat("Application/OpenMetrics-Text"), "openmetrics");
  assertEquals(chooseFormat('application/openmetrics-text; version="1.0.0"'), "openmetrics");
  assertEquals(chooseFormat("application/openmetrics-text;version=0.0.1"), "prometheus");
  assertEquals(chooseFormat("application/openmetrics-text;q=0"), "prometheus");
  assertEquals(
    chooseFormat("text/plain;version=0.0.4;q=0.9,application/openmetrics-text;q=0.5"),
    "prometheus",
  );
  for (const other of [undefined, "", "*/*", "text/html", ";;,,q="]) {
    assertEquals(chooseFormat(other), "prometheus");
  }
});
