/**
 * Names the option whose file is at fault. What reads files names only the file, so the option is looked for when
 * something is wrong, and thousands of good files cost nothing. It reads no file itself.
 */

import { StartupError } from "../errors.ts";
import { splitCertificate } from "./address.ts";
import { OPERAND_ORIGIN } from "./command_line.ts";
import { missingFileHint } from "./mistaken_options.ts";
import { type OptionName, optionNamed } from "./options.ts";
import type { RawValue, RawValues } from "./raw_values.ts";

/**
 * The same error. If it is a {@linkcode StartupError} whose message begins with a file that one of the options names,
 * the message now begins with that option, or with its place in the configuration file. A plain argument is its own
 * name; a missing one may have been meant as a command.
 */
export function namingOption(error: unknown, values: RawValues): unknown {
  if (!(error instanceof StartupError)) return error;
  const { message } = error;
  const named = [...filesIn(values)].filter(({ path }) => message.startsWith(`${path}: `));
  const [first] = named;
  // If different options name the same file, the error may be about any of them.
  if (first === undefined || named.some(({ name }) => name !== first.name)) return error;
  const { origin, path } = first;
  // Its class, and what it carries, stay.
  if (origin !== OPERAND_ORIGIN) error.message = origin === path ? message : `${origin} ${message}`;
  else if (message === `${path}: no such file`) error.message = `${message}${hint(path)}`;
  return error;
}

interface NamedFile {
  readonly name: OptionName;
  readonly path: string;
  readonly origin: string;
}

function* filesIn(values: RawValues): Generator<NamedFile> {
  for (const [name, raws] of values) {
    for (const raw of raws) {
      const path = pathIn(name, raw);
      if (path !== undefined) yield { name, path, origin: raw.origin };
      for (const inner of [raw.block, raw.frontend]) if (inner !== undefined) yield* filesIn(inner);
    }
  }
}

function pathIn(name: OptionName, { text }: RawValue): string | undefined {
  if (name === "frontend") return splitCertificate(text).certificate;
  const { type, valueName = "" } = optionNamed(name);
  return type.kind === "text" && /FILE|PEM|DIR/.test(valueName) ? text : undefined;
}

function hint(operand: string): string {
  const meant = missingFileHint(operand);
  return meant === undefined ? "" : `; ${meant}`;
}
