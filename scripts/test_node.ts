/**
 * Runs the tests under Node that cannot run under Deno: the contract of the TLS engines with Node's engine
 * (tests/contract) and the tests of the Node runtime's parts (tests/node).
 *
 *     deno run -A scripts/test_node.ts [--node PATH]… [TEST…]
 *
 * The tests are compiled like the npm package and run in a folder with the libraries of deno.json, on one Node after the
 * other. The last line of each run has the format of `deno test`.
 */

import { parseArgs } from "node:util";
import { compilePackage } from "./npm/compile_package.ts";
import { helpIfAsked } from "./script_help.ts";

const root = new URL("../", import.meta.url);

/** The totals of a run. */
interface Sums {
  readonly passed: number;
  readonly failed: number;
  readonly ignored: number;
}

async function main(): Promise<void> {
  const { values: { node }, positionals: named } = parseArgs({
    args: Deno.args,
    options: { node: { type: "string", multiple: true } },
    allowPositionals: true,
  });
  const tests = named.length > 0 ? named : await findTests();
  const folder = await Deno.makeTempDir({ prefix: "stud-test-node-" });
  try {
    await prepare(folder, tests);
    for (const one of node ?? [Deno.env.get("STUD_NODE") ?? "node"]) {
      const began = Date.now();
      const { success, report } = await run(folder, one, tests);
      const sums = sumsOf(report);
      console.log(summary(sums, success, Date.now() - began));
      if (!success || !(sums.passed > 0)) Deno.exitCode = 1;
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Tests of parts that only Node has, and those that every engine must pass, except those for OpenSSL only. */
async function findTests(): Promise<string[]> {
  const tests: string[] = [];
  for (const folder of FOLDERS) {
    for await (const { name } of Deno.readDir(new URL(folder, root))) {
      if (/^(?!openssl_).*_test\.ts$/.test(name)) tests.push(`${folder}${name}`);
    }
  }
  return tests.sort();
}

/** Compiles the tests and everything they import, and installs the libraries. */
async function prepare(folder: string, tests: readonly string[]): Promise<void> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const { files, dependencies } = await compilePackage({
    program: [...tests, PLATFORM],
    library: "src/version.ts", // There is no library: no declarations are needed.
    importMap: imports,
    packageNames: ["#contract-platform"],
    read: (path) => Deno.readTextFile(new URL(path, root)),
  });
  const manifest = {
    private: true,
    type: "module",
    imports: { "#contract-platform": `./${compiled(PLATFORM)}` },
    dependencies: Object.fromEntries(dependencies),
  };
  for (const [path, text] of [...files, ["package.json", JSON.stringify(manifest)]] as const) {
    const url = new URL(path, `file://${folder}/`);
    await Deno.mkdir(new URL("./", url), { recursive: true });
    await Deno.writeTextFile(url, text);
  }
  const install = ["install", "--no-audit", "--no-fund", "--prefer-offline", "--silent"];
  const { success } = await new Deno.Command("npm", { args: install, cwd: folder }).output();
  if (!success) throw new Error("npm install failed");
}

/** Runs the tests in Node, which shows its progress; the report is in the Test Anything Protocol. */
async function run(
  folder: string,
  node: string,
  tests: readonly string[],
): Promise<{ success: boolean; report: string }> {
  const { success } = await new Deno.Command(node, {
    args: [
      ...["--enable-source-maps", "--test", `--test-timeout=${TIME_LIMIT}`],
      ...["--test-reporter=spec", "--test-reporter-destination=stdout"],
      ...["--test-reporter=tap", `--test-reporter-destination=${REPORT}`],
      ...tests.map(compiled),
    ],
    cwd: folder,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  return { success, report: await Deno.readTextFile(`${folder}/${REPORT}`) };
}

/** Adds up the totals at the end of a report. */
function sumsOf(report: string): Sums {
  const count = (word: string) => Number(new RegExp(`^# ${word} (\\d+)$`, "m").exec(report)?.[1]);
  return {
    passed: count("pass"),
    failed: count("fail") + count("cancelled"),
    ignored: count("skipped") + count("todo"),
  };
}

/** The last line of `deno test`, which CI reads. */
function summary(
  { passed, failed, ignored }: Sums,
  success: boolean,
  milliseconds: number,
): string {
  const verdict = success ? "ok" : "FAILED";
  const skipped = ignored > 0 ? ` | ${ignored} ignored` : "";
  const seconds = Math.round(milliseconds / 1000);
  return `\n${verdict} | ${passed} passed | ${failed} failed${skipped} (${seconds}s)`;
}

function compiled(path: string): string {
  return path.replace(/\.ts$/, ".js");
}

const FOLDERS = ["tests/contract/", "tests/node/"];
/** The module that `#contract-platform` maps to on Node. */
const PLATFORM = "tests/contract/node_platform.ts";
const REPORT = "report.tap";
/** Max milliseconds for one test file. */
const TIME_LIMIT = 120_000;

if (import.meta.main) {
  await helpIfAsked(import.meta.url);
  await main();
}
