/** From arguments, and perhaps a configuration file, to settings or the message of the refusal. */

import { toCommand } from "../../../src/config/command.ts";
import { parseCommandLine } from "../../../src/config/command_line.ts";
import type { Settings, TlsLibraryName } from "../../../src/config/settings.ts";
import { UsageError } from "../../../src/errors.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

/** The TLS engines under Deno. */
export const ON_DENO: readonly TlsLibraryName[] = ["rustls", "openssl"];

/** The TLS engine of the npm package under Node. */
export const ON_NODE: readonly TlsLibraryName[] = ["node"];

/** The settings that `stud ARGV` runs with; `configText` is what stud.conf holds, if there is one. */
export function settingsOf(
  argv: readonly string[],
  configText?: string,
  libraries = ON_DENO,
): Settings {
  const parsed = configText === undefined
    ? parseCommandLine(argv)
    : parseCommandLine(["--config=stud.conf", ...argv]);
  const config = configText === undefined ? undefined : { file: "stud.conf", text: configText };
  const command = toCommand(parsed, libraries, config);
  assert(command.action === "run");
  return command.settings;
}

/** The message of the UsageError that `stud ARGV` ends with: one line of visible characters. */
export function refusalOf(
  argv: readonly string[],
  configText?: string,
  libraries = ON_DENO,
): string {
  const { message } = assertThrows(() => settingsOf(argv, configText, libraries), UsageError);
  assertEquals(
    message.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u),
    null,
    "invisible character in message",
  );
  return message;
}
