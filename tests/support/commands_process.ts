/**
 * Several commands of stud in one process, for those that need other rights than the test's process, which a prefix such
 * as `setpriv` gives: as command_in_process.ts, in that process.
 */

import { runInProcess } from "./command_in_process.ts";
import { runStud, type StudResult } from "./stud.ts";

/** Runs commands that end before workers start, one after the other, under the prefix. */
export async function runTogether(
  commands: readonly (readonly string[])[],
  prefix: readonly string[],
): Promise<StudResult[]> {
  if (Deno.env.get("STUD_BIN")) {
    return await Promise.all(commands.map((args) => runStud([...args], undefined, { prefix })));
  }
  const [program, ...rest] = [...prefix, Deno.execPath(), "run", "-A", "--quiet", "--no-check"];
  const file = new URL(import.meta.url).pathname;
  const { stdout, stderr } = await new Deno.Command(program!, {
    args: [...rest, "--unstable-net", file, JSON.stringify(commands)],
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (text === "") throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(text);
}

if (import.meta.main) {
  const results: StudResult[] = [];
  const commands: string[][] = JSON.parse(Deno.args[0]!);
  for (const args of commands) results.push(await runInProcess(args));
  console.log(JSON.stringify(results));
}
