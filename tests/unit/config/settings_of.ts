/** From arguments, and perhaps a configuration file, to settings or the message of the refusal. */

import { toCommand } from "../../../src/config/command.ts";
import { parseCommandLine } from "../../../src/config/command_line.ts";
import type { Settings, TlsLibrary, TlsLibraryName } from "../../../src/config/settings.ts";
import { UsageError } from "../../../src/errors.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";

/** The TLS engines under Deno on Linux. */
export const ON_DENO: readonly TlsLibraryName[] = ["openssl", "rustls"];

/** The TLS engines under Deno elsewhere. */
export const ON_MACOS: readonly TlsLibraryName[] = ["rustls", "openssl"];

/** The TLS engine of the npm package under Node. */
export const ON_NODE: readonly TlsLibraryName[] = ["node"];

/** What is chosen on Linux where nothing is asked for. */
export const OPENSSL_OR_RUSTLS: TlsLibrary = {
  name: "openssl",
  orElse: "rustls",
  because: undefined,
};

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

/** Other values in some groups, and other settings that are in none. */
export type SettingsChange = {
  readonly [Name in keyof Settings]?: Name extends "tlsLibrary" ? TlsLibrary
    : Settings[Name] extends readonly unknown[] | string | boolean ? Settings[Name]
    : Partial<Settings[Name]>;
};

/** Settings with a change: what a group does not say is as it was. */
export function settingsWith(settings: Settings, change: SettingsChange): Settings {
  const changed = Object.entries(change).map(([name, value]) => {
    const former: unknown = settings[name as keyof Settings];
    const isGroup = typeof former === "object" && !Array.isArray(former) && name !== "tlsLibrary";
    return [name, isGroup ? { ...former, ...value as object } : value];
  });
  return { ...settings, ...Object.fromEntries(changed) };
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
