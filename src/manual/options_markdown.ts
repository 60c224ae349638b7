/** docs/options.md, from the option table, formatted like the output of `deno fmt`. */

import { blockForm, blockHelp, blockUsage, optionUsage, shownDefault } from "./help.ts";
import type { Block, Option } from "../config/options.ts";
import { BLOCKS, GROUPS, OBSOLETE_OPTIONS, optionHelp, OPTIONS } from "../config/options.ts";
import { valueNotes } from "./value_notes.ts";
import { wrap } from "./wrap.ts";

/** Markdown with a heading for every supported option, and tables of block keys and of refused options. */
export function optionsMarkdown(): string {
  const commandLineOnly = OPTIONS.filter((option) => option.key === undefined)
    .map((option) => code(`--${option.name}`));
  return [
    "# Options",
    "",
    ...wrap(
      "Options are given on the command line, or in the file that `--config` names, one " +
        "`name = value` per line; `--default-config` prints such a file. The command line overrides " +
        `the file. Allowed only on the command line: ${commandLineOnly.join(", ")}. ` +
        prose(valueNotes()).replace(/=o(?:n|ff)/g, "`$&`") +
        " This page is generated from the option table.",
      FMT_WIDTH,
    ),
    "",
    ...GROUPS.flatMap((group) => [
      `## ${group}`,
      "",
      ...OPTIONS.filter((option) => option.group === group && !option.refusal).flatMap(section),
    ]),
    "## Blocks of the configuration file",
    "",
    ...BLOCKS.flatMap((block) => [
      ...wrap(
        `A \`${block.key}\` may be a block in braces, ${code(blockForm(block))}, with keys that ` +
          `apply to ${block.scope} only:`,
        FMT_WIDTH,
      ),
      "",
      ...table(["key", "meaning"], block.options.map((option) => blockRow(option, block))),
      "",
    ]),
    "## Refused",
    "",
    "Options of earlier releases of stud that this one refuses, each with the reason:",
    "",
    ...table(
      ["option", "reason"],
      OPTIONS.filter((option) => option.refusal)
        .map((option) => [code(optionUsage(option)), prose(option.refusal!)]),
    ),
    "",
    "## Ignored",
    "",
    "Options of earlier releases of stud and hitch that are ignored with a warning:",
    "",
    ...table(
      ["option", "reason"],
      OBSOLETE_OPTIONS.map((option) => [code(optionUsage(option)), prose(option.obsolete!)]),
    ),
  ].join("\n") + "\n";
}

/** The heading is the name alone, so that `options.md#--frontend` links to it. */
function section(option: Option): string[] {
  const fallback = shownDefault(option);
  return [
    `### --${option.name}`,
    "",
    code(optionUsage(option)) + (fallback ? `, default ${code(fallback)}` : ""),
    "",
    ...wrap(prose(optionHelp(option)), FMT_WIDTH),
    "",
  ];
}

function blockRow(option: Option, block: Block): string[] {
  return [code(blockUsage(option)), prose(blockHelp(option, block))];
}

function table(head: string[], rows: string[][]): string[] {
  rows = rows.map((row) => row.map((cell) => cell.replace(/(?<!\\)\|/g, "\\|")));
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

function code(text: string): string {
  return `\`${text}\``;
}

/** A sentence of the table: options become code, and Markdown's special characters are escaped. */
function prose(text: string): string {
  return text.replace(/[*|_[\]<>]/g, "\\$&").replace(/--[a-z][a-z0-9-]*/g, "`$&`");
}

/** `lineWidth` of deno.json: `deno fmt` wraps paragraphs at it. */
const FMT_WIDTH = 100;
