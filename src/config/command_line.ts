/**
 * Parses the command line like getopt_long(3). Long options may be shortened if the result is unambiguous; short ones
 * are written alone or in clusters. A value is attached or is the next argument, whatever it looks like. Plain arguments
 * anywhere are PEM files; `--` ends the options. Unknown options, missing values and unexpected values are errors.
 * `command.ts` interprets the values.
 */

import { UsageError } from "../errors.ts";
import { longOptionHint, operandHint, shortOptionHint } from "./mistaken_options.ts";
import { nearest, suggestion } from "./nearest.ts";
import type { Option, OptionName } from "./options.ts";
import { OBSOLETE_OPTIONS, optionLabel, OPTIONS } from "./options.ts";
import { escapeControl, quote } from "../wire/escape.ts";
import type { RawValue, RawValues } from "./raw_values.ts";
import { parseFlag, parseValue } from "./raw_values.ts";
import type { Command, Compat } from "./settings.ts";

/** The command line before the configuration file is known. */
export interface ParsedCommandLine {
  /** Help takes precedence over version, then come completion, default-config, test, and run. */
  readonly action: Command["action"];
  /** The file to read before `toCommand`; `-` is standard input. Set only where the action needs it. */
  readonly configFile: string | undefined;
  /** The topic of help, as it was written; undefined: no topic, or no help. */
  readonly helpTopic: string | undefined;
  readonly compat: Compat;
  readonly values: RawValues;
}

/**
 * Parses `argv`, which does not include the program's name. For help, version and default-config it checks only the
 * syntax.
 *
 * @param programName the name that the program was started by, without folders: hitch's name means `--compat=hitch`
 * @throws UsageError that names the argument
 */
export function parseCommandLine(
  argv: readonly string[],
  programName = "stud",
): ParsedCommandLine {
  const { values, empty } = readArguments(argv);
  if (programName === "hitch" && !values.has("compat")) {
    values.set("compat", [{ text: "hitch", origin: `the program's name ${programName}` }]);
  }
  const action = ACTIONS.find((name) => isOn(values, name)) ?? "run";
  const configFile = action === "run" || action === "test"
    ? values.get("config")?.at(-1)?.text
    : undefined;
  const compat: Compat = values.get("compat")?.at(-1)?.text.toLowerCase() === "hitch"
    ? "hitch"
    : "none";
  // For hitch an empty value is no value; for stud a script's unset variable is an error.
  if (empty !== undefined && compat !== "hitch") throw missingValue(empty);
  const asked = values.get("help")?.at(-1)?.text;
  const helpTopic = asked === undefined || parseFlag(asked) !== undefined ? undefined : asked;
  return { action, configFile, helpTopic, compat, values };
}

/** Each option's values, and the first option whose value is empty, if there is one. */
function readArguments(
  argv: readonly string[],
): { values: Map<OptionName, RawValue[]>; empty: Option | undefined } {
  const values = new Map<OptionName, RawValue[]>();
  const rest = [...argv];
  let empty: Option | undefined;
  const add: Add = (option, text) => {
    const origin = option.operand ? OPERAND_ORIGIN : optionLabel(option);
    if (text === "" && !option.emptyIsOff) empty ??= option;
    else values.set(option.name, [...values.get(option.name) ?? [], { text, origin }]);
  };
  for (let argument = rest.shift(); argument !== undefined; argument = rest.shift()) {
    if (argument === "--") {
      rest.splice(0).forEach((operand) => add(operandOption, checkOperand(operand)));
    } else if (argument.startsWith("--")) {
      readLong(argument, rest, add);
    } else if (argument.startsWith("-") && argument.length > 1) {
      readCluster(argument, rest, add);
    } else {
      add(operandOption, checkOperand(argument));
    }
  }
  return { values, empty };
}

type Add = (option: Option<OptionName>, text: string) => void;

function readLong(argument: string, rest: string[], add: Add): void {
  const equals = argument.indexOf("=");
  const written = equals < 0 ? argument : argument.slice(0, equals);
  const option = longOption(written.slice(2));
  if (equals >= 0) {
    const text = argument.slice(equals + 1);
    const origin = optionLabel(option);
    if (text !== "" && option.type.kind === "flag") parseValue(option, { text, origin });
    add(option, text);
  } else {
    add(option, topic(option, rest) ?? bareValue(option) ?? nextValue(option, rest));
  }
}

/** `-qsn4`: flags up to an option that takes a value. The value is the rest, or the next argument. */
function readCluster(argument: string, rest: string[], add: Add): void {
  const letters = Array.from(argument.slice(1));
  for (let letter = letters.shift(); letter !== undefined; letter = letters.shift()) {
    const option = byShort.get(letter);
    const label = `-${escapeControl(letter)}`;
    if (option === undefined) {
      const inside = argument.length > 2 ? ` in ${quote(argument)}` : "";
      const [name = ""] = argument.slice(1).split("=");
      const hint = byLong.has(name) ? `write --${name}` : shortOptionHint(letter);
      throw new UsageError(
        `unknown option ${label}${inside}${hint === undefined ? "" : `; ${hint}`}`,
      );
    }
    const bare = bareValue(option);
    if (bare === undefined) {
      add(option, letters.splice(0).join("") || nextValue(option, rest));
    } else if (letters[0] === "=") {
      throw new UsageError(
        `${quote(argument)}: ${label} takes no value; write --${option.name}${letters.join("")}`,
      );
    } else {
      add(option, letters.length === 0 ? topic(option, rest) ?? bare : bare);
    }
  }
}

/** An exact name takes precedence; otherwise the only option that starts with the text. */
function longOption(written: string): Option<OptionName> {
  const exact = byLong.get(written);
  if (exact) return exact;
  const begun = OPTIONS.filter((option) => written !== "" && option.name.startsWith(written));
  if (begun.length === 1) return begun[0]!;
  const shown = `--${escapeControl(written)}`;
  const short = byShort.get(written);
  const hyphen = short && `write -${written} or --${short.name}`;
  if (begun.length > 1) {
    const names = begun.map((option) => `--${option.name}`).join(", ");
    throw new UsageError(
      `option ${shown} is ambiguous: ${names}${hyphen === undefined ? "" : `; ${hyphen}`}`,
    );
  }
  const hint = longOptionHint(written) ?? hyphen;
  throw new UsageError(
    hint === undefined
      ? `unknown option ${shown}${suggestion(nearest(written, byLong.keys()), "--")}`
      : `unknown option ${shown}; ${hint}`,
  );
}

/** What the option means without a value, or undefined if it must have one. */
function bareValue(option: Option): string | undefined {
  return option.type.kind === "flag" ? "on" : option.bare;
}

/**
 * `--help frontend` or `--help -f` with nothing after it: the topic is the next word, which nothing else needs then.
 */
function topic(option: Option, rest: string[]): string | undefined {
  const [next] = rest;
  if (option.name !== "help" || !next) return undefined;
  const isOption = next.startsWith("-") && rest.length === 1 && isWritten(next);
  return !next.startsWith("-") || isOption ? rest.shift() : undefined;
}

/** Whether `word` is an option and nothing else, `-f` or `--frontend`. */
function isWritten(word: string): boolean {
  return KNOWN.some(({ name, short }) =>
    word === `--${name}` || short !== undefined && word === `-${short}`
  );
}

function nextValue(option: Option, rest: string[]): string {
  const next = rest.shift();
  if (next === undefined) throw missingValue(option);
  return next;
}

function missingValue(option: Option): UsageError {
  return new UsageError(`${optionLabel(option)} ${whatIsMissing(option)}`);
}

function whatIsMissing({ name, type, bare, valueName }: Option): string {
  if (type.kind === "flag") return `has nothing after =; write --${name}, or --${name}=on|off`;
  if (bare === undefined) return "needs a value";
  return `has nothing after =; write --${name}, or --${name}=${valueName}`;
}

function checkOperand(operand: string): string {
  if (operand === "") throw new UsageError("an argument is empty; a PEM file was expected");
  const hint = operandHint(operand);
  if (hint !== undefined) throw new UsageError(`${quote(operand)} is not an option; ${hint}`);
  return operand;
}

/** Help is on with any topic, and completion with any shell. */
function isOn(values: RawValues, name: OptionName): boolean {
  const text = values.get(name)?.at(-1)?.text;
  return text !== undefined && (parseFlag(text) ?? (name === "help" || name === "completion"));
}

/** What messages call a plain argument. */
export const OPERAND_ORIGIN = "PEM file";

const ACTIONS = ["help", "version", "completion", "default-config", "test"] as const;

const KNOWN = [...OPTIONS, ...OBSOLETE_OPTIONS];
const operandOption = OPTIONS.find((option) => option.operand)!;
const byShort = new Map(OPTIONS.flatMap((option) => option.short ? [[option.short, option]] : []));
const byLong = new Map(
  KNOWN.flatMap((option) =>
    [option.name, option.abbreviation ?? [], option.aliases ?? []].flat()
      .map((name): [string, Option<OptionName>] => [name, option])
  ),
);
