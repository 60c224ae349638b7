/**
 * `stud status` and `stud top`: what a running stud says about itself, for people and monitoring plugins. The status
 * comes from its `--status` address; nothing here touches the running stud otherwise.
 */

import { STATUS_OPTIONS, type StatusCommand } from "../config/status_commands.ts";
import { UsageError } from "../errors.ts";
import type { Endpoint, Runtime } from "../runtime/runtime.ts";
import { VERSION } from "../version.ts";
import { printable, quote } from "../wire/escape.ts";
import { fetchStatus } from "./fetch_status.ts";
import { healthOf } from "./health.ts";
import { findTarget } from "./target.ts";
import { describeStatus } from "./summary.ts";

/** Exit codes as monitoring plugins define them (monitoring-plugins.org, Development Guidelines). */
const UNKNOWN = 3;

/**
 * Runs the command and returns its exit code: for `status` 0 if all is well, 1 with warnings, 2 if something is broken,
 * 3 if stud cannot be asked; for `top` 0, or 3.
 */
export async function runStatusCommand(
  argv: readonly string[],
  runtime: Runtime,
  { stop, write }: StatusCommandOptions,
): Promise<number> {
  try {
    const request = parseArguments(argv);
    if (request === "help") {
      await write("stdout", HELP);
      return 0;
    }
    const { command, target: text, json } = request;
    const target = await findTarget(text, runtime);
    if (command === "top") {
      const { watchStatus } = await import("./top.ts");
      return await watchStatus(target, runtime, stop);
    }
    return await printStatus(target, json, runtime, write);
  } catch (error) {
    await write("stderr", `stud: ${printable((error as Error).message)}\n`);
    return error instanceof UsageError ? 1 : UNKNOWN;
  }
}

/** What the command gets from the program. */
export interface StatusCommandOptions {
  /** Resolves when a signal ends the program. */
  readonly stop: Promise<unknown>;
  /** Writes to a standard stream. Never rejects. */
  readonly write: (stream: "stdout" | "stderr", text: string) => Promise<void>;
}

async function printStatus(
  target: Endpoint,
  json: boolean,
  runtime: Runtime,
  write: StatusCommandOptions["write"],
): Promise<number> {
  const { status, text } = await fetchStatus(target, runtime);
  await write("stdout", json ? text : describeStatus(status));
  return healthOf(status).exitCode;
}

interface StatusRequest {
  readonly command: StatusCommand;
  readonly target: string | undefined;
  readonly json: boolean;
}

function parseArguments([name, ...args]: readonly string[]): StatusRequest | "help" {
  const command = name as StatusCommand;
  let json = false;
  const targets: string[] = [];
  for (const arg of args) {
    const option = STATUS_OPTIONS.find(({ name, short, of }) =>
      of.includes(command) && [`--${name}`, short && `-${short}`].includes(arg)
    );
    if (option?.name === "help") return "help";
    if (option?.name === "json") json = true;
    else if (arg.startsWith("-") && arg !== "-") {
      throw new UsageError(`${command}: unknown option ${quote(arg)}; see stud ${command} --help`);
    } else targets.push(arg);
  }
  if (targets.length > 1) {
    const all = targets.map(quote).join(", ");
    throw new UsageError(`${command}: ${all}: give one address, socket or pidfile`);
  }
  return { command, target: targets[0], json };
}

/** Lines of at most 80 columns. */
const HELP = `Usage: stud status [--json] [ADDRESS|SOCKET|PIDFILE]
       stud top [ADDRESS|SOCKET|PIDFILE]

stud ${VERSION}: shows what a running stud says about itself. That stud must have
been started with --status.

  ADDRESS   HOST:PORT or HOST,PORT of its --status
  SOCKET    the path of a unix socket, if --status is one
  PIDFILE   the file of its --pidfile, or its process id; the address is then
            read from its command line and configuration file

Without any of these: /run/stud/status.sock, or else 127.0.0.1:8404.

  --json    print the whole status as JSON (docs/status.schema.json)

The exit status of stud status is 0 if all is well, 1 with warnings, 2 if
something is broken, and 3 if stud does not answer, as for monitoring plugins.
stud top refreshes each second. Its keys: q to leave; b, a, i, c and f to sort
connections by bytes, age, idle time, client and frontend.
`;
