/** The one line that stud ends with when it cannot start. */

import { assertEquals } from "./assert.ts";
import { runStud, type StudEnvironment } from "./stud.ts";

/**
 * Runs stud, which must refuse to start with status 1, nothing on stdout and one line on stderr; returns the
 * line without `stud: ` in front. What the log has stamped (a fault found by a worker) loses its stamp.
 */
export async function startError(
  args: string[],
  environment: StudEnvironment = {},
): Promise<string> {
  const { code, stdout, stderr } = await runStud(args, undefined, environment);
  const shown = `stud ${args.join(" ")}\n${stderr}`;
  assertEquals({ code, stdout }, { code: 1, stdout: "" }, shown);
  const lines = stderr.trimEnd().split("\n").filter((line) => !/ warning: /.test(line));
  assertEquals(lines.length, 1, shown);
  return lines[0]!.replace(/^(stud: |\S+Z error: )/, "");
}
