/** The text of `--help`, from the option table. */

import type { Option } from "./options.ts";
import { GROUPS, optionHelp, optionLabel, OPTIONS, PEM_BLOCK_OPTIONS } from "./options.ts";
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
  lines.push("Inside a pem-file block, pem-file = { cert = FILE ... }, of the configuration file:");
  lines.push(...blockLines(), "");
  lines.push("Known from earlier releases of stud, refused by this one with the reason:");
  const refused = OPTIONS.filter((option) => option.refusal).map(optionLabel).join(", ");
  lines.push(...wrap(refused, WIDTH - 2).map((line) => `  ${line}`), "");
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

/** How a key of a pem-file block is written: `cert = FILE`. */
export function blockUsage({ key, valueName }: Option): string {
  return `${key} = ${valueName}`;
}

/** The sentences for a key of a pem-file block. */
export function blockHelp(option: Option): string {
  return option.pemBlock === "only"
    ? optionHelp(option)
    : `As --${option.name}, for this certificate.`;
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

function blockLines(): string[] {
  return PEM_BLOCK_OPTIONS.flatMap((option) =>
    twoColumns(`      ${blockUsage(option)}`, blockHelp(option))
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
  "Flags also take =on and =off. Of several values for one option the last wins, except " +
  "where an option is repeated. Long options may be cut short while one option is meant.";
