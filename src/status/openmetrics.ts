/**
 * Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0. It owns names, escaping and numbers of both; what is
 * measured is not its business.
 */

/** One number of a family. */
export interface Sample {
  /** Follows the family's name: `_bucket`, `_sum` or `_count` of a histogram; default none. */
  readonly suffix?: string;
  /** Names and values, in order. */
  readonly labels: readonly (readonly [name: string, value: string])[];
  readonly value: number;
}

/** Numbers of the same meaning. */
export interface MetricFamily {
  /** Without `_total`, which counters get here. */
  readonly name: string;
  /** `info`: always 1, for its labels; its name ends in `_info`. */
  readonly type: "counter" | "gauge" | "histogram" | "info";
  /** If there is one, the name ends with it. */
  readonly unit?: string | undefined;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** The formats that a client may ask for. */
export type MetricsFormat = "prometheus" | "openmetrics";

/** The media type of each format. */
export const METRICS_TYPES: Readonly<Record<MetricsFormat, string>> = {
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/** The families as one text. */
export function formatMetrics(families: readonly MetricFamily[], format: MetricsFormat): string {
  const isOpen = format === "openmetrics";
  const lines = families.flatMap((family) => isOpen ? openFamily(family) : plainFamily(family));
  if (isOpen) lines.push("# EOF");
  return lines.map((line) => `${line}\n`).join("");
}

/** The format for an Accept header (RFC 9110 section 12.5.1); a client that does not choose gets Prometheus' own. */
export function chooseFormat(accept: string | undefined): MetricsFormat {
  let [open, plain] = [0, 0];
  for (const part of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = part.split(";").map((text) => text.trim().toLowerCase());
    const version = parameterOf("version", parameters);
    const weight = Number(parameterOf("q", parameters) ?? 1);
    if (!(weight > 0)) continue;
    if (type === "application/openmetrics-text" && (version ?? "1.0.0") === "1.0.0") {
      open = Math.max(open, weight);
    } else if (type === "text/plain" && (version ?? "0.0.4") === "0.0.4") {
      plain = Math.max(plain, weight);
    }
  }
  return open > plain ? "openmetrics" : "prometheus";
}

function parameterOf(name: string, parameters: readonly string[]): string | undefined {
  const found = parameters.find((one) => one.startsWith(`${name}=`));
  return found?.slice(name.length + 1).replace(/^"(.*)"$/, "$1");
}

function plainFamily({ name, type, help, samples }: MetricFamily): string[] {
  const full = type === "counter" ? `${name}_total` : name;
  return [
    `# HELP ${full} ${escapeHelp(help, false)}`,
    `# TYPE ${full} ${type === "info" ? "gauge" : type}`,
    ...samples.map((sample) => sampleLine(full, sample, String)),
  ];
}

function openFamily({ name, type, unit, help, samples }: MetricFamily): string[] {
  // The names of families of these types are without the endings of their samples.
  const base = type === "info" ? name.replace(/_info$/, "") : name;
  const full = type === "counter" ? `${name}_total` : name;
  return [
    `# TYPE ${base} ${type}`,
    ...unit === undefined ? [] : [`# UNIT ${base} ${unit}`],
    `# HELP ${base} ${escapeHelp(help, true)}`,
    ...samples.map((sample) => sampleLine(full, sample, canonicalBound)),
  ];
}

function sampleLine(
  name: string,
  { suffix = "", labels, value }: Sample,
  bound: (text: string) => string,
): string {
  const pairs = labels.map(([label, text]) =>
    `${label}="${escapeLabel(label === "le" ? bound(text) : text)}"`
  );
  const braces = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  return `${name}${suffix}${braces} ${numberText(value)}`;
}

/** OpenMetrics writes bounds as floating point numbers. */
function canonicalBound(text: string): string {
  return /^\d+$/.test(text) ? `${text}.0` : text;
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value === -Infinity) return "-Inf";
  return String(value);
}

function escapeLabel(text: string): string {
  if (!/[\\"\n]/.test(text)) return text;
  return text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n");
}

function escapeHelp(text: string, quotes: boolean): string {
  const escaped = text.replace(/\\/g, "\\\\").replace(/\n/g, "\\n");
  return quotes ? escaped.replace(/"/g, '\\"') : escaped;
}
