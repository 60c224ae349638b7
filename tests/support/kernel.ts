/**
 * Linux system calls for tests, by the same means as stud's own. The library is loaded with this module: one
 * loaded by a test would count as leaked by it.
 */

import { openLinuxKernel } from "../../src/runtime/linux/kernel.ts";
import { type SocketDescriptors, socketDescriptors } from "../../src/runtime/linux/descriptors.ts";
import type { Kernel } from "../../src/runtime/runtime.ts";

const opened = openLinuxKernel();
const ours = socketDescriptors();

/** For tests that need Linux. */
export function kernel(): Kernel {
  if (opened === undefined) throw new Error("this needs Linux and foreign functions");
  return opened;
}

/** The same for the sockets of this process. */
export function descriptors(): SocketDescriptors {
  if (ours === undefined) throw new Error("this needs Linux and foreign functions");
  return ours;
}
