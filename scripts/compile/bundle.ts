/**
 * Bundles stud: its modules, and those of its npm packages, in a few JavaScript files. Dynamic imports stay separate,
 * so that a worker does not load what only a supervisor needs.
 */

/** A bundle, or why there is none. */
export type Bundle =
  | { readonly entry: string }
  | { readonly entry: undefined; readonly reason: string };

/**
 * Bundles a module and everything it imports into a folder, with the Deno that runs this. Deno 2.4 does not support
 * imports of directories, which some dependencies contain. Dependencies must match the lock file. `others` are more
 * entries; their output paths in the folder are their paths relative to the first entry's folder.
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
