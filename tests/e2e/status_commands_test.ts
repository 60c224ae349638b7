/** `stud status` and `stud top`, which ask a running stud. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { Site } from "../support/site.ts";
import { runStud, Stud, studCommand } from "../support/stud.ts";
import { connectTls } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

Deno.test("stud status finds a stud by address, socket and pidfile, and ends by its health", async () => {
  await using site = await started();
  const { stud, pem, folder } = site;
  using _client = await connectTls(stud.port, pem);
  const socket = `${folder}/status.sock`;
  await eventually("the connection is counted", async () => {
    return /^connections +1 open, 1 accepted/m.test((await runStud(["status", socket])).stdout);
  });
  for (const target of [socket, `${folder}/stud.pid`, String(stud.pid)]) {
    const { code, stdout, stderr } = await runStud(["status", target]);
    const [, word] = /^STUD (\w+): .* \| active=1 accepted=1c/.exec(stdout) ?? [];
    assertEquals([CODES[word!], stderr], [code, ""], stdout);
    assert(stdout.includes(`127.0.0.1:${stud.port}`), stdout);
  }
  const { stdout } = await runStud(["status", "--json", socket]);
  const status = JSON.parse(stdout);
  assertEquals([status.schema, status.totals.active, status.ready], [1, 1, true]);
});

Deno.test("stud status ends with 3 if no stud answers, and with 1 if it was asked wrongly", async () => {
  const cases: [string[], number, string][] = [
    [["status", `127.0.0.1:${freePort()}`], 3, "connection refused; is stud running there"],
    [["status", "/no/such.sock"], 3, "no such socket or pidfile"],
    [["status", "--frobnicate"], 1, "unknown option"],
    [["top", "--json"], 1, "unknown option"],
    [["status", "a:1", "b:2"], 1, "give one address, socket or pidfile"],
  ];
  for (const [args, code, text] of cases) {
    const result = await runStud(args);
    assertEquals([result.code, result.stdout], [code, ""], args.join(" "));
    assert(result.stderr.startsWith("stud: ") && result.stderr.includes(text), result.stderr);
    assertEquals(result.stderr.trim().split("\n").length, 1);
  }
});

Deno.test("stud top prints plain text without a terminal, and moves", async () => {
  await using site = await started();
  const { stud, pem, folder } = site;
  await using top = Stud.spawn(["top", `${folder}/status.sock`]);
  await top.output(/0 open connections by bytes/);
  using _client = await connectTls(stud.port, pem);
  await top.output(/1 open connections by bytes/);
  await top.output(/TLSv1\.3 +127\.0\.0\.1:\d+ +- +127\.0\.0\.1/);
  assert(!top.stdout.includes("\x1b"), top.stdout);
  top.signal("SIGINT");
  assertEquals((await top.ended()).code, 0);
});

testWith(
  { tools: ["script"] },
  "stud top in a terminal is left by q, which then is as it was",
  async () => {
    await using site = await started();
    const command = [...studCommand(), "top", `${site.folder}/status.sock`].join(" ");
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

/** A stud with a pidfile that serves its status on a unix socket. */
async function started() {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  const files = ["--status", `${folder}/status.sock`, "-p", `${folder}/stud.pid`];
  const site = await Site.startEcho(files);
  return {
    ...{ stud: site.stud, pem: site.pem, folder },
    async [Symbol.asyncDispose]() {
      await site[Symbol.asyncDispose]();
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const CODES: Readonly<Record<string, number>> = { OK: 0, WARNING: 1, CRITICAL: 2 };
