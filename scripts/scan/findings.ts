/** Parses the flat JSON file of testssl.sh and formats its findings. */

/** All findings of a run, in their order. */
export type Report = readonly Finding[];

/** One entry of testssl.sh's file. */
export interface Finding {
  readonly id: string;
  /** `OK` and `INFO`, then from `LOW` to `CRITICAL`; `WARN` if it could not check, or is not sure. */
  readonly severity: string;
  readonly finding: string;
}

/** Parses the file. Throws if it is not from testssl.sh. */
export function findings(json: string): Report {
  const report: unknown = JSON.parse(json);
  if (!Array.isArray(report) || report.some((each) => typeof each?.severity !== "string")) {
    throw new Error("testssl.sh wrote something else than a list of findings");
  }
  return report;
}

/** The findings that must not occur. */
export function aboveLow(report: Report): Report {
  return report.filter(({ severity }) => !HARMLESS.has(severity));
}

/** The number of findings of each severity, and a table of those above information. */
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
