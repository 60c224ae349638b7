/**
 * stud as a bundle: its modules, and those of the npm packages that it uses, in a few files of JavaScript. What
 * is imported dynamically stays apart, so that a worker does not load what only a supervisor needs.
 */

/** A bundle, or why there is none. */
export type Bundle =
  | { readonly entry: string }
  | { readonly entry: undefined; readonly reason: string };

/**
 * Bundles a module and all that it imports into a folder, with the Deno that runs this. Deno 2.4 has no answer
 * to imports of directories, which dependencies of ours contain. Dependencies must be as locked. `others` are more
 * entries, whose place below the folder is as it is below the first one's.
 */
export async function bundle(
  entry: string,
  folder: string,
  { others = [] }: { readonly others?: readonly string[] } = {},
): Promise<Bundle> {
  const command = new Deno.Command(Deno.execPath(), {
    args: ["bundle", ...FLAGS, "--outdir", folder, entry, ...others],
    env: { NO_COLOR: "1" },
    stdin: "null",
  });
  const { success, stderr } = await command.output();
  if (success) return { entry: `${folder}/${nameOf(entry)}.js` };
  const [reason = "deno bundle failed"] = new TextDecoder().decode(stderr).trim().split("\n");
  return { entry: undefined, reason };
}

function nameOf(path: string): string {
  return path.split(/[\\/]/).at(-1)!.replace(/\.ts$/, "");
}

const FLAGS = ["--quiet", "--frozen", "--platform", "deno", "--code-splitting"];
