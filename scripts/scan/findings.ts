/** What testssl.sh writes to its flat JSON file, and how it is shown. */

/** All findings of a run, in its order. */
export type Report = readonly Finding[];

/** One line of testssl.sh's. */
export interface Finding {
  readonly id: string;
  /** `OK` and `INFO`, then from `LOW` to `CRITICAL`; `WARN` where it could not look, or has a doubt. */
  readonly severity: string;
  readonly finding: string;
}

/** Reads the file. Throws when it is none of testssl.sh's. */
export function findings(json: string): Report {
  const report: unknown = JSON.parse(json);
  if (!Array.isArray(report) || report.some((each) => typeof each?.severity !== "string")) {
    throw new Error("testssl.sh wrote something else than a list of findings");
  }
  return report;
}

/** What must not be. */
export function aboveLow(report: Report): Report {
  return report.filter(({ severity }) => !HARMLESS.has(severity));
}

/** How many there are of each severity, and in a table those that are more than information. */
export function findingsTable(report: Report): string {
  const counts = Map.groupBy(report, ({ severity }) => severity);
  const sums = [...counts].map(([severity, { length }]) => `${length} ${severity}`).join(", ");
  const shown = report.filter(({ severity }) => severity !== "OK" && severity !== "INFO");
  const rows = shown.map(({ id, severity, finding }) =>
    `| ${[id, severity, finding.trim().replaceAll("|", "\\|")].join(" | ")} |`
  );
  const table = ["| id | severity | finding |", "| --- | --- | --- |", ...rows];
  return `${sums}.${rows.length === 0 ? "" : `\n\n${table.join("\n")}`}`;
}

const HARMLESS = new Set(["OK", "INFO", "LOW", "WARN", "DEBUG"]);
