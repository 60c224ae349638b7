/** How faults of files are reported, under every runtime. */

import { StartupError } from "../../../src/errors.ts";
import { mayBeFile, namingFaults } from "../../../src/runtime/file_faults.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";

Deno.test("namingFaults() puts the path before the reason and keeps the cause", async () => {
  const named = namingFaults((error) => (error as Error).message.toLowerCase());
  assertEquals(await named("/a", () => Promise.resolve(7)), 7);
  const cause = new Error("GONE");
  const error = await assertRejects(
    () => named("/a", () => Promise.reject(cause)),
    StartupError,
    "/a: gone",
  );
  assertEquals(error.cause, cause);
});

Deno.test("mayBeFile() counts a broken link as a file, and a link to a directory not", async () => {
  assertEquals(await mayBeFile(() => Promise.reject(new Error("no such file"))), true);
  assertEquals(await mayBeFile(() => Promise.resolve(true)), true);
  assertEquals(await mayBeFile(() => Promise.resolve(false)), false);
});
