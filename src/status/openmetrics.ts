/**
 * Metrics as text: Prometheus' format 0.0.4, and OpenMetrics 1.0. It owns names, escaping and numbers of both; what is
 * measured is not its business.
 */

/** One number of a family. */
export interface Sample {
  /** Follows the family's name: `_bucket`, `_sum` or `_count` of a histogram; default none. */
  readonly suffix?: string;
  /** As {@linkcode labelsText} writes them. */
  readonly labels: string;
  /** The upper bound of a histogram's bucket, its last label. */
  readonly bound?: number;
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
  /** The array is the same until something changes, and is long: what it is encoded to is kept with it. */
  readonly isKept?: boolean;
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
  return encodeMetrics(families, format).map((part) => new TextDecoder().decode(part)).join("");
}

/**
 * The same text in UTF-8, in parts of which some belong to later texts too: with a thousand certificates, a scrape would
 * otherwise leave a megabyte of garbage, and the heap would grow by several.
 */
export function encodeMetrics(
  families: readonly MetricFamily[],
  format: MetricsFormat,
): readonly Uint8Array[] {
  const isOpen = format === "openmetrics";
  const parts: Uint8Array[] = [];
  let lines: string[] = [];
  for (const family of families) {
    lines.push(...isOpen ? openHead(family) : plainHead(family));
    if (family.isKept) {
      parts.push(encodeLines(lines), keptLines(family));
      lines = [];
    } else {
      for (const sample of family.samples) lines.push(sampleLine(family, sample, isOpen));
    }
  }
  if (isOpen) lines.push("# EOF");
  parts.push(encodeLines(lines));
  return parts;
}

/** By the samples. These have no bounds, and numbers without a bound are the same in both formats. */
const KEPT = new WeakMap<MetricFamily["samples"], Uint8Array>();

function keptLines(family: MetricFamily): Uint8Array {
  const known = KEPT.get(family.samples);
  if (known !== undefined) return known;
  const bytes = encodeLines(family.samples.map((sample) => sampleLine(family, sample, false)));
  KEPT.set(family.samples, bytes);
  return bytes;
}

function encodeLines(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(""));
}

/** Labels as both formats have them, names and values in this order. */
export function labelsText(labels: Readonly<Record<string, string | number>>): string {
  return Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`)
    .join(",");
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

function plainHead({ name, type, help }: MetricFamily): string[] {
  const full = type === "counter" ? `${name}_total` : name;
  return [
    `# HELP ${full} ${escapeHelp(help, false)}`,
    `# TYPE ${full} ${type === "info" ? "gauge" : type}`,
  ];
}

function openHead({ name, type, unit, help }: MetricFamily): string[] {
  // The names of families of these types are without the endings of their samples.
  const base = type === "info" ? name.replace(/_info$/, "") : name;
  return [
    `# TYPE ${base} ${type}`,
    ...unit === undefined ? [] : [`# UNIT ${base} ${unit}`],
    `# HELP ${base} ${escapeHelp(help, true)}`,
  ];
}

function sampleLine(
  { type, name: base }: MetricFamily,
  { suffix = "", labels, bound, value }: Sample,
  isOpen: boolean,
): string {
  const name = type === "counter" ? `${base}_total` : base;
  let all = labels;
  if (bound !== undefined) {
    all += `${labels === "" ? "" : ","}le="${isOpen ? canonicalBound(bound) : numberText(bound)}"`;
  }
  return all === ""
    ? `${name}${suffix} ${numberText(value)}`
    : `${name}${suffix}{${all}} ${numberText(value)}`;
}

/** OpenMetrics writes bounds as floating point numbers. */
function canonicalBound(bound: number): string {
  return Number.isInteger(bound) ? `${bound}.0` : numberText(bound);
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
