/**
 * stud's configuration file: `key = value` lines, values bare or in single or double quotes, `#` comments.
 * It turns text into raw values and refuses unknown keys, options of the command line only, and the blocks
 * in braces of hitch. Reading the file is the caller's, what values mean is settled in `command.ts`.
 *
 * A bare value ends at white space, as in stud; only a comment may follow. Between quotes every character
 * stands for itself; there are no escapes. An empty value leaves an option that has no default unset.
 */

import { UsageError } from "../errors.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { Option, OptionName } from "./options.ts";
import { OPTIONS } from "./options.ts";
import { escapeControl, quote } from "./quote.ts";
import type { RawValue, RawValues } from "./raw_values.ts";

/** A configuration file as read. */
export interface ConfigText {
  /** The name that messages show. */
  readonly file: string;
  readonly text: string;
}

/**
 * Reads a configuration file.
 *
 * @throws UsageError that names file, line and the offending text
 */
export function parseConfigFile(config: ConfigText): RawValues {
  const values = new Map<OptionName, RawValue[]>();
  const lines = config.text.split(/\r?\n/);
  for (const [index, line] of lines.entries()) {
    const place = `${escapeControl(config.file)}:${index + 1}`;
    const entry = parseLine(line.trim(), place);
    if (entry === undefined) continue;
    const option = optionOfKey(entry.key, place);
    const origin = `${place}: ${entry.key}`;
    if (entry.text !== "") {
      const earlier = values.get(option.name) ?? [];
      values.set(option.name, [...earlier, { text: entry.text, origin }]);
    } else if (option.default !== undefined) {
      throw new UsageError(`${origin}: ${quote(line.trim())}: the value is missing`);
    }
  }
  return values;
}

function parseLine(line: string, place: string): { key: string; text: string } | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  if (/^[A-Za-z0-9-]*\s*=?\s*\{/.test(line) || line.startsWith("}")) {
    throw new UsageError(
      `${place}: ${
        quote(line)
      }: blocks in braces are hitch's syntax, which this release does not ` +
        "read; write one key = value line per option",
    );
  }
  const parts = /^([^\s=]+)\s*=\s*(.*)$/s.exec(line);
  if (!parts) throw new UsageError(`${place}: ${quote(line)} is not of the form key = value`);
  return { key: parts[1]!, text: parseText(parts[2]!, line, place) };
}

function parseText(value: string, line: string, place: string): string {
  const mark = value[0];
  if (mark === '"' || mark === "'") {
    const end = value.indexOf(mark, 1);
    if (end < 0) throw new UsageError(`${place}: ${quote(line)}: the closing ${mark} is missing`);
    const after = value.slice(end + 1).trim();
    if (after !== "" && !after.startsWith("#")) {
      throw new UsageError(`${place}: ${quote(line)}: ${quote(after)} follows the closing ${mark}`);
    }
    return value.slice(1, end);
  }
  const bare = value.replace(/(^|\s+)#.*$/s, "");
  if (/\s/.test(bare)) {
    throw new UsageError(`${place}: ${quote(line)}: put a value that contains spaces in quotes`);
  }
  return bare;
}

function optionOfKey(key: string, place: string): Option<OptionName> {
  const option = byKey.get(key);
  if (option) return option;
  if (OPTIONS.some((other) => other.name === key)) {
    throw new UsageError(`${place}: ${quote(key)} is an option for the command line only`);
  }
  throw new UsageError(
    `${place}: unknown key ${quote(key)}${suggestion(nearest(key, byKey.keys()))}`,
  );
}

const byKey = new Map(
  OPTIONS.flatMap((option) =>
    option.key === undefined ? [] : [option.key, ...option.aliases ?? []].map((
      key,
    ): [string, Option<OptionName>] => [key, option])
  ),
);
