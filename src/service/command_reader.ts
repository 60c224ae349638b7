/** Reads the command line and the configuration file it names, as often as needed. */

import { givenValues, toCommand } from "../config/command.ts";
import { parseCommandLine } from "../config/command_line.ts";
import type { ConfigText } from "../config/config_file.ts";
import { namingOption } from "../config/file_option.ts";
import type { RawValues } from "../config/raw_values.ts";
import type { Command, Settings } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** Reads what stud is to do. */
export class CommandReader {
  readonly #argv: readonly string[];
  readonly #runtime: Runtime;
  #standardInput: string | undefined;
  #tests = false;
  /** What the operator wrote, when it was last right. */
  #given: () => RawValues = () => new Map();

  /** `standardInput` is what another process has read from it, for this one. */
  constructor(argv: readonly string[], runtime: Runtime, standardInput?: string) {
    this.#argv = argv;
    this.#runtime = runtime;
    this.#standardInput = standardInput;
  }

  /** What was read from standard input, if anything was. */
  get standardInput(): string | undefined {
    return this.#standardInput;
  }

  /** Whether the last command read, or the one being read, only checks the configuration. */
  get tests(): boolean {
    return this.#tests;
  }

  /** Throws {@linkcode UsageError}, or {@linkcode StartupError} for a file that cannot be read. */
  async read(): Promise<Command> {
    const parsed = parseCommandLine(this.#argv, this.#runtime.processes.programName);
    this.#tests = parsed.action === "test";
    const config = await this.#readConfig(parsed.configFile);
    const command = toCommand(parsed, this.#runtime.tlsLibraries, config);
    if ("settings" in command) this.#given = () => givenValues(parsed, config);
    return command;
  }

  /** The settings for a reload. Throws as {@linkcode read} does. */
  async readSettings(): Promise<{ readonly settings: Settings }> {
    const command = await this.read();
    if (!("settings" in command)) throw new TypeError(`${command.action} has no settings`);
    return command;
  }

  /** The same error, which now begins with the option whose file is at fault. */
  naming(error: unknown): unknown {
    return namingOption(error, this.#given());
  }

  async #readConfig(file: string | undefined): Promise<ConfigText | undefined> {
    if (file === undefined) return undefined;
    if (file !== "-") return { file, text: await this.#readText(file) };
    // It can be read only once.
    this.#standardInput ??= await textUpTo(MAX_INPUT, this.#runtime.processes.stdin);
    return { file, text: this.#standardInput };
  }

  async #readText(file: string): Promise<string> {
    try {
      return await this.#runtime.files.readText(file);
    } catch (error) {
      if (!(error instanceof StartupError)) throw error;
      throw new StartupError(`--config ${error.message}`, { cause: error });
    }
  }
}

/** Rejects input without an end as soon as it passes the limit. */
async function textUpTo(limit: number, stream: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  for await (const bytes of stream) {
    length += bytes.length;
    if (length > limit) {
      throw new StartupError(
        "--config -: standard input is larger than 16 MiB, or endless; give a configuration",
      );
    }
    text += decoder.decode(bytes, { stream: true });
  }
  return text + decoder.decode();
}

/** Bytes. */
const MAX_INPUT = 16 << 20;
