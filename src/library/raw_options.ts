/** Converts checked options into raw values of the command line, so that defaults, ranges and errors are the same. */

import type { OptionName } from "../config/options.ts";
import type { RawValue } from "../config/raw_values.ts";
import { LIMITS, OPTION_ROWS, PREFACES } from "./option_rows.ts";
import type { LimitedFrontend, TerminateOptions } from "./terminate_options.ts";

/** PEM in memory is represented as a file named `pem`. */
export function rawOptions(options: TerminateOptions): Map<OptionName, RawValue[]> {
  const { frontend, pem, selfSigned, preface = "none" } = options;
  const values = new Map<OptionName, RawValue[]>();
  for (const [name, { option, separator }] of Object.entries(OPTION_ROWS)) {
    const value = options[name as keyof TerminateOptions];
    if (value === undefined || option === undefined) continue;
    const all = [value].flat();
    const texts = separator === undefined ? all.map(String) : [all.join(separator)];
    values.set(option, texts.map((text) => ({ text, origin: name })));
  }
  if (frontend !== undefined) values.set("frontend", [frontend].flat().map(rawFrontend));
  if (pem !== undefined) values.set("pem-file", [{ text: "pem", origin: "pem" }]);
  if (selfSigned === false) values.delete("self-signed");
  if (selfSigned === true) {
    values.set("self-signed", [{ text: "localhost", origin: "selfSigned" }]);
  }
  const flag = PREFACES[preface];
  if (flag !== undefined) values.set(flag, [{ text: "on", origin: "preface" }]);
  return values;
}

function rawFrontend(one: string | LimitedFrontend): RawValue {
  const origin = "frontend";
  if (typeof one === "string") return { text: one, origin };
  const limits = LIMITS.flatMap(([name, key]): [OptionName, RawValue[]][] =>
    one[key] === undefined ? [] : [[
      name,
      [{ text: String(one[key]), origin: `${origin}: ${key}` }],
    ]]
  );
  return { text: one.address, origin, frontend: new Map(limits) };
}
