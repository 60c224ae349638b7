/** How faults of files are reported, under every runtime. */

import { StartupError } from "../../../src/errors.ts";
import { filesOn, mayBeFile } from "../../../src/runtime/file_system.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

const GONE = new Error("GONE");

/** A runtime that has one directory. */
const files = filesOn({
  status: (path) =>
    path === "/"
      ? Promise.resolve({
        ...{ stamp: "1", mode: 0o755, size: 0 },
        ...{ isDirectory: true, isFile: false, isNamedPipe: false, isDevice: false },
      })
      : Promise.reject(GONE),
  read: (path) => path === "/a" ? Promise.resolve(new Uint8Array([97])) : Promise.reject(GONE),
  readNow: () => {
    throw GONE;
  },
  list: () => Promise.reject(GONE),
  replace: () => Promise.reject(GONE),
  reasonOf: (error) => (error as Error).message.toLowerCase(),
});

Deno.test("filesOn() puts the path before the reason and keeps the cause", async () => {
  assertEquals(await files.readText("/a"), "a");
  const attempts = [
    files.readText("/b"),
    files.readBytes("/b"),
    files.list("/b"),
    files.mode("/b"),
    files.replace("/b", new Uint8Array(), 0o600),
  ];
  for (const attempt of attempts) {
    const { cause } = await assertRejects(() => attempt, StartupError, "/b: gone");
    assertEquals(cause, GONE);
  }
});

Deno.test("filesOn() says of what cannot be seen that it is not there", async () => {
  assertEquals(await files.status("/b"), undefined);
  assertEquals(files.readNow!("/b", new Uint8Array(1)), undefined);
  assertEquals([await files.isDirectory("/"), await files.isDirectory("/b")], [true, false]);
  assertEquals([await files.stamp("/"), await files.stamp("/b")], ["1", undefined]);
});

Deno.test("mayBeFile() counts a broken link as a file, and a link to a directory not", async () => {
  assertEquals(await mayBeFile(() => Promise.reject(new Error("no such file"))), true);
  assertEquals(await mayBeFile(() => Promise.resolve(true)), true);
  assertEquals(await mayBeFile(() => Promise.resolve(false)), false);
});
