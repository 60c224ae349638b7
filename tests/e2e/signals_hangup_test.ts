/** HUP where there was a terminal: it ends stud. What it does elsewhere is in the files `reload_*`. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually, within } from "../support/eventually.ts";
import { commandLine, processesWith } from "../support/proc.ts";
import { studCommand } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

testWith(
  { tools: ["script"], linux: true },
  "HUP ends stud where its terminal is gone",
  async () => {
    const mark = crypto.randomUUID();
    const words = [...studCommand(), "--self-signed", "-f", "127.0.0.1,0"];
    const command = `exec env STUD_TEST_MARK=${mark} ${words.map((word) => `'${word}'`).join(" ")}`;
    const terminal = new Deno.Command("script", {
      args: ["--quiet", "--return", "--command", command, "/dev/null"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const lines = terminal.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let output = "";
    while (!/serves on/.test(output)) {
      const { value, done } = await within(15_000, "stud serves", lines.read());
      assert(!done, output);
      output += value;
    }
    const family = () => processesWith("STUD_TEST_MARK", mark);
    const supervisor = family().find((pid) => commandLine(pid).includes("--self-signed"));
    Deno.kill(supervisor!, "SIGHUP");
    await eventually("the end of stud and its workers", () => family().length === 0, 10_000);
    // To the last line: script(1) has a status of its own if nobody reads what it passes on.
    while (!(await within(15_000, "the end of the output", lines.read())).done);
    await terminal.stdin.close();
    assertEquals((await terminal.status).code, 0);
  },
);
