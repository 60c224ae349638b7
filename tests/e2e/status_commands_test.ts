/** `stud status` and `stud top`, which ask a running stud. */

import { assert, assertEquals } from "../support/assert.ts";
import { runFromSource } from "../support/command_in_process.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { runStud, Stud, studCommand, TLS_LIBRARY } from "../support/stud.ts";

/** A stud with a pidfile that serves its status on a unix socket. */
const shared = new Shared(async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  const [socket, pidfile] = [`${folder}/status.sock`, `${folder}/stud.pid`];
  const site = await Site.startEcho(["--status", socket, "-p", pidfile]);
  return {
    ...{ site, socket, pidfile },
    forget: () => site.forget(),
    settle: () => site.settle(),
    [Symbol.asyncDispose]: async () => {
      await site[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
});

shared.test(
  {},
  "stud status finds a stud by address, socket and pidfile, and ends by its health",
  async ({ site, socket, pidfile }) => {
    const { stud } = site;
    const totals = async () => {
      const { stdout } = await runFromSource(["status", "--json", socket]);
      return JSON.parse(stdout).totals;
    };
    await eventually("clients of other tests are gone", async () => (await totals()).active === 0);
    const accepted = (await totals()).accepted + 1;
    using _client = await site.connect();
    const counted = new RegExp(`^connections +1 open, ${accepted} accepted`, "m");
    await eventually("the connection is counted", async () => {
      return counted.test((await runFromSource(["status", socket])).stdout);
    });
    const asked = [
      await runStud(["status", socket]),
      await readingItsCommandLine(["status", pidfile]),
      await readingItsCommandLine(["status", String(stud.pid)]),
    ];
    const line = new RegExp(`^STUD (\\w+): .* \\| active=1 accepted=${accepted}c`);
    for (const { code, stdout, stderr } of asked) {
      const [, word] = line.exec(stdout) ?? [];
      assertEquals([CODES[word!], stderr], [code, ""], stdout);
      assert(stdout.includes(`127.0.0.1:${stud.port}`), stdout);
    }
    const { stdout } = await runFromSource(["status", "--json", socket]);
    const status = JSON.parse(stdout);
    assertEquals([status.schema, status.totals.active, status.ready], [1, 1, true]);
  },
);

Deno.test("stud status ends with 3 if no stud answers, and with 1 if it was asked wrongly", async () => {
  const nobody = ["status", `127.0.0.1:${freePort()}`];
  const cases: [string[], number, string, typeof runFromSource][] = [
    [nobody, 3, "connection refused; is stud running there", (args) => runStud([...args])],
    [nobody, 3, "connection refused; is stud running there", runFromSource],
    [["status", "/no/such.sock"], 3, "no such socket or pidfile", runFromSource],
    [["status", "--frobnicate"], 1, "unknown option", runFromSource],
    [["top", "--json"], 1, "unknown option", runFromSource],
    [["status", "a:1", "b:2"], 1, "give one address, socket or pidfile", runFromSource],
  ];
  for (const [args, code, text, run] of cases) {
    const result = await run(args);
    assertEquals([result.code, result.stdout], [code, ""], args.join(" "));
    assert(result.stderr.startsWith("stud: ") && result.stderr.includes(text), result.stderr);
    assertEquals(result.stderr.trim().split("\n").length, 1);
  }
});

shared.test(
  {},
  "stud top prints plain text without a terminal, and moves",
  async ({ site, socket }) => {
    await using top = Stud.spawn(["top", socket]);
    await top.output(/0 open connections by bytes/);
    using _client = await site.connect();
    await top.output(/1 open connections by bytes/);
    await top.output(/TLSv1\.3 +127\.0\.0\.1:\d+ +- +127\.0\.0\.1/);
    assert(!top.stdout.includes("\x1b"), top.stdout);
    top.signal("SIGINT");
    assertEquals((await top.ended()).code, 0);
  },
);

shared.test(
  { tools: ["script"] },
  "stud top in a terminal is left by q, which then is as it was",
  async ({ socket }) => {
    const command = [...studCommand(), "top", socket].join(" ");
    const child = new Deno.Command("script", {
      args: ["-qefc", `stty rows 24 cols 80; ${command}; stty -a`, "/dev/null"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const writer = child.stdin.getWriter();
    let text = "";
    const keys = [["by bytes", "a"], ["by age", "q"]];
    for await (const bytes of child.stdout) {
      text += new TextDecoder().decode(bytes);
      const [shown, key] = keys[0] ?? ["never"];
      if (!text.includes(`open connections ${shown}`)) continue;
      keys.shift();
      await writer.write(new TextEncoder().encode(key));
    }
    await writer.close().catch(() => {});
    assertEquals((await child.status).code, 0);
    const [opened, left] = [text.indexOf("\x1b[?1049h"), text.indexOf("\x1b[?1049l")];
    assert(opened >= 0 && left > opened, text);
    // The terminal echoes again.
    assert(/[^-]echo\b/.test(text.slice(left)), text);
  },
);

/** The source's platform does not know the engine that is named there where Node is tested. */
const readingItsCommandLine: typeof runFromSource = TLS_LIBRARY === "node"
  ? (args) => runStud([...args])
  : runFromSource;

const CODES: Readonly<Record<string, number>> = { OK: 0, WARNING: 1, CRITICAL: 2 };
