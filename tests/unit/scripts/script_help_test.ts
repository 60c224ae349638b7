/** `--help` of every task's script. */

import { asksForHelp, headComment } from "../../../scripts/script_help.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const root = new URL("../../../", import.meta.url);
const textOf = (path: string) => Deno.readTextFileSync(new URL(path, root));

Deno.test("every script of a task answers --help with the comment at its head", () => {
  const { tasks }: { tasks: Record<string, string> } = JSON.parse(textOf("deno.json"));
  const scripts = Object.values(tasks).flatMap((task) => /^deno run -A (\S+)/.exec(task)?.[1] ?? [])
    .filter((path) => path !== "mod.ts");
  assert(scripts.length > 6);
  for (const path of scripts) {
    const source = textOf(path);
    assert(/^\s*await helpIfAsked\(import\.meta\.url\);$/m.test(source), path);
    assert(/^[A-Z][^]* deno (task|run) /.test(headComment(source)), path);
  }
  assertEquals(headComment("/**\n * One.\n *\n *     deno task x\n */\n\n/** Two. */\n"), ONE);
});

const ONE = "One.\n\n    deno task x";

Deno.test("help is asked for by either name, anywhere", () => {
  assert(asksForHelp(["--quick", "--help"]) && asksForHelp(["-h"]));
  assert(!asksForHelp(["--only", "help"]));
});
