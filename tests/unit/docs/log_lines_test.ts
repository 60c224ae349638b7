/** docs/log.md and the source say the same, and a line that is new, gone or of another level is found. */

import { allSaid, faultsOf, withTexts } from "../../../scripts/log_lines/log_page.ts";
import { saidIn } from "../../../scripts/log_lines/said.ts";
import { assert, assertEquals } from "../../support/assert.ts";

const root = new URL("../../../", import.meta.url);

Deno.test("docs/log.md explains every line of the log, and no other", async () => {
  const page = await Deno.readTextFile(new URL("docs/log.md", root));
  const said = await allSaid(new URL("src/", root));
  assert(said.length > 300);
  assertEquals(faultsOf(page, said), []);
  assertEquals(withTexts(page, said), page, "run: deno task docs");
});

/** Statements, and what is found in them: kind, level or error, text. */
const FOUND: Record<string, string[]> = {
  'log.info("backend is {address} now", { address });': ["line info backend is ADDRESS now"],
  'this.#log[failed ? "info" : "debug"]("it is done")': ["line info, debug it is done"],
  "this.#log[level](`left by ${client.name}`);": ["line any left by NAME"],
  'sink("error", `no room on ${disk}`);': ["line error no room on DISK"],
  'log.warning("{lost} lost", { lost: counted(lost, "log line") });': [
    "line warning N log lines lost",
  ],
  'const rest = counted(2, "more key"); log.error("{rest} expire", { rest });': [
    "line error N more keys expire",
  ],
  'log.error("{line}", { line });': [],
  'throw new StartupError(`${(error as Error).message}: give ` + "another file");': [
    "part StartupError MESSAGE: give another file",
  ],
  'new PeerError(party, "other", isOdd ? "out of step here" : "out of luck here");': [
    "part PeerError out of step here / out of luck here",
  ],
  "const start = `${path}: the key`; warn(`${start} is damaged`);": [
    "part  PATH: the key is damaged",
  ],
  "f(`a file of ${size / 1024} KiB${isOld ? ' and old' : ''}`);": [
    "part  a file of N KiB[ and old]",
  ],
  'f(reasons[name] ?? "for reasons unknown");': ["part  for reasons unknown"],
};

for (const [statement, found] of Object.entries(FOUND)) {
  Deno.test(`saidIn() reads ${statement}`, () => {
    const said = saidIn("example.ts", statement);
    assertEquals(
      said.map(({ kind, level, error, text }) => `${kind} ${level ?? error ?? ""} ${text}`),
      found,
    );
  });
}

const PAGE = "| level | line | what |\n| - | - | - |\n| info | `worker INDEX is here` | it is |\n";

Deno.test("faultsOf() names what has no row, what is gone, and what has another level", () => {
  const line = (level: string, text: string) => ({ kind: "line", level, text }) as const;
  assertEquals(faultsOf(PAGE, [line("info", "worker N is here")]), []);
  assertEquals(faultsOf(PAGE, [line("info", "worker N is here"), line("error", "it is late")]), [
    "no row explains the error line: it is late",
  ]);
  assertEquals(faultsOf(PAGE, [line("error", "worker N is here")]), [
    "the level is error, and the row says info: worker INDEX is here",
  ]);
  assertEquals(faultsOf(PAGE, []), ["the source says this no more: worker INDEX is here"]);
  const twice = PAGE + "| info | `worker N is here` | again |\n";
  assertEquals(faultsOf(twice, [line("info", "worker N is here")]), ["two rows: worker N is here"]);
});

const LIST = "<!-- start: x -->\n<!-- end -->\n<!-- texts: x -->\n<!-- end -->\n";

Deno.test("withTexts() lists what no row explains, and leaves a list as it is whose NAMEs alone differ", () => {
  const part = (text: string, error?: string) => ({ kind: "part", text, error }) as const;
  const page = withTexts(PAGE + LIST, [
    part("PATH is bad", "StartupError"),
    part("out of luck"),
    part("worker N is here"),
  ]);
  assert(page.includes("\n\n```text\nPATH is bad\n```\n\n<!-- end -->"), page);
  assert(page.includes("\n\n```text\nout of luck\n```\n\n<!-- end -->"), page);
  assertEquals(withTexts(page, [part("FILE is bad", "StartupError"), part("out of luck")]), page);
});
