/** The one line that stud ends with when it cannot start. */

import { assertEquals } from "./assert.ts";
import { runInProcess } from "./command_in_process.ts";
import { runTogether } from "./commands_process.ts";
import { runStud, type StudEnvironment, type StudResult } from "./stud.ts";

/**
 * Runs stud, which must refuse to start with status 1, nothing on stdout and one line on stderr; returns the
 * line without `stud: ` in front. What the log has stamped (a fault found by a worker) loses its stamp.
 */
export async function startError(
  args: string[],
  environment: StudEnvironment = {},
): Promise<string> {
  return lineOf(args, await runStud(args, undefined, environment));
}

/**
 * The same, of a start that is refused before there are workers, without a process of its own. One start of each kind
 * should be a {@linkcode startError}.
 */
export async function startErrorInProcess(args: readonly string[]): Promise<string> {
  return lineOf(args, await runInProcess(args));
}

/** The same, of several starts in one process under a prefix (commands_process.ts). */
export async function startErrorsTogether(
  starts: readonly (readonly string[])[],
  prefix: readonly string[],
): Promise<string[]> {
  const results = await runTogether(starts, prefix);
  return results.map((result, at) => lineOf(starts[at]!, result));
}

function lineOf(args: readonly string[], { code, stdout, stderr }: StudResult): string {
  const shown = `stud ${args.join(" ")}\n${stderr}`;
  assertEquals({ code, stdout }, { code: 1, stdout: "" }, shown);
  const lines = stderr.trimEnd().split("\n").filter((line) => !/ warning: /.test(line));
  assertEquals(lines.length, 1, shown);
  return lines[0]!.replace(/^(stud: |\S+Z error: )/, "");
}
