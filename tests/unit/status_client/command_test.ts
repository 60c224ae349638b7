/** The arguments of `stud status` and `stud top`. */

import { STATUS_COMMANDS, STATUS_OPTIONS } from "../../../src/config/status_commands.ts";
import { runStatusCommand } from "../../../src/status_client/command.ts";
import { assert, assertEquals, assertStringIncludes } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

/** What `stud ARGV` prints, and its exit code. */
async function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const printed = { stdout: "", stderr: "" };
  const code = await runStatusCommand(argv, new FakeRuntime(), {
    stop: new Promise(() => {}),
    write: (stream, text) => Promise.resolve(void (printed[stream] += text)),
  });
  return { code, ...printed };
}

Deno.test("help fits a terminal of 80 columns and has every option", async () => {
  for (const command of STATUS_COMMANDS) {
    for (const help of ["-h", "--help"]) {
      const { code, stdout } = await run(command, help);
      assertEquals(code, 0);
      for (const line of stdout.split("\n")) assert(line.length <= 80, line);
      for (const { name } of STATUS_OPTIONS.filter(({ name }) => name !== "help")) {
        assertStringIncludes(stdout, `--${name}`);
      }
    }
  }
});

Deno.test("an option of the other command, or of neither, is refused", async () => {
  const refused = [["top", "--json"], ["status", "--daemon"], ["status", "-undefined"]] as const;
  for (const [command, option] of refused) {
    assertEquals(await run(command, option), {
      code: 1,
      stdout: "",
      stderr: `stud: ${command}: unknown option "${option}"; see stud ${command} --help\n`,
    });
  }
});
