/** The command in this process: what it prints if a file is at fault. */

import { runCommand } from "../../src/command.ts";
import { assertEquals } from "../support/assert.ts";
import { FakeRuntime } from "../support/fake_runtime.ts";

/** What `stud ARGV` prints on standard error, and its exit code. */
async function run(...argv: string[]): Promise<[code: number, line: string]> {
  const runtime = new FakeRuntime();
  const code = await runCommand(argv, runtime);
  return [code, runtime.processes.stderr];
}

Deno.test("an option whose file is missing is named, at the start and at -t", async () => {
  const cases = [
    [["--config=/a"], "--config /a: no such file"],
    [["--self-signed", "--ticket-secret=/a"], "--ticket-secret /a: no such file"],
    [["--pem-dir=/a"], "--pem-dir /a: no such directory"],
    [["/a"], "/a: no such file"],
    [["stauts"], "stauts: no such file; did you mean stud status?"],
  ] as const;
  for (const [argv, line] of cases) {
    for (const test of [[], ["-t"]]) {
      assertEquals(await run(...test, ...argv), [1, `stud: ${line}\n`]);
    }
  }
});
