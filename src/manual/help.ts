/** The texts of `--help`, from the option table: the most needed options, one option, or everything. */

import { UsageError } from "../errors.ts";
import { nearest, suggestion } from "../config/nearest.ts";
import type { Block, Option } from "../config/options.ts";
import {
  BLOCKS,
  GROUPS,
  isBlockOnly,
  OBSOLETE_OPTIONS,
  optionHelp,
  optionLabel,
  optionNamed,
  OPTIONS,
} from "../config/options.ts";
import { STATUS_COMMANDS } from "../config/status_commands.ts";
import { quote } from "../wire/escape.ts";
import { ABBREVIATIONS, valueNotes } from "./value_notes.ts";
import { wrap } from "./wrap.ts";

/**
 * What `stud --help TOPIC` prints, with a final line feed.
 *
 * @param topic the name or letter of an option, `all`, or undefined for the most needed options
 * @throws UsageError if the option does not exist, with the most similar name
 */
export function helpOn(topic: string | undefined, version: string): string {
  if (topic === undefined) return shortHelp(version);
  if (topic.toLowerCase() === "all") return helpText(version);
  const name = topic.replace(/^--?/, "");
  const known = [...OPTIONS, ...OBSOLETE_OPTIONS];
  const begun = known.filter((one) => name !== "" && one.name.startsWith(name));
  const option =
    known.find((one) => one.name === name || one.short === name || one.aliases?.includes(name)) ??
      (begun.length === 1 ? begun[0] : undefined);
  if (option === undefined) {
    const names = known.map((one) => one.name);
    throw new UsageError(
      `--help: no option is called ${quote(topic)}${suggestion(nearest(name, names), "--")}`,
    );
  }
  return topicText(option);
}

/** Max 40 lines of 80 columns: the options that every operator needs first, and examples. */
export function shortHelp(version: string): string {
  const rows = OPTIONS.filter(({ brief }) => brief !== undefined);
  return [
    "Usage: stud [OPTIONS] PEM...",
    "",
    `stud ${version} terminates TLS and passes the plaintext to a backend.`,
    "",
    ...rows.map((option) => indentedUsage(option).padEnd(SHORT_COLUMN) + option.brief),
    "",
    "Examples:",
    "  stud --self-signed -f 127.0.0.1,8443 -b 127.0.0.1,8000",
    "  stud -n auto -f '*,443' -b 127.0.0.1,8080 --write-proxy -u nobody site.pem",
    "  stud --config /etc/stud/stud.conf --daemon -p /run/stud.pid",
    "",
    "stud --help all lists every option, stud --help OPTION explains one, and",
    "stud --default-config prints a configuration file. stud status and stud top show",
    "a running stud that was started with --status.",
  ].join("\n") + "\n";
}

function topicText(option: Option): string {
  const fallback = shownDefault(option);
  const facts = [
    ...(fallback === undefined ? [] : [`The default is ${fallback}.`]),
    ...(option.key === undefined ? ["Command line only."] : []),
    ...BLOCKS.filter((block) => block.options.some((one) => one.name === option.name))
      .map(({ key }) =>
        `Can also be set for one ${key}, inside ${key} = { ... } in the configuration file.`
      ),
    ...(option.refusal === undefined ? [] : [`Refused: ${option.refusal}.`]),
    ...(option.obsolete === undefined ? [] : [`Ignored: ${option.obsolete}.`]),
  ];
  const lines = [optionHelp(option), ...facts].flatMap((text) => wrap(text, SHORT_WIDTH - 4));
  return [optionUsage(option), ...lines.map((line) => `    ${line}`)].join("\n") + "\n";
}

/** What `stud --help all` prints, with a final line feed: max 90 columns, options by group. */
export function helpText(version: string): string {
  const lines = [
    "Usage: stud [OPTIONS] PEM...",
    "       stud [OPTIONS] --self-signed[=NAME]",
    ...STATUS_COMMANDS.map((name) => `       stud ${name} [ADDRESS|SOCKET|PIDFILE]`),
    "",
    ...wrap(
      `stud ${version} terminates TLS and passes the plaintext to a backend, over one connection per client.`,
      WIDTH,
    ),
    "",
  ];
  for (const group of GROUPS) {
    const options = OPTIONS.filter((option) => option.group === group && !option.refusal);
    lines.push(`${group}:`, ...options.flatMap(optionLines), "");
  }
  for (const block of BLOCKS) {
    lines.push(`Keys of a ${block.key} block in the configuration file, ${blockForm(block)}:`);
    lines.push(...blockLines(block), "");
  }
  lines.push("Options of earlier releases of stud that this one refuses, with the reason:");
  const refused = OPTIONS.filter((option) => option.refusal).map(optionLabel).join(", ");
  lines.push(...wrap(refused, WIDTH - 2).map((line) => `  ${line}`), "");
  lines.push(
    "Options of earlier releases of stud and hitch that are ignored with a warning:",
  );
  const obsolete = OBSOLETE_OPTIONS.map(optionLabel).join(", ");
  lines.push(...wrap(obsolete, WIDTH - 2).map((line) => `  ${line}`), "");
  lines.push(...wrap(NOTES, WIDTH));
  return lines.join("\n") + "\n";
}

/** The syntax of an option: `-n, --workers N|auto`, `--self-signed[=NAME]`, `PEM, --pem-file PEM`. */
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

/** The shortest form of a block: `pem-file = { cert = FILE ... }`. */
export function blockForm({ key, required }: Block): string {
  return `${key} = { ${blockUsage(optionNamed(required))} ... }`;
}

/** The syntax of a key in a block: `cert = FILE`. */
export function blockUsage({ key, valueName }: Option): string {
  return `${key} = ${valueName ?? "on|off"}`;
}

/** The sentences for a key of a block. */
export function blockHelp(option: Option, { scope }: Block): string {
  return isBlockOnly(option) ? optionHelp(option) : `Like --${option.name}, for ${scope} only.`;
}

/** The default, if it is worth showing: not for flags that are off. */
export function shownDefault(option: Option): string | undefined {
  return option.type.kind === "flag" && option.default === "off" ? undefined : option.default;
}

/** Aligns long names, with or without a letter before them. */
function indentedUsage(option: Option): string {
  const indent = option.short === undefined && !option.operand ? 6 : 2;
  return " ".repeat(indent) + optionUsage(option);
}

function optionLines(option: Option): string[] {
  const fallback = shownDefault(option);
  const help = fallback === undefined
    ? optionHelp(option)
    : `${optionHelp(option)} (default:${NO_BREAK}${fallback})`;
  return twoColumns(indentedUsage(option), help);
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

const SHORT_WIDTH = 80;
const SHORT_COLUMN = 35;
const WIDTH = 90;
const COLUMN = 31;
const NO_BREAK = "\u00a0";

const NOTES = `${valueNotes()} ${ABBREVIATIONS}`;
