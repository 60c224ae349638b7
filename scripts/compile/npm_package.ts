/**
 * Reads one file from a published npm package without installing it. The user's npm configuration determines the
 * registry, its credentials and its certificates; this code does not know them.
 */

/** A file in a package. */
export interface PackageFile {
  /** Name and exact version, for example `deno@2.4.2`. */
  readonly package: string;
  /** Path inside the tarball, which starts with `package/`. */
  readonly path: string;
}

/**
 * Fetches the package with `npm pack` and returns the file's content. npm has checked the tarball against the
 * registry's data; the caller checks the content. Needs `npm` and `tar` on the PATH. Throws with their output as the
 * cause.
 */
export async function packageFile(file: PackageFile): Promise<Uint8Array> {
  const folder = await Deno.makeTempDir({ prefix: "stud-build-" });
  try {
    const arguments_ = ["pack", file.package, "--loglevel=error", "--pack-destination", folder];
    const tarball = (await output("npm", arguments_)).trim().split("\n").at(-1) ?? "";
    await output("tar", ["-xzf", `${folder}/${tarball}`, "-C", folder, file.path]);
    return await Deno.readFile(`${folder}/${file.path}`);
  } catch (error) {
    throw new Error(`cannot read ${file.path} of npm package ${file.package}`, { cause: error });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function output(program: string, arguments_: readonly string[]): Promise<string> {
  const command = new Deno.Command(program, { args: [...arguments_], stdin: "null" });
  const result = await command.output();
  const decoder = new TextDecoder();
  if (!result.success) {
    const lines = decoder.decode(result.stderr).trim();
    throw new Error(`${program} ${arguments_[0]} failed with status ${result.code}\n${lines}`);
  }
  return decoder.decode(result.stdout);
}
