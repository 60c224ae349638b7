/**
 * Combines test files into modules. `deno test` gives each module an isolate, and loads and compiles everything that it
 * imports, which takes half a second of processor time: ten times as long as small tests themselves. Unit tests are
 * combined by folder, end-to-end tests with their neighbours by name, a few at a time so that none is the last for long.
 */

/**
 * The modules to run for these test files, those that take longest first. It writes modules that import several test
 * files and replace them. All paths are absolute.
 */
export async function groupTests(files: readonly string[], folder: string): Promise<string[]> {
  const groups = new Map<string, string[]>();
  const slow: string[] = [];
  const others: string[] = [];
  const neighbours: string[] = [];
  for (const file of files) {
    const unit = /\/tests\/unit\/(\w+)\//.exec(file)?.[1];
    const endToEnd = /\/tests\/e2e\/(\w+)_test\.ts$/.exec(file)?.[1];
    if (unit !== undefined) groups.set(unit, [...groups.get(unit) ?? [], file]);
    else if (endToEnd === undefined) others.push(file);
    else if (SLOW.has(endToEnd)) slow.push(file);
    else if (await shares(file)) others.push(file);
    else neighbours.push(file);
  }
  const modules: string[] = [];
  for (const [name, members] of groups) {
    if (members.length < MIN) others.push(...members);
    else modules.push(await writeGroup(`${folder}/unit_${name}_test.ts`, members));
  }
  for (let at = 0; at < neighbours.length; at += MAX_NEIGHBOURS) {
    const members = neighbours.slice(at, at + MAX_NEIGHBOURS);
    if (members.length === 1) {
      others.push(...members);
      continue;
    }
    const [first, last] = [members[0]!, members.at(-1)!].map((file) =>
      file.slice(file.lastIndexOf("/") + 1).replace("_test.ts", "")
    );
    modules.push(await writeGroup(`${folder}/e2e_${first}_to_${last}_test.ts`, members));
  }
  return [...slow, ...modules, ...others];
}

/** Whether its tests share something that starts before the first test of the module (tests/support/shared.ts). */
async function shares(file: string): Promise<boolean> {
  return (await Deno.readTextFile(file)).includes("new Shared(");
}

async function writeGroup(module: string, members: readonly string[]): Promise<string> {
  const imports = members.map((file) => `import ${JSON.stringify(`file://${encodeURI(file)}`)};`);
  await Deno.writeTextFile(module, imports.join("\n"));
  return module;
}

/** Min files of a folder of unit tests for which a group is worth it. */
const MIN = 3;
/** Max end-to-end files in a group. */
const MAX_NEIGHBOURS = 5;
/** End-to-end files that take so long that they run by themselves, and first. */
const SLOW: ReadonlySet<string> = new Set([
  ...["load_churn", "load_leaks", "ocsp_refresh", "openssl_missing", "reload_opens_as_root"],
  ...["reload_memory", "stalled_peers", "status_page", "workers_that_hang"],
]);
