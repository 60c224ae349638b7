/** Rewrites errors made for the command line for a program that called the library. */

import { StartupError, UsageError } from "../errors.ts";
import { OPTION_ROWS, PREFACES } from "./option_rows.ts";

/** The same error, with the library's names for options. */
export function inLibraryWords(error: unknown): unknown {
  if (!(error instanceof UsageError || error instanceof StartupError)) return error;
  const message = error.message.replace(OPTION, (written, name: string, value?: string) => {
    const own = NAMES.get(name);
    if (own === undefined) return written;
    return value === undefined ? own : `${own}: ${VALUES[value] ?? JSON.stringify(value)}`;
  });
  if (message === error.message) return error;
  const { cause } = error;
  const options = cause === undefined ? {} : { cause };
  return error instanceof UsageError
    ? new UsageError(message, options)
    : new StartupError(message, options);
}

/** `-b/--backend`, `--tls-library=openssl`, `--private-key FILE`. */
const OPTION =
  /(?<![-\w/.])(?:-[A-Za-z]\/)?--([a-z][a-z0-9-]*[a-z0-9])(?:=([A-Za-z0-9.-]+)| FILE\b| NAME\b)?/g;

const VALUES: Readonly<Record<string, string>> = { on: "true", off: "false" };

const NAMES = new Map<string, string>([
  ...Object.entries(OPTION_ROWS).flatMap(([name, { option }]): [string, string][] =>
    option === undefined ? [] : [[option, name]]
  ),
  ...Object.entries(PREFACES).flatMap(([kind, option]): [string, string][] =>
    option === undefined ? [] : [[option, `preface: ${JSON.stringify(kind)}`]]
  ),
]);
