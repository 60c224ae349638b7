/** The text of `--help`, from the option table. */

import type { Block, Option } from "./options.ts";
import {
  BLOCKS,
  GROUPS,
  isBlockOnly,
  OBSOLETE_OPTIONS,
  optionHelp,
  optionLabel,
  optionNamed,
  OPTIONS,
} from "./options.ts";
import { valueNotes } from "./value_notes.ts";
import { wrap } from "./wrap.ts";

/** What `stud --help` prints, with a final line feed: at most 90 columns, options by group. */
export function helpText(version: string): string {
  const lines = [
    "Usage: stud [OPTIONS] PEM...",
    "       stud [OPTIONS] --self-signed[=NAME]",
    "",
    ...wrap(
      `stud ${version} terminates TLS and passes the plaintext to a backend, one connection for each client.`,
      WIDTH,
    ),
    "",
  ];
  for (const group of GROUPS) {
    const options = OPTIONS.filter((option) => option.group === group && !option.refusal);
    lines.push(`${group}:`, ...options.flatMap(optionLines), "");
  }
  for (const block of BLOCKS) {
    lines.push(`Inside a ${block.key} block, ${blockForm(block)}, of the configuration file:`);
    lines.push(...blockLines(block), "");
  }
  lines.push("Known from earlier releases of stud, refused by this one with the reason:");
  const refused = OPTIONS.filter((option) => option.refusal).map(optionLabel).join(", ");
  lines.push(...wrap(refused, WIDTH - 2).map((line) => `  ${line}`), "");
  lines.push(
    "Known from earlier releases of stud and hitch, and ignored with a warning:",
  );
  const obsolete = OBSOLETE_OPTIONS.map(optionLabel).join(", ");
  lines.push(...wrap(obsolete, WIDTH - 2).map((line) => `  ${line}`), "");
  lines.push(...wrap(NOTES, WIDTH));
  return lines.join("\n") + "\n";
}

/** How an option is written: `-n, --workers N|auto`, `--self-signed[=NAME]`, `PEM, --pem-file PEM`. */
export function optionUsage(option: Option): string {
  const { name, short, valueName, bare, operand } = option;
  const long = valueName === undefined
    ? `--${name}`
    : bare === undefined
    ? `--${name} ${valueName}`
    : `--${name}[=${valueName}]`;
  if (operand) return `${valueName}, ${long}`;
  return short === undefined ? long : `-${short}, ${long}`;
}

/** How a block is written at the least: `pem-file = { cert = FILE ... }`. */
export function blockForm({ key, required }: Block): string {
  return `${key} = { ${blockUsage(optionNamed(required))} ... }`;
}

/** How a key of a block is written: `cert = FILE`. */
export function blockUsage({ key, valueName }: Option): string {
  return `${key} = ${valueName ?? "on|off"}`;
}

/** The sentences for a key of a block. */
export function blockHelp(option: Option, { scope }: Block): string {
  return isBlockOnly(option) ? optionHelp(option) : `As --${option.name}, for ${scope}.`;
}

/** The default where it says something: not for flags that are off. */
export function shownDefault(option: Option): string | undefined {
  return option.type.kind === "flag" && option.default === "off" ? undefined : option.default;
}

function optionLines(option: Option): string[] {
  const indent = option.short === undefined && !option.operand ? 6 : 2;
  const fallback = shownDefault(option);
  const help = fallback === undefined
    ? optionHelp(option)
    : `${optionHelp(option)} (default:${NO_BREAK}${fallback})`;
  return twoColumns(" ".repeat(indent) + optionUsage(option), help);
}

function blockLines(block: Block): string[] {
  return block.options.flatMap((option) =>
    twoColumns(`      ${blockUsage(option)}`, blockHelp(option, block))
  );
}

function twoColumns(left: string, help: string): string[] {
  const [first, ...more] = wrap(help, WIDTH - COLUMN)
    .map((line) => line.replace(NO_BREAK, " "));
  const rest = more.map((line) => " ".repeat(COLUMN) + line);
  return left.length + 2 <= COLUMN
    ? [left.padEnd(COLUMN) + first, ...rest]
    : [left, " ".repeat(COLUMN) + first, ...rest];
}

const WIDTH = 90;
const COLUMN = 31;
const NO_BREAK = "\u00a0";

const NOTES =
  `${valueNotes()} A long option may be cut short while it is clear which one is meant.`;
