/**
 * The layer check: dependencies point one way (docs/architecture.md), and this script enforces that rule.
 * layer_rules.ts lists what each part of the source may import and which names it may not use. The check reads text,
 * not syntax trees: comments, strings and regular expressions are blanked out first, which is enough for formatted code.
 *
 *     deno run -A scripts/layers.ts
 */

import type { Layer } from "./layer_rules.ts";
import { EXIT, LAYERS, MAX_LINES, MAY_BE_LONGER, MAY_EXIT, RESERVED } from "./layer_rules.ts";
import { helpIfAsked } from "./script_help.ts";

/** One violation of a rule. */
export interface Violation {
  readonly file: string;
  readonly line: number;
  /** What was found, and why it is not allowed. */
  readonly message: string;
}

/** One import of a file. */
interface Import {
  readonly line: number;
  /** As written; undefined if it is computed. */
  readonly specifier: string | undefined;
  /** The path of one of our files; undefined for a library. */
  readonly target: string | undefined;
  readonly typeOnly: boolean;
}

/**
 * Checks source files, given by their paths from the project's root, and returns every violation in the order of files
 * and lines. The import map is that of deno.json.
 */
export function checkLayers(
  files: ReadonlyMap<string, string>,
  importMap: Readonly<Record<string, string>> = {},
): Violation[] {
  const violations: Violation[] = [];
  const graph = new Map<string, Import[]>();
  for (const [file, text] of files) {
    const code = blank(text);
    const imports = importsOf(file, text, code, importMap);
    graph.set(file, imports);
    violations.push(...checkFile(file, text, code, imports));
  }
  violations.push(...findCycles(graph));
  return violations.sort((a, b) => a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line);
}

function checkFile(
  file: string,
  text: string,
  code: string,
  imports: readonly Import[],
): Violation[] {
  const layer = LAYERS.find(({ of }) => matches(file, of));
  if (layer === undefined) {
    return [{
      file,
      line: 1,
      message: "belongs to no layer; give it one in scripts/layer_rules.ts",
    }];
  }
  const violations: Violation[] = [];
  for (const entry of imports) {
    const message = importProblem(file, layer, entry);
    if (message !== undefined) violations.push({ file, line: entry.line, message });
  }
  const forbidden = MAY_EXIT.includes(file) ? layer.forbidden : [...layer.forbidden, EXIT];
  for (const { pattern, why } of forbidden) {
    for (const match of code.matchAll(pattern)) {
      const name = match[0].replace(/[\s.?(]+\)?$/, "").replace(/^\./, "");
      violations.push({ file, line: lineAt(code, match.index), message: `names ${name}: ${why}` });
    }
  }
  const lines = text.trimEnd().split("\n").length;
  if (lines > MAX_LINES && !MAY_BE_LONGER.includes(file)) {
    const message = `has ${lines} lines: a file is split before it has more than ${MAX_LINES}`;
    violations.push({ file, line: MAX_LINES + 1, message });
  }
  return violations;
}

function importProblem(file: string, layer: Layer, entry: Import): string | undefined {
  const { specifier, target } = entry;
  if (specifier === undefined) return "imports a computed name: it cannot be checked";
  if (target === undefined) {
    const wildcard = specifier.startsWith("node:") ? "node:*" : "*";
    if (layer.libraries.includes(specifier) || layer.libraries.includes(wildcard)) return undefined;
    return `imports ${specifier}: not a library that ${layer.of.join(" and ")} may use`;
  }
  const reserved = RESERVED.find(({ path }) => matches(target, [path]));
  if (reserved !== undefined && !matches(file, reserved.importers)) {
    const who = reserved.importers.length === 0
      ? "only package.json names it"
      : `only ${reserved.importers.join(" and ")} may`;
    return `imports ${target}: ${who}`;
  }
  if (matches(target, [...layer.of, ...layer.imports])) return undefined;
  const types = layer.imports.filter((path) => path.startsWith("type ")).map((p) => p.slice(5));
  if (!matches(target, types)) return `imports ${target}: not below ${layer.of.join(" and ")}`;
  return entry.typeOnly ? undefined : `imports ${target}: ${layer.of[0]} may import its types only`;
}

/** Whether a file is one of the files, or in one of the folders. */
function matches(file: string, paths: readonly string[]): boolean {
  return paths.some((path) => path.endsWith("/") ? file.startsWith(path) : file === path);
}

function importsOf(
  file: string,
  text: string,
  code: string,
  importMap: Readonly<Record<string, string>>,
): Import[] {
  return [...code.matchAll(IMPORT)].map((match): Import => {
    const end = match.index + match[0].length;
    const line = lineAt(code, end);
    const quote = match.groups?.quote;
    const literal = quote === undefined ? -1 : code.indexOf(quote, end);
    const specifier = literal < 0 ? undefined : text.slice(end, literal);
    const clause = match.groups?.clause ?? "";
    const typeOnly = /^\s*type\b/.test(clause) ||
      /^\s*\{(\s*type\s[^,{}]*,?)+\s*\}\s*$/.test(clause);
    return { line, specifier, target: specifier && resolve(file, specifier, importMap), typeOnly };
  });
}

function resolve(
  file: string,
  specifier: string,
  importMap: Readonly<Record<string, string>>,
): string | undefined {
  const mapped = importMap[specifier];
  const [base, path] = mapped === undefined ? [file, specifier] : ["deno.json", mapped];
  if (!/^\.{0,2}\//.test(path)) return undefined;
  return new URL(path, `file:///${base}`).pathname.slice(1);
}

/** Every import that completes a cycle, types included. */
function findCycles(graph: ReadonlyMap<string, readonly Import[]>): Violation[] {
  const violations: Violation[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]) => {
    for (const { target, line } of graph.get(file) ?? []) {
      if (target === undefined || done.has(target)) continue;
      const start = trail.indexOf(target);
      if (start < 0) {
        visit(target, [...trail, target]);
      } else {
        const circle = [...trail.slice(start), target].join(" → ");
        violations.push({ file, line, message: `closes an import cycle: ${circle}` });
      }
    }
    done.add(file);
  };
  for (const file of graph.keys()) if (!done.has(file)) visit(file, [file]);
  return violations;
}

/** Replaces everything but code by spaces and keeps every other character at its index, including quotes. */
function blank(text: string): string {
  const spaces = (part: string) => part.replace(/[^\n]/g, " ");
  return text.replace(NOT_CODE, (part) => {
    if (part.startsWith("`")) {
      return part.replace(TEMPLATE_TEXT, (all, code) => code ? blank(code) : spaces(all));
    }
    if (/^["']/.test(part)) return `${part[0]}${spaces(part.slice(1, -1))}${part.at(-1)}`;
    return spaces(part);
  });
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split("\n").length;
}

/** Everything before a specifier, including its opening quote; without a quote the specifier is computed. */
const IMPORT =
  /(?<![\w.$#])(?:(?:import|export)\b(?<clause>[^;"'`=()]*?)\bfrom(?=\s*["'])|import(?=\s*["'(])\s*\(?)\s*(?<quote>["'])?/g;

/** Comments, strings, templates (with one nested inside), and regular expressions where one may occur. */
const NOT_CODE =
  /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[^]|\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\}|[^`\\])*`|(?<=[(,=:[!&|?{};]\s*|\breturn\s+)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/[a-z]*/g;

/** Inside a template: an embedded expression, or any other character. */
const TEMPLATE_TEXT = /(\$\{(?:[^{}`]|`[^`]*`|\{[^{}]*\})*\})|[^`]/g;

/** Reads mod.ts and src/ of the project this script belongs to. */
async function main(): Promise<void> {
  const root = new URL("../", import.meta.url);
  const files = new Map<string, string>();
  for await (const path of sources(root)) {
    files.set(path, await Deno.readTextFile(new URL(path, root)));
  }
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", root)));
  const violations = checkLayers(files, imports);
  for (const { file, line, message } of violations) console.error(`${file}:${line}: ${message}`);
  console.log(`layers: ${files.size} files, ${violations.length} violations`);
  if (violations.length > 0) Deno.exit(1);
}

async function* sources(root: URL, folder = "src/"): AsyncGenerator<string> {
  if (folder === "src/") yield "mod.ts";
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, root))) {
    if (isDirectory) yield* sources(root, `${folder}${name}/`);
    else if (name.endsWith(".ts")) yield `${folder}${name}`;
  }
}

if (import.meta.main) {
  await helpIfAsked(import.meta.url);
  await main();
}
