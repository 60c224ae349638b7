/**
 * Every file of the corpus, as `stud -t` finds it, on every engine of this runtime: the command itself, but in the test's
 * own process, so that hundreds of files take seconds. The real program has some of them in tests/e2e.
 */

import { runCommand } from "../../src/command.ts";
import { createRuntime } from "../../src/runtime/deno/runtime.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { mapBounded } from "../../src/plan/map_bounded.ts";
import { assertEquals } from "../support/assert.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";
import { type MadeRow, madeRows } from "./made_rows.ts";
import { makeAuthorities } from "./making.ts";
import { type ByEngine, innocentLines, isLine, type Outcome, outcomeFor } from "./row.ts";
import { CORPUS } from "./table.ts";

const runtime = createRuntime({ workerArguments: [] });
const authorities = await makeAuthorities();

for (const { title, rows, engines } of CORPUS) {
  const needs = { tools: ["openssl", "mkfifo"], linux: true, keepsResources: true };
  testWith(needs, `corpus: ${title}`, async () => {
    using folder = new Folder();
    const made = await madeRows(rows, authorities, folder.path);
    const faults = await mapBounded(made, 2, async (one) => {
      const found = [];
      for (const engine of engines) found.push(await fault(one, engine));
      return found.filter((line) => line !== undefined);
    });
    assertEquals(faults.flat().join("\n"), "");
  });
}

Deno.test("no two rows of the corpus have the same name", () => {
  const names = CORPUS.flatMap(({ rows }) => rows.map(({ name }) => name));
  assertEquals(names.length, new Set(names).size);
});

/** How a row falls short on an engine; undefined: it does not. */
async function fault(made: MadeRow, engine: keyof ByEngine): Promise<string | undefined> {
  const outcome = outcomeFor(made.row, engine);
  const { code, lines } = await tested(engine, made.args);
  const expected = linesOf(outcome);
  const isRight = code === (outcome.kind === "served" ? 0 : 1) &&
    lines.length === expected.length &&
    lines.every((line, at) => isLine(line, expected[at]!, made.path)) &&
    (outcome.kind === "served" || !/ line \d/.test(lines[0]!) ||
      innocentLines(lines[0]!, await Deno.readTextFile(made.path)).length === 0);
  if (isRight) return undefined;
  const shown = lines.map((line) => line.replaceAll(made.path, "$file")).join("\n  ");
  return `${made.row.name}, ${engine}: status ${code}\n  ${shown}\ninstead of ${outcome.kind}\n  ${
    expected.join("\n  ")
  }`;
}

function linesOf(outcome: Outcome): string[] {
  if (outcome.kind === "refused") return [`stud: ${outcome.line}`];
  return outcome.warning === undefined ? [] : [`stud: warning: ${outcome.warning}`];
}

/** What `stud -t` prints, without what it says of any configuration. */
async function tested(
  engine: string,
  args: readonly string[],
): Promise<{ code: number; lines: string[] }> {
  let output = "";
  const processes: Runtime["processes"] = Object.create(runtime.processes, {
    write: {
      value: (_stream: string, bytes: Uint8Array) => {
        output += new TextDecoder().decode(bytes);
        return Promise.resolve();
      },
    },
    // The test's own memory stays to be seen.
    hideMemory: { value: undefined },
  });
  const argv = ["-t", `--tls-library=${engine}`, ...args];
  const code = await runCommand(argv, { ...runtime, processes });
  const lines = output.trimEnd().split("\n").filter((line) => !USUAL.test(line));
  return { code, lines };
}

const USUAL =
  /^stud: (the configuration is good|workers once they serve: .*|warning: workers run as root; .*)$/;
