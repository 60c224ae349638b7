/**
 * Compares stud, with each of its TLS engines and on Node, with hitch, HAProxy, nginx and stunnel as far as installed,
 * and with the smallest such program for Node. All get the same certificate, backend and clients in one run. Prints
 * Markdown tables of the processor time, memory and time that each proxy needs, and which of the project's targets are
 * reached. Needs Linux and Node; openssl, wrk and curl for the rows of those clients.
 *
 *     deno task bench [--only stud,openssl,node,bare,hitch] [--rows download,latency*] [--rounds N] [--quick]
 *                     [--stud COMMAND] [--stud-node COMMAND] [--stud-executable PATH]
 *                     [--json FILE] [--svg FILE] [--list]
 *
 * Without `--stud`, stud is what STUD_BIN names, or else `deno run -A mod.ts`. stud on Node (`node`) is what
 * `--stud-node` or else STUD_NODE_BIN names, such as `node npm/bin/stud.js`, and is left out without either. The
 * program that it is compared with (`bare`) runs on the Node at the start of that command, or else on what STUD_NODE
 * names, or `node`. `--stud-executable` adds rows for start and memory of the executable. `--list` names experiments
 * and rows for `--rows`; a `*` at the end of a name matches any rest. `--quick` tries every kind of row with tiny
 * amounts in less than a minute, each with stud and one other proxy; its figures mean nothing.
 */

import { parseArgs } from "node:util";
import { makeCertificates } from "./bench/certificates.ts";
import { isOurs } from "./bench/comparison.ts";
import type { Experiment, Place, Sample } from "./bench/experiment.ts";
import { nodeVersion } from "./bench/load_process.ts";
import { picture } from "./bench/picture.ts";
import { endAll } from "./bench/processes.ts";
import { installedProxies, OURS, studProxies } from "./bench/proxies.ts";
import type { Proxy } from "./bench/proxy.ts";
import { barsOf, jsonReport, markdownReport, type Run } from "./bench/report.ts";
import { EXPERIMENTS } from "./bench/rows.ts";
import { selectExperiments, selectProxies } from "./bench/selection.ts";
import { helpIfAsked } from "./script_help.ts";

async function main(): Promise<number> {
  const text = { type: "string" } as const;
  const { values: args } = parseArgs({
    args: Deno.args,
    options: {
      ...{ quick: { type: "boolean", default: false }, list: { type: "boolean", default: false } },
      ...{ only: text, rows: text, rounds: text, json: text, svg: text },
      stud: text,
      "stud-node": { ...text, default: Deno.env.get("STUD_NODE_BIN") ?? "" },
      "stud-executable": text,
    },
  });
  if (args.list) {
    for (const { id, rows } of EXPERIMENTS) {
      console.log(`${id}\n${rows.map((row) => `    ${row.id}: ${row.title}`).join("\n")}`);
    }
    return 0;
  }
  const node = nodeVersion();
  const directory = await Deno.makeTempDir({ prefix: "stud-bench-" });
  try {
    // The worker processes of a proxy may run as another user.
    await Deno.chmod(directory, 0o755);
    const stud = args.stud ?? Deno.env.get("STUD_BIN") ?? await ownDeno(directory);
    const installed = installedProxies({
      stud: words(stud),
      studNode: words(args["stud-node"]),
      node: Deno.env.get("STUD_NODE") ?? "node",
    });
    if (args.only === undefined) {
      for (const [id, command] of Object.entries({ stud, node: args["stud-node"] })) {
        if (command === "" || installed.some((proxy) => proxy.id === id)) continue;
        console.error(`bench: without ${id}, because "${command} -V" fails`);
      }
    }
    const proxies = selectProxies(installed, args.only);
    const executables = studProxies(words(args["stud-executable"] ?? ""));
    const experiments = selectExperiments(EXPERIMENTS, args.rows)
      .filter(({ executable }) => !executable || executables.length > 0)
      .filter(({ slow }) => !slow || !args.quick || args.rows !== undefined);
    const rounds = Number(args.rounds ?? (args.quick ? 1 : 3));
    const certificates = await makeCertificates(directory);
    const place = { directory, certificates, quick: args.quick };
    const { results, failures } = await measureAll(
      { experiments, proxies, executables, rounds },
      place,
    );
    const run: Run = { experiments, proxies, rounds, quick: args.quick, results, node };
    console.log(markdownReport(run));
    if (args.json) await Deno.writeTextFile(args.json, jsonReport(run));
    if (args.svg) await Deno.writeTextFile(args.svg, picture(barsOf(run), CAPTION));
    if (failures > 0) {
      console.error(`bench: ${failures} measurement${failures === 1 ? "" : "s"} failed, see above`);
    }
    return failures === 0 ? 0 : 1;
  } finally {
    await endAll();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Repeats all experiments one after the other, so that disturbances on the machine affect all proxies. */
async function measureAll(
  { experiments, proxies, executables, rounds }: {
    experiments: readonly Experiment[];
    proxies: readonly Proxy[];
    executables: readonly Proxy[];
    rounds: number;
  },
  place: Place,
) {
  const results = new Map<string, Map<string, Sample[]>>();
  let failures = 0;
  for (let round = 1; round <= rounds; round++) {
    for (const [index, { id, rows, once, executable, measure }] of experiments.entries()) {
      if (once && round > 1) continue;
      const begin = performance.now();
      const present = executable ? withExecutables(proxies, executables) : proxies;
      const samples = await measure(place.quick ? inTurn(present, index) : present, place);
      for (const [name, { samples: found, failure }] of samples) {
        if (interrupted) throw new Error("interrupted");
        if (failure !== undefined) {
          failures++;
          console.error(`round ${round}, ${id}, ${name}: FAILED: ${failure.message}`);
        }
        for (const row of rows) {
          const ofRow = found.filter((sample) => sample.row === row.id);
          if (ofRow.length === 0 && failure === undefined) continue;
          if (!results.has(row.id)) results.set(row.id, new Map());
          const before = results.get(row.id)?.get(name) ?? [];
          results.get(row.id)?.set(name, [...before, ...ofRow]);
          const values = ofRow.map(({ value }) => value.toFixed(row.digits)).join(" ");
          if (values !== "") console.error(`round ${round}, ${row.id}, ${name}: ${values}`);
        }
      }
      const seconds = (performance.now() - begin) / 1000;
      console.error(`round ${round}, ${id}: ${seconds.toFixed(0)} s`);
    }
  }
  return { results, failures };
}

/** For a quick run, which has no time for all proxies in each row: our own proxies and one of the others. */
function inTurn(proxies: readonly Proxy[], index: number): Proxy[] {
  const others = proxies.filter(({ name }) => !isOurs(name));
  return proxies.filter((proxy) => isOurs(proxy.name) || proxy === others[index % others.length]);
}

/** stud's executable instead of stud, and the peers. */
function withExecutables(proxies: readonly Proxy[], executables: readonly Proxy[]): Proxy[] {
  const ours = Object.keys(OURS);
  return proxies.flatMap((proxy) =>
    ours.includes(proxy.id) ? executables.filter(({ id }) => id === proxy.id) : [proxy]
  );
}

/**
 * The command that runs stud from source, with a copy of this Deno. Processes that run the same file share its pages.
 * This process would share them too, and stud's memory at rest would look smaller.
 */
async function ownDeno(directory: string): Promise<string> {
  const copy = `${directory}/deno`;
  await Deno.copyFile(Deno.execPath(), copy);
  return `${copy} run -A mod.ts`;
}

function words(command: string): string[] {
  return command.split(" ").filter(Boolean);
}

const CAPTION =
  "Processor time, memory and waiting time of the better of stud's engines, over the best of hitch, HAProxy, nginx and stunnel.";

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    interrupted = true;
    void endAll();
  });
}
await helpIfAsked(import.meta.url);
try {
  Deno.exit(await main());
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
