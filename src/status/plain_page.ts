/** The status as a plain list of its numbers, for a browser. */

import type { Status } from "./status.ts";

/** One HTML file. */
export function plainPage(status: Status): string {
  const { totals } = status;
  const rows = [
    ["version", status.version],
    ["state", status.state],
    ["up for seconds", Math.round(status.uptime)],
    ...Object.entries(totals),
    ["certificates", status.certificates.length],
    ["in quarantine", status.quarantine.length],
  ].map(([name, value]) => `<tr><th>${escape(String(name))}<td>${escape(String(value))}`);
  return `<!doctype html><html lang="en"><title>stud</title><table>${rows.join("\n")}</table>\n`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
