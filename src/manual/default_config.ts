/** The configuration file that `--default-config` prints, from the option table. */

import type { Block, Option } from "../config/options.ts";
import { BLOCKS, GROUPS, isBlockOnly, optionHelp, OPTIONS } from "../config/options.ts";
import { blockUsage } from "./help.ts";
import { wrap } from "./wrap.ts";

/**
 * A configuration file with every key at its default, explained in comments; `parseConfigFile` parses it. Refused
 * options are commented out, and so are options that take no empty text.
 */
export function defaultConfig(): string {
  const lines = [
    "# Configuration of stud(8): key = value.",
    "#",
    "# This file has every key with its default. Text may be in double or single quotes; text",
    "# with spaces must be. An option on the command line replaces the key with the same name.",
    "",
  ];
  for (const group of GROUPS) {
    const options = OPTIONS.filter((option) => option.group === group && option.key !== undefined);
    if (options.length === 0) continue;
    lines.push(`## ${group}`, "");
    options.forEach((option) => lines.push(...entryLines(option), ""));
  }
  return lines.join("\n");
}

function entryLines(option: Option): string[] {
  const note = option.refusal
    ? `${optionHelp(option)} Refused: ${option.refusal}.`
    : optionHelp(option);
  const entry = `${option.key} = ${valueText(option)}`;
  return [
    ...wrap(note, WIDTH - 2).map((line) => `# ${line}`),
    option.refusal || option.type.kind === "client-name" ? `# ${entry}` : entry,
    ...BLOCKS.filter((block) => block.key === option.key).flatMap(blockLines),
  ];
}

/** What a block may contain instead of a value, in comments. */
function blockLines({ key, options, required }: Block): string[] {
  return [
    `# Or a block, in which only ${required} is required:`,
    `# ${key} = {`,
    ...options.flatMap((option) => [
      ...(isBlockOnly(option) ? wrap(optionHelp(option), WIDTH - 8) : [])
        .map((line) => `#     # ${line}`),
      `#     ${blockUsage(option)}`,
    ]),
    "# }",
  ];
}

/** Words and numbers without quotes, all other text in quotes; no default is empty text, which sets nothing. */
function valueText(option: Option): string {
  const text = option.default ?? "";
  return /^[a-z0-9.]+$/.test(text) ? text : `"${text}"`;
}

const WIDTH = 90;
