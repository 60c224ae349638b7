/** Rules for the values of all options, as shown in help, manual page and README. */

import { DURATION_FORMS } from "../config/duration.ts";
import { OPTIONS } from "../config/options.ts";

/** Sentences without markup. */
export function valueNotes(): string {
  const once = OPTIONS.filter((option) => option.once).map(({ name }) => `--${name}`);
  const names = `${once.slice(0, -1).join(", ")} and ${once.at(-1)}`;
  return "Flags also accept =on and =off. Keywords may be in upper or lower case. Times are in " +
    `seconds, or have a unit: ${DURATION_FORMS}. If an option is given more than once, the last ` +
    "value is used, except for options that may be repeated. " +
    `Giving ${names} twice is an error. In a configuration file, giving any key twice is an ` +
    "error, unless it may be repeated.";
}

/** Rules for the names of options on the command line. */
export const ABBREVIATIONS =
  "Long options may be abbreviated as long as the option is unambiguous.";
