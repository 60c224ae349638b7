/**
 * Writes what is made from the option table, docs/stud.8 and docs/options.md, and from deno.json the version in
 * src/version.ts. With `--check` it writes nothing, and exits 1 naming each file that is out of date.
 *
 *     deno run -A scripts/docs.ts [--check]
 */

import { manPage } from "../src/manual/man_page.ts";
import { optionsMarkdown } from "../src/manual/options_markdown.ts";

/** Date on the manual page: set it when its text changes. */
const MAN_PAGE_DATE = "2026-11-22";

const VERSION_DOC = "/** The version of stud; `deno task docs` writes it here from deno.json. */\n";

const root = new URL("../", import.meta.url);

async function main(argv: readonly string[]): Promise<number> {
  const check = argv.includes("--check");
  let stale = 0;
  for (const [path, wanted] of await wantedFiles()) {
    if (await readIfThere(path) === wanted) continue;
    if (check) {
      console.error(`${path} is out of date; run: deno run -A scripts/docs.ts`);
      stale++;
    } else {
      await Deno.writeTextFile(new URL(path, root), wanted);
      console.log(`wrote ${path}`);
    }
  }
  return stale > 0 ? 1 : 0;
}

async function wantedFiles(): Promise<Map<string, string>> {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  return new Map([
    ["docs/stud.8", manPage(version, MAN_PAGE_DATE)],
    ["docs/options.md", optionsMarkdown()],
    ["src/version.ts", VERSION_DOC + `export const VERSION = ${JSON.stringify(version)};\n`],
  ]);
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(new URL(path, root));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) Deno.exit(await main(Deno.args));
