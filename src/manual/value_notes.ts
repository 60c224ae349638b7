/** What holds for the values of every option, as help, manual page and README say it. */

import { DURATION_FORMS } from "../config/duration.ts";
import { OPTIONS } from "../config/options.ts";

/** Sentences without markup. */
export function valueNotes(): string {
  const once = OPTIONS.filter((option) => option.once).map(({ name }) => `--${name}`);
  const names = `${once.slice(0, -1).join(", ")} and ${once.at(-1)}`;
  return "Flags also take =on and =off. Words may be written in capitals or small letters. Times " +
    `are in seconds, or have a unit: ${DURATION_FORMS}. Of several values for one option the last ` +
    `one wins, except where an option may be repeated; ${names} are refused if they are given ` +
    "twice, and in a configuration file so is every key that cannot be repeated.";
}
