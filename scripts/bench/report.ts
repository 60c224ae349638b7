/** The output of a run: tables with a legend, targets, JSON and the bars of the picture. */

import { best, engines, peers, ratio, type Results } from "./comparison.ts";
import type { Experiment, Row } from "./experiment.ts";
import type { Bar } from "./picture.ts";
import { pinning } from "./processes.ts";
import type { Proxy } from "./proxy.ts";
import { median } from "./statistics.ts";
import { ENOUGH_CPU_SECONDS, table } from "./table.ts";
import { targetTable, verdicts } from "./targets.ts";

/** A finished run. */
export interface Run {
  readonly experiments: readonly Experiment[];
  readonly proxies: readonly Proxy[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly results: Results;
  /** The version of Node that clients and backend run on. */
  readonly node: string;
}

/** The run as Markdown: a table for each group of rows, the legend, and the targets. */
export function markdownReport(run: Run): string {
  const { experiments, proxies, results } = run;
  const names = proxies.map(({ name }) => name);
  const groups = [...new Set(experiments.map(({ group }) => group))].map((group) => {
    const rows = measured(experiments.filter((each) => each.group === group), results);
    return `### ${group}\n\n${table(rows, names, results)}`;
  });
  const judged = targetTable(verdicts(measured(experiments, results), names, results));
  return [
    ...run.quick ? ["**Quick: this tries the code. Its figures mean nothing.**"] : [],
    ...groups,
    legend(run),
    proxies.map(({ name, version }) => `- ${name}: ${version}`).join("\n"),
    ...judged === "" ? [] : [`### Targets\n\n${judged}`],
  ].join("\n\n");
}

function legend({ rounds, node }: Run): string {
  return `Less is better in every row.
Median of the batches of ${rounds} round${
    rounds === 1 ? "" : "s"
  }, ± half of what the middle half of them spreads over. Ratios are medians of ratios batch by batch. † from less than ${ENOUGH_CPU_SECONDS} s of processor time.
CPU is user and system time of all the proxy's processes; ${pinning()}. One worker unless the row says two; rows of two workers and of the start are not pinned.
The benchmark's own client, with AES-128-GCM, SHA-256 and X25519 for all, checks every byte of the answers; it leaves in order unless the row says no close_notify. openssl s_time leaves without, having asked nothing unless it resumes TLS 1.3. wrk and curl speak HTTP/1.1.
Bulk, requests, latency and memory with TLS 1.3 and a P-256 certificate. A request is 100 bytes, its answer 200. A handshake is a new connection with one request, to its end.
Latency counts from the moment when a request was due, whether or not the ones before had been answered. A client that does not read has asked for 1 GB.
Every row begins with a warm-up, the same for all. Clients and backend run on Node ${node}.`;
}

/** All measurements, for programs. */
export function jsonReport({ experiments, proxies, rounds, quick, results, node }: Run): string {
  const names = proxies.map(({ name }) => name);
  const rows = measured(experiments, results).map((row) => {
    const [ours, peer] = [engines(names), peers(names)].map((of) => best(results, row.id, of));
    return {
      id: row.id,
      title: row.title,
      bestEngine: ours?.name,
      bestPeer: peer?.name,
      ratio: ratio(ours, peer),
      proxies: Object.fromEntries(names.map((name) => {
        const samples = results.get(row.id)?.get(name) ?? [];
        return [name, { median: median(samples.map(({ value }) => value)), samples }];
      })),
    };
  });
  const versions = Object.fromEntries(proxies.map(({ name, version }) => [name, version]));
  const targets = verdicts(measured(experiments, results), names, results);
  const date = new Date().toISOString();
  return JSON.stringify({ date, rounds, quick, node, versions, rows, targets }, null, 2) + "\n";
}

/** A bar for each row of the picture that has a ratio. */
export function barsOf({ experiments, proxies, results }: Run): Bar[] {
  const names = proxies.map(({ name }) => name);
  return measured(experiments, results).flatMap(({ id, picture }) => {
    const value = ratio(best(results, id, engines(names)), best(results, id, peers(names)));
    return picture === undefined || value === undefined ? [] : [{ label: picture, ratio: value }];
  });
}

/** Rows with at least one figure: a quick run leaves some out. */
function measured(experiments: readonly Experiment[], results: Results): Row[] {
  return experiments.flatMap(({ rows }) => rows.filter(({ id }) => results.has(id)));
}
