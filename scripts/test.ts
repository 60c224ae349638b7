/**
 * Runs the tests: several files at a time (`DENO_JOBS`), then those that must run alone in their process, marked by
 * `@alone` in their first lines. Types are not checked here; `deno task ok` does that.
 *
 *     deno run -A scripts/test.ts [--FLAG-OF-DENO-TEST=VALUE]… [FILE|FOLDER]…
 *
 * Without paths it runs all of `tests/` except `tests/node`, which needs Node (scripts/test_node.ts).
 *
 * A naive run would spend most of its time on starts: an isolate for each of some 300 files of unit tests, and some
 * 1,000 starts of stud that load 250 modules each. So the unit tests of a folder share an isolate, end-to-end tests of
 * several files too (test/groups.ts), and the end-to-end tests start a bundle (test/bundled_stud.ts), unless `STUD_BIN`
 * names another stud.
 */

import { helpIfAsked } from "./script_help.ts";
import { bundleStud } from "./test/bundled_stud.ts";
import { groupTests } from "./test/groups.ts";

const root = new URL("../", import.meta.url);

async function main(argv: readonly string[]): Promise<boolean> {
  const flags = argv.filter((each) => each.startsWith("-"));
  const paths = argv.filter((each) => !each.startsWith("-"));
  const files = await findTests(paths);
  if (files.length === 0) throw new Error(`no tests in ${paths.join(" ")}`);
  const alone = new Set(files.filter(runsAlone));
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  try {
    // Tests also start stud under other users.
    await Deno.chmod(folder, 0o755);
    const env = await provideStud(files, folder);
    const together = files.filter((file) => !alone.has(file));
    const runs = [
      { flags: [...flags, "--parallel"], modules: await groupTests(together, folder) },
      { flags, modules: [...alone] },
    ];
    let success = true;
    for (const { flags, modules } of runs) {
      if (modules.length > 0 && !await run(flags, modules, env)) success = false;
    }
    return success;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The absolute paths of the named tests, and of those in the named folders. */
async function findTests(paths: readonly string[]): Promise<string[]> {
  const files = new Set<string>();
  for (const path of paths) await addTests(await Deno.realPath(path), files);
  if (paths.length === 0) {
    await addTests(new URL("tests", root).pathname, files);
    const onNode = new URL("tests/node/", root).pathname;
    return [...files].filter((file) => !file.startsWith(onNode)).sort();
  }
  return [...files].sort();
}

async function addTests(path: string, files: Set<string>): Promise<void> {
  if ((await Deno.stat(path)).isFile) {
    files.add(path);
    return;
  }
  for await (const { name, isDirectory } of Deno.readDir(path)) {
    if (isDirectory || name.endsWith("_test.ts")) await addTests(`${path}/${name}`, files);
  }
}

function runsAlone(file: string): boolean {
  return Deno.readTextFileSync(file).slice(0, HEAD).includes("@alone");
}

/** Provides the environment that tells the end-to-end tests which stud to start: see tests/support/stud.ts. */
async function provideStud(
  files: readonly string[],
  folder: string,
): Promise<Record<string, string>> {
  const endToEnd = new URL("tests/e2e/", root).pathname;
  if (Deno.env.get("STUD_BIN") || !files.some((file) => file.startsWith(endToEnd))) return {};
  const bundled = await bundleStud(root, folder);
  if (bundled.entry !== undefined) return { STUD_BUNDLE: bundled.entry };
  console.log(`test: stud is started from its modules, without a bundle: ${bundled.reason}`);
  return {};
}

async function run(
  flags: readonly string[],
  modules: readonly string[],
  env: Record<string, string>,
): Promise<boolean> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["test", "-A", "--no-check", ...await sanitizers(), ...flags, ...modules],
    cwd: root,
    env,
  });
  return (await command.spawn().status).success;
}

/** Newer Deno checks for leaks only with these flags; older Deno does not know them. */
async function sanitizers(): Promise<string[]> {
  const help = await new Deno.Command(Deno.execPath(), { args: ["test", "--help"] }).output();
  const known = new TextDecoder().decode(help.stdout);
  return ["--sanitize-ops", "--sanitize-resources"].filter((flag) => known.includes(flag));
}

/** How many characters of a file are searched for the tag. */
const HEAD = 1_000;

if (import.meta.main) {
  await helpIfAsked(import.meta.url);
  try {
    if (!await main(Deno.args)) Deno.exitCode = 1;
  } catch (error) {
    console.error(`test: ${error instanceof Error ? error.message : error}`);
    Deno.exitCode = 1;
  }
}
