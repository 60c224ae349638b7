/**
 * Makes the npm package, the same stud on Node, in `npm/` and packs it into `dist/`.
 *
 *     deno run -A build_npm.ts
 *
 * The compiler is TypeScript's own, from the npm registry and locked like every dependency. Deno's compilers are not
 * sufficient. `deno transpile` compiles only the named files, keeps `.ts` in their imports and writes this machine's
 * paths into declarations. `deno pack` follows imports, but includes the Deno runtime and every other file of the
 * folder. Its package.json has neither a `bin` nor the `imports` that replace Deno's runtime by Node's. dnt, the usual
 * tool, is not on the npm registry, the only one that a build may depend on.
 *
 * Only imports determine what is in the package: everything that the library, the program and the Node runtime reach,
 * and the declarations that the library reaches. Types are not checked here; `deno task ok` does that, and tests/npm
 * for Node and its oldest supported version.
 */

import { compilePackage, type PackageModules } from "./scripts/npm/compile_package.ts";
import {
  type DenoJson,
  NODE_RUNTIME,
  NODE_SIGNALS,
  packageJson,
} from "./scripts/npm/package_json.ts";
import { helpIfAsked } from "./scripts/script_help.ts";

const root = new URL("./", import.meta.url);
const folder = new URL("npm/", root);
const archives = new URL("dist/", root);

async function main(): Promise<void> {
  const denoJson: DenoJson = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const modules = await compilePackage({
    program: ["mod.ts", "src/main.ts", NODE_RUNTIME, NODE_SIGNALS],
    library: "mod.ts",
    importMap: denoJson.imports,
    packageNames: ["#runtime", "#signals"],
    read: (path) => Deno.readTextFile(new URL(path, root)),
  });
  refuseForeignFiles(modules);
  await writePackage(denoJson, modules);
  const { filename, size, unpackedSize, entryCount } = await pack();
  const path = `dist/${filename}`;
  console.log(
    `${path}: ${kilobytes(size)} packed, ${kilobytes(unpackedSize)} in ${entryCount} files`,
  );
}

/** Throws if any module needs a file that only Deno can run, because the package does not contain those. */
function refuseForeignFiles({ files }: PackageModules): void {
  const foreign = [...files.keys()].filter((path) => DENO_ONLY.test(path));
  if (foreign.length > 0) {
    throw new Error(`files for Deno alone are imported on Node too: ${foreign.join(", ")}`);
  }
}

async function writePackage(denoJson: DenoJson, modules: PackageModules): Promise<void> {
  await Deno.remove(folder, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  const files = new Map([
    ...modules.files,
    ["package.json", packageJson(denoJson, modules.dependencies)],
    ["bin/stud.js", COMMAND],
  ]);
  for (const [path, text] of files) {
    const url = new URL(path, folder);
    await Deno.mkdir(new URL("./", url), { recursive: true });
    await Deno.writeTextFile(url, text);
  }
  await Deno.chmod(new URL("bin/stud.js", folder), 0o755);
  for (const [from, to] of COPIED) await Deno.copyFile(new URL(from, root), new URL(to, folder));
}

/** What `npm pack --json` reports about an archive; sizes in bytes. */
interface Archive {
  readonly filename: string;
  readonly size: number;
  readonly unpackedSize: number;
  readonly entryCount: number;
}

async function pack(): Promise<Archive> {
  await Deno.mkdir(archives, { recursive: true });
  const { success, stdout } = await new Deno.Command("npm", {
    args: ["pack", "--json", "--pack-destination", archives.pathname],
    cwd: folder,
    stdout: "piped",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("npm pack failed");
  const answer: unknown = JSON.parse(new TextDecoder().decode(stdout));
  // An array until npm 11, then an object by the package's name.
  const [archive] = Object.values(answer as Record<string, Archive>);
  return archive!;
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(0)} kB`;
}

const DENO_ONLY = /^src\/runtime\/(?:deno|linux|openssl\/)/;

const COMMAND = `#!/usr/bin/env node
import { settleSignals } from "#signals";

settleSignals();
const { main } = await import("../src/main.js");
await main();
`;

/** From the project to the package. */
const COPIED = [["docs/npm.md", "README.md"], ["LICENSE", "LICENSE"], [
  "CHANGELOG.md",
  "CHANGELOG.md",
]] as const;

if (import.meta.main) {
  await helpIfAsked(import.meta.url);
  await main();
}
