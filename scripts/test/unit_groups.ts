/**
 * Combines the unit tests of one folder into one module. `deno test` gives each file an isolate, and loads and compiles
 * everything that it imports: for small tests that takes ten times as long as the tests themselves.
 */

/**
 * The modules to run for these test files. For each folder of `tests/unit` it writes one module that imports the
 * folder's test files and replaces them. All paths are absolute.
 */
export async function groupUnitTests(
  files: readonly string[],
  folder: string,
): Promise<string[]> {
  const groups = new Map<string, string[]>();
  const modules: string[] = [];
  for (const file of files) {
    const name = /\/tests\/unit\/(\w+)\//.exec(file)?.[1];
    if (name === undefined) modules.push(file);
    else groups.set(name, [...groups.get(name) ?? [], file]);
  }
  for (const [name, members] of groups) {
    if (members.length < MIN) {
      modules.push(...members);
      continue;
    }
    const module = `${folder}/unit_${name}_test.ts`;
    const imports = members.map((file) => `import ${JSON.stringify(`file://${encodeURI(file)}`)};`);
    await Deno.writeTextFile(module, imports.join("\n"));
    modules.unshift(module);
  }
  return modules;
}

/** Min files for which a group is worth it. */
const MIN = 3;
