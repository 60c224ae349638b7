/** HUP: ends stud with its terminal, and where there is none does no harm. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually, within } from "../support/eventually.ts";
import { exchange } from "../support/ports.ts";
import { commandLine, processesWith } from "../support/proc.ts";
import { Site } from "../support/site.ts";
import { studCommand } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

testWith(
  { linux: true },
  "HUP without a terminal says that nothing is reloaded, and stud serves on",
  async () => {
    await using site = await Site.startEcho(["-n", "2"]);
    const workers = site.stud.workers();
    using client = await site.connect();
    await exchange(client);
    site.stud.signal("SIGHUP");
    await site.stud.output(/warning: SIGHUP: this release does not reload/);
    await exchange(client);
    await site.echoOnce();
    assertEquals(site.stud.workers(), workers);
  },
);

testWith({ linux: true }, "two hundred HUPs at once do no harm", async () => {
  await using site = await Site.startEcho();
  const workers = site.stud.workers();
  using client = await site.connect();
  for (let count = 0; count < 200; count++) site.stud.signal("SIGHUP");
  await site.stud.output(/warning: SIGHUP/);
  await exchange(client);
  await site.echoOnce();
  assertEquals(site.stud.workers(), workers);
  site.stud.signal("SIGTERM");
  client.close();
  assertEquals((await site.stud.ended()).code, 0);
});

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
