/** What Linux tells a program under Node, and what it refuses. */

import process from "node:process";
import test from "node:test";
import { StartupError } from "../../src/errors.ts";
import { openNodeKernel } from "../../src/runtime/node/kernel.ts";
import { MAX_WAITING } from "../../src/runtime/node/network.ts";
import { assertEquals, assertThrows } from "../support/assert.ts";

const kernel = openNodeKernel();

test("raiseDescriptorLimit() leaves room for clients that wait", () => {
  const { soft } = (process.report.getReport() as unknown as {
    userLimits: { open_files: { soft: number } };
  }).userLimits.open_files;
  assertEquals(kernel.raiseDescriptorLimit(), soft - MAX_WAITING);
});

test("what Node cannot do is refused, and the option is named", () => {
  const nobody = { chroot: undefined, uid: undefined, gid: undefined };
  kernel.dropPrivileges(nobody);
  assertThrows(
    () => kernel.dropPrivileges({ ...nobody, chroot: "/" }),
    StartupError,
    "--chroot",
  );
  assertThrows(
    () => kernel.steer({ host: "127.0.0.1", port: 1 }, { first: 0, count: 2, byClient: true }),
    StartupError,
    "stud's executable",
  );
});
