/**
 * Compares stud, with each of its TLS engines and on Node, with those of hitch, HAProxy, nginx and stunnel that
 * are installed and with the smallest such program for Node: one worker each, the same certificate, backend,
 * protocol version and cipher, in one run. Prints a Markdown table of the processor time and memory that each
 * proxy needs, and which of the project's targets are met. Needs Linux and Node.
 *
 *     deno task bench [--only stud,openssl,node,bare,hitch] [--rows download,idle] [--quick] [--rounds N]
 *                     [--stud COMMAND] [--stud-node COMMAND]
 *
 * Without `--stud`, stud is what STUD_BIN names, or else `deno run -A mod.ts`. stud on Node (`node`) is what
 * `--stud-node` or else STUD_NODE_BIN names, such as `node npm/bin/stud.js`, and is left out without either.
 * The program that it is measured against (`bare`) runs on the Node which that command begins with, or else on
 * what STUD_NODE names, or `node`. `--quick` is one round instead of three.
 */

import { parseArgs } from "@std/cli/parse-args";
import { makeCertificates } from "./bench/certificates.ts";
import { nodeVersion } from "./bench/load_process.ts";
import { endAll, pinning } from "./bench/processes.ts";
import type { Place, Sample } from "./bench/measurement.ts";
import { installedProxies } from "./bench/proxies.ts";
import type { Proxy } from "./bench/proxy.ts";
import { type Row, ROWS } from "./bench/rows.ts";
import { ENOUGH_CPU_SECONDS, type Results, table, targets } from "./bench/table.ts";

async function main(): Promise<number> {
  const args = parseArgs(Deno.args, {
    boolean: ["quick"],
    string: ["only", "rows", "rounds", "stud", "stud-node"],
    default: {
      "stud": Deno.env.get("STUD_BIN") ?? `${Deno.execPath()} run -A mod.ts`,
      "stud-node": Deno.env.get("STUD_NODE_BIN") ?? "",
    },
    unknown: (argument: string) => {
      throw new Error(`unknown argument ${argument}`);
    },
  });
  const node = nodeVersion();
  const installed = installedProxies({
    stud: words(args.stud),
    studNode: words(args["stud-node"]),
    node: Deno.env.get("STUD_NODE") ?? "node",
  });
  if (args.only === undefined) {
    for (const [id, command] of Object.entries({ stud: args.stud, node: args["stud-node"] })) {
      if (command === "" || installed.some((proxy) => proxy.id === id)) continue;
      console.error(`bench: without ${id}, because "${command} -V" fails`);
    }
  }
  const proxies = chosen(installed, args.only, (proxy) => proxy.id);
  const rows = chosen(ROWS, args.rows, (row) => row.id);
  const rounds = Number(args.rounds ?? (args.quick ? 1 : 3));
  const directory = await Deno.makeTempDir({ prefix: "stud-bench-" });
  try {
    const place = { directory, certificates: await makeCertificates(directory) };
    const { results, failures } = await measureAll(rows, proxies, rounds, place);
    print({ rows, proxies, rounds, results, node });
    if (failures > 0) {
      console.error(`bench: ${failures} measurement${failures === 1 ? "" : "s"} failed, see above`);
    }
    return failures === 0 ? 0 : 1;
  } finally {
    await endAll();
    await Deno.remove(directory, { recursive: true });
  }
}

/** Row by row, over and over, so that whatever else the machine does in a round meets all proxies. */
async function measureAll(
  rows: readonly Row[],
  proxies: readonly Proxy[],
  rounds: number,
  place: Place,
) {
  const results = new Map(
    rows.map((row) => [row.id, new Map(proxies.map(({ name }) => [name, [] as Sample[]]))]),
  );
  let failures = 0;
  for (let round = 1; round <= rounds; round++) {
    for (const row of rows) {
      for (const [name, samples] of await row.measure(proxies, place)) {
        if (interrupted) throw new Error("interrupted");
        const where = `round ${round}, ${row.id}, ${name}`;
        if (samples instanceof Error) {
          failures++;
          console.error(`${where}: FAILED: ${samples.message}`);
          continue;
        }
        results.get(row.id)?.get(name)?.push(...samples);
        console.error(
          `${where}: ${samples.map(({ value }) => value.toFixed(row.digits)).join(" ")}`,
        );
      }
    }
  }
  return { results, failures };
}

function print({ rows, proxies, rounds, results, node }: {
  rows: readonly Row[];
  proxies: readonly Proxy[];
  rounds: number;
  results: Results;
  node: string;
}): void {
  const names = proxies.map(({ name }) => name);
  console.log(table(rows, names, results));
  console.log(`
Median of the batches of ${rounds} rounds, ± half of what the middle half of them spreads over. Ratios are medians of ratios batch by batch. † from less than ${ENOUGH_CPU_SECONDS} s of processor time.
User and system time of the proxy's processes together; ${pinning()}.
AES-128-GCM with SHA-256 and X25519 for all; bulk, requests and memory with TLS 1.3 and a P-256 certificate.
A request is 100 octets, its answer 200. A handshake is a new connection with one request, to its end.
Clients and backend run on Node ${node}. Memory at rest of a proxy that runs under deno is shared with other deno processes, this one among them.
`);
  for (const { name, version } of proxies) console.log(`- ${name}: ${version}`);
  const reached = targets(rows, names, results);
  if (reached !== "") console.log(`\nTargets:\n\n${reached}`);
}

function words(command: string): string[] {
  return command.split(" ").filter(Boolean);
}

/** The items that a comma-separated option names, or all without it. */
function chosen<T>(items: readonly T[], option: string | undefined, key: (item: T) => string): T[] {
  if (option === undefined) return [...items];
  return option.split(",").map((wanted) => {
    const item = items.find((item) => key(item) === wanted.toLowerCase());
    if (item === undefined) {
      throw new Error(`no ${wanted} here; there are ${items.map(key).join(", ")}`);
    }
    return item;
  });
}

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  Deno.addSignalListener(signal, () => {
    interrupted = true;
    void endAll();
  });
}
try {
  Deno.exit(await main());
} catch (error) {
  console.error(`bench: ${error instanceof Error ? error.message : error}`);
  Deno.exit(1);
}
