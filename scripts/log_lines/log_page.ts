/**
 * Checks docs/log.md against the source. Every line of the log must have a row with its level, and every row a text in
 * the source. Texts that lines are composed of and that no row explains are listed at the end of the page.
 */

import { type Said, saidIn } from "./said.ts";

/** A table row that explains a line, or part of one. */
export interface Row {
  readonly text: string;
  /** Undefined in tables without a column of that name. */
  readonly level: string | undefined;
}

/** A key that is equal for texts which differ only in their NAMEs, because those are for readers. */
export function keyOf(text: string): string {
  return text.replace(/\b[A-Z][A-Z0-9_]*\b/g, "*");
}

/** Everything that the source in a folder can log, each text once, in alphabetical order. */
export async function allSaid(source: URL): Promise<Said[]> {
  const found = new Map<string, Said>();
  for await (const file of sourceFiles(source)) {
    for (const said of saidIn(file.pathname, await Deno.readTextFile(file))) {
      const key = `${said.kind} ${said.level} ${keyOf(said.text)}`;
      if (!found.has(key) && !isSilent(said)) found.set(key, said);
    }
  }
  return [...found.values()].sort((one, other) => one.text < other.text ? -1 : 1);
}

/** The files of a source folder that can log something. */
export async function* sourceFiles(folder: URL): AsyncGenerator<URL> {
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory && !ELSEWHERE.has(name)) yield* sourceFiles(new URL(`${name}/`, folder));
    if (name.endsWith(".ts") && name !== EVENTS_FILE) yield new URL(name, folder);
  }
}

function isSilent({ text, error }: Said): boolean {
  return error !== undefined && INTERNAL.has(error) || NOT_SAID.some((one) => one.test(text));
}

/** The rows of a page's tables that have a column named `line` or `text`. */
export function rowsOf(page: string): Row[] {
  let columns: string[] = [];
  return page.split("\n").flatMap((line): Row[] => {
    const cells = line.startsWith("|") ? line.split("|").slice(1, -1).map((one) => one.trim()) : [];
    if (cells.some((one) => TEXT_COLUMNS.has(one))) columns = cells;
    if (cells.length === 0) columns = [];
    const code = /^`(.*)`$/.exec(cells[columns.findIndex((one) => TEXT_COLUMNS.has(one))] ?? "");
    return code === null ? [] : [{ text: code[1]!, level: cells[columns.indexOf("level")] }];
  });
}

/** What is wrong with a page, in words; empty if nothing is. */
export function faultsOf(page: string, said: readonly Said[]): string[] {
  const rows = rowsOf(page).map((row) => ({ ...row, key: keyOf(row.text) }));
  const all = said.map((one) => ({ ...one, key: keyOf(one.text) }));
  const missing = all.filter(({ kind, error }) => kind === "line" || error === "PeerError")
    .filter(({ key }) => !rows.some((row) => row.key === key))
    .map(({ text, level = "" }) => `no row explains the ${level} line: ${text}`);
  const levels = all.filter(({ kind, level }) => kind === "line" && level !== "any")
    .flatMap(({ key, level }) =>
      rows.filter((row) => row.key === key && row.level !== level).map((row) =>
        `the level is ${level}, and the row says ${row.level}: ${row.text}`
      )
    );
  const stale = rows.filter(({ key }) => !all.some((one) => one.key === key))
    .map(({ text }) => `the source says this no more: ${text}`);
  const twice = rows.filter(({ key }, index) => rows.findIndex((one) => one.key === key) < index)
    .map(({ text }) => `two rows: ${text}`);
  return [...missing, ...levels, ...stale, ...twice];
}

/**
 * The page with its lists of the texts that no row explains. A complete list stays unchanged, even if NAMEs have
 * changed in the source.
 */
export function withTexts(page: string, said: readonly Said[]): string {
  const rows = new Set(rowsOf(page).map(({ text }) => keyOf(text)));
  // A piece of another text is explained with it.
  const isPiece = (text: string) =>
    said.some((one) => one.text.length > text.length && one.text.includes(text));
  const parts = said.filter(({ kind, text }) =>
    kind === "part" && !rows.has(keyOf(text)) && !isPiece(text)
  );
  const isOfStart = ({ error = "" }: Said) => START_ERRORS.has(error);
  const lists = { start: parts.filter(isOfStart), texts: parts.filter((one) => !isOfStart(one)) };
  return Object.entries(lists).reduce((text, [name, list]) => {
    const marks = new RegExp(`(<!-- ${name}: [^>]*-->\n)([^]*?)(<!-- end -->)`);
    return text.replace(marks, (whole, start, former, end) => {
      const texts = list.map((one) => one.text);
      const kept = former.split("\n").slice(2, -3);
      if (isSame(kept.map(keyOf), texts.map(keyOf))) return whole;
      return `${start}\n\`\`\`text\n${texts.join("\n")}\n\`\`\`\n\n${end}`;
    });
  }, page);
}

function isSame(some: readonly string[], others: readonly string[]): boolean {
  return some.toSorted().join("\n") === others.toSorted().join("\n");
}

/** It repeats the lines. */
const EVENTS_FILE = "events.ts";

const TEXT_COLUMNS: ReadonlySet<string> = new Set(["line", "text"]);

/** Folders whose texts are about options, which are checked before anything is logged, or are the status page's. */
const ELSEWHERE: ReadonlySet<string> = new Set(["config", "library", "manual", "page"]);

/** Errors in what stud reads before it starts, or internal errors of the program. */
const INTERNAL: ReadonlySet<string> = new Set([
  ...["TypeError", "UsageError", "ClientNameError", "AddressFormatError", "DerFormatError"],
]);

const START_ERRORS: ReadonlySet<string> = new Set(["StartupError", "PortInUseError"]);

/** Texts for other programs, and keys of tables. */
const NOT_SAID: readonly RegExp[] = [
  /^stud (serves|replaces) [A-Z]/, // Names of sockets by which one stud finds another.
  /^stud session ticket keys/,
  /^Max open files$/, // From proc(5).
  /^(unable to get certificate CRL|CRL has expired|CRL is not yet valid)$/, // OpenSSL's texts.
  /^(authorities|OCSP response|ticket secret) ([A-Z]|of the (machine|backend))/, // The names of expected contents.
];
