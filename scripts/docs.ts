/**
 * Writes the generated documentation: docs/stud.8 and docs/options.md from the option table, the version in
 * src/version.ts from deno.json, and the lists in docs/log.md from the source. With `--check` it writes nothing, and
 * exits 1 naming each outdated file. The rows of docs/log.md, which only people can write, are checked in both cases.
 *
 *     deno run -A scripts/docs.ts [--check]
 */

import { manPage } from "../src/manual/man_page.ts";
import { optionsMarkdown } from "../src/manual/options_markdown.ts";
import { allEventCalls, eventFaults, withEvents } from "./log_lines/log_events.ts";
import { allSaid, faultsOf, withTexts } from "./log_lines/log_page.ts";
import { helpIfAsked } from "./script_help.ts";

/** Date of the manual page: update it when the text changes. */
const MAN_PAGE_DATE = "2026-11-28";

const VERSION_DOC = "/** The version of stud; `deno task docs` writes it here from deno.json. */\n";

const LOG_PAGE = "docs/log.md";

const root = new URL("../", import.meta.url);
const SOURCE = new URL("src/", root);

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
  const faults = await logPageFaults();
  for (const fault of faults) console.error(`${LOG_PAGE}: ${fault}`);
  return stale + faults.length > 0 ? 1 : 0;
}

async function wantedFiles(): Promise<Map<string, string>> {
  const { version } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  return new Map([
    ["docs/stud.8", manPage(version, MAN_PAGE_DATE)],
    ["docs/options.md", optionsMarkdown()],
    ["src/version.ts", VERSION_DOC + `export const VERSION = ${JSON.stringify(version)};\n`],
    [
      LOG_PAGE,
      withEvents(withTexts(await readIfThere(LOG_PAGE) ?? "", await allSaid(SOURCE))),
    ],
  ]);
}

async function logPageFaults(): Promise<string[]> {
  return [
    ...faultsOf(await readIfThere(LOG_PAGE) ?? "", await allSaid(SOURCE)),
    ...eventFaults(await allEventCalls(SOURCE)),
  ];
}

async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(new URL(path, root));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

if (import.meta.main) {
  await helpIfAsked(import.meta.url);
  Deno.exit(await main(Deno.args));
}
