/** Files that lines are appended to, as the platform has them. */

import { StartupError } from "../../../src/errors.ts";
import { openLog } from "../../../src/runtime/service_files.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { Folder } from "../../support/tls_site.ts";
import { runTool } from "../../support/tool_process.ts";
import { testWith } from "../../support/tools.ts";

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("openLog() appends to what is there, and makes what is not", async () => {
  using folder = new Folder();
  const path = folder.write("log", "before\n");
  const log = await openLog(path);
  await log.append(encode("after\n"));
  await log.close();
  assertEquals(Deno.readTextFileSync(path), "before\nafter\n");
  const made = await openLog(`${folder.path}/new`);
  await made.close();
  await made.close();
  assertEquals(Deno.statSync(`${folder.path}/new`).mode! & 0o137, 0);
});

Deno.test("isCurrent() returns whether the path still leads to the file", async () => {
  using folder = new Folder();
  const path = `${folder.path}/log`;
  const log = await openLog(path);
  assertEquals(await log.isCurrent(), true);
  Deno.renameSync(path, `${path}.1`);
  assertEquals(await log.isCurrent(), false);
  folder.write("log", "another\n");
  assertEquals(await log.isCurrent(), false);
  await log.append(encode("to the former\n"));
  await log.close();
  assertEquals(Deno.readTextFileSync(path), "another\n");
});

Deno.test("openLog() says what is wrong with a path", async () => {
  using folder = new Folder();
  const file = folder.write("file", "");
  const cases = [
    [`${folder.path}/none/log`, "no such directory"],
    [`${file}/log`, "no such directory"],
    [folder.path, "is a directory, not a file"],
  ] as const;
  for (const [path, reason] of cases) {
    const error = await assertRejects(() => openLog(path), StartupError);
    assertEquals(error.message, `${path}: ${reason}`);
  }
});

testWith({ linux: true, tools: ["mkfifo"] }, "openLog() does not wait for a reader", async () => {
  using folder = new Folder();
  const path = `${folder.path}/pipe`;
  await runTool("mkfifo", [path]);
  await assertRejects(() => openLog(path), StartupError, `${path}: is a named pipe, not a file`);
});
