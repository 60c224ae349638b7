/**
 * What the program must do, from the command line and the text of the configuration file. It combines the two and reads
 * no file itself, so parsing has two steps, and the caller reads the file in between:
 *
 * ```ts
 * const parsed = parseCommandLine(argv);
 * const file = parsed.configFile;
 * const config = file === undefined ? undefined : { file, text: read(file) };
 * const command = toCommand(parsed, runtime.tlsLibraries, config);
 * ```
 */

import { UsageError } from "../errors.ts";
import type { ParsedCommandLine } from "./command_line.ts";
import type { ConfigText } from "./config_file.ts";
import { parseConfigFile } from "./config_file.ts";
import { hitchValues } from "./hitch_values.ts";
import { optionNamed } from "./options.ts";
import { parseSettings } from "./parse_settings.ts";
import { quote } from "../wire/escape.ts";
import type { RawValues } from "./raw_values.ts";
import { checkValues, lastValue } from "./raw_values.ts";
import type { Command, Compat, TlsLibraryName } from "./settings.ts";

/**
 * Determines the command.
 *
 * @param libraries the TLS engines of the platform
 * @param config the file that `parsed.configFile` names, if it names one; ignored otherwise
 * @throws UsageError for anything the operator has to correct
 * @throws TypeError if the file that `parsed.configFile` names was not passed
 */
export function toCommand(
  parsed: ParsedCommandLine,
  libraries: readonly TlsLibraryName[],
  config?: ConfigText,
): Command {
  const { action, compat, helpTopic } = parsed;
  if (action === "help") return { action, compat, topic: helpTopic };
  if (action === "completion") {
    const shell = lastValue("completion", parsed.values);
    return { action, compat, shell: shell as (Command & { action: "completion" })["shell"] };
  }
  if (action !== "run" && action !== "test") return { action, compat };
  return { action, settings: parseSettings(givenValues(parsed, config), libraries) };
}

/**
 * The values of the command line and the configuration file together, for a command that has settings. Throws as
 * {@linkcode toCommand} does.
 */
export function givenValues(
  { compat, configFile, values }: ParsedCommandLine,
  config?: ConfigText,
): RawValues {
  if (configFile !== undefined && config === undefined) {
    throw new TypeError(`the text of ${configFile} was not passed`);
  }
  const written = checkOnce(values, compat);
  const filed: RawValues = configFile === undefined ? new Map() : parseConfigFile(config!, compat);
  return compat === "hitch" ? hitchValues(written, filed) : studValues(written, filed);
}

/**
 * Some options look as if their values add up, but hitch uses only the last one; here with a warning. Only one
 * configuration file can be read, so two are an error with `--compat=hitch` too.
 */
function checkOnce(commandLine: RawValues, compat: Compat): RawValues {
  const checked = new Map(commandLine);
  for (const [name, raws] of commandLine) {
    const { once = false } = optionNamed(name);
    if (!once || raws.length === 1) continue;
    const last = raws.at(-1)!;
    if (compat !== "hitch" || name === "config") {
      const texts = raws.map(({ text }) => quote(text)).join(", ");
      throw new UsageError(`${last.origin}: given ${raws.length} times (${texts}); keep one`);
    }
    checked.set(name, [{ ...last, warning: "given twice; the last one is used" }]);
  }
  return checked;
}

/**
 * An option on the command line replaces all of its values in the file, also of repeatable options (frontend,
 * pem-file): otherwise the command line could never remove a frontend of the file.
 */
function studValues(commandLine: RawValues, configFile: RawValues): RawValues {
  checkValues(commandLine);
  checkValues(configFile);
  return new Map([...configFile, ...commandLine]);
}
