/** The README's option tables, from the option table, laid out as `deno fmt` leaves them. */

import { blockForm, blockHelp, blockUsage, optionUsage, shownDefault } from "./help.ts";
import type { Block, Option } from "./options.ts";
import { BLOCKS, GROUPS, OBSOLETE_OPTIONS, optionHelp, OPTIONS } from "./options.ts";
import { valueNotes } from "./value_notes.ts";
import { wrap } from "./wrap.ts";

/** Markdown with tables of supported options, of block keys and of refused options, and a final line feed. */
export function optionsMarkdown(): string {
  const supported = GROUPS.flatMap((group) =>
    OPTIONS.filter((option) => option.group === group && !option.refusal)
  );
  const refused = OPTIONS.filter((option) => option.refusal);
  const commandLineOnly = OPTIONS.filter((option) => option.key === undefined)
    .map((option) => code(`--${option.name}`));
  const rows = supported.map((option) => {
    const fallback = shownDefault(option);
    return [code(optionUsage(option)), fallback ? code(fallback) : "", prose(optionHelp(option))];
  });
  return [
    ...table(["option", "default", "meaning"], rows),
    "",
    ...wrap(
      `${prose(valueNotes()).replace(/=o(?:n|ff)/g, "`$&`")} In the configuration file the long ` +
        `name is the key, except for ${
          commandLineOnly.join(", ")
        }, which belong on the command line.`,
      FMT_WIDTH,
    ),
    "",
    ...BLOCKS.flatMap((block) => [
      ...wrap(
        `There a \`${block.key}\` may also be a block in braces, ${
          code(blockForm(block))
        }, with keys for ` +
          `${block.scope} alone:`,
        FMT_WIDTH,
      ),
      "",
      ...table(["key", "meaning"], block.options.map((option) => blockRow(option, block))),
      "",
    ]),
    "Options of earlier releases of stud that this one refuses, each with the reason:",
    "",
    ...table(
      ["option", "reason"],
      refused.map((option) => [code(optionUsage(option)), prose(option.refusal!)]),
    ),
    "",
    "Options of earlier releases of stud and hitch that are ignored with a warning:",
    "",
    ...table(
      ["option", "reason"],
      OBSOLETE_OPTIONS.map((option) => [code(optionUsage(option)), prose(option.obsolete!)]),
    ),
  ].join("\n") + "\n";
}

function blockRow(option: Option, block: Block): string[] {
  return [code(blockUsage(option)), prose(blockHelp(option, block))];
}

function table(head: string[], rows: string[][]): string[] {
  const widths = head.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]!.length))
  );
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)];
}

function code(text: string): string {
  return `\`${text.replaceAll("|", "\\|")}\``;
}

/** A sentence of the table: options become code, and characters that Markdown would take are escaped. */
function prose(text: string): string {
  return text.replace(/[*|_[\]<>]/g, "\\$&").replace(/--[a-z][a-z0-9-]*/g, "`$&`");
}

/** `lineWidth` of deno.json: `deno fmt` fills paragraphs to it. */
const FMT_WIDTH = 100;
