/**
 * The walk over descriptors, against what /proc tells of this very process.
 *
 * @alone Tests of other files would open and close some meanwhile.
 */

import { OpenDescriptors } from "../../../../src/runtime/linux/open_descriptors.ts";
import { assert, assertEquals } from "../../../support/assert.ts";

const linux = { ignore: Deno.build.os !== "linux" };

// Outside the tests, since the C library stays open for as long as the process lives.
const descriptors = new OpenDescriptors();
const marked = new OpenDescriptors();

Deno.test("OpenDescriptors finds what is open, in order, and nothing else", linux, () => {
  using one = Deno.openSync("/dev/null");
  using two = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  assert(one !== undefined && two !== undefined);
  const listed = [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => Number(name));
  // One of the listed was the directory's own.
  const open = listed.filter((each) => stays(each)).sort((a, b) => a - b);
  assertEquals([...descriptors], open);
});

Deno.test("OpenDescriptors finds a marked one wherever it is", linux, async () => {
  const dup = Deno.dlopen("libc.so.6", {
    fcntl: { parameters: ["i32", "i32", "i32"], result: "i32" },
    close: { parameters: ["i32"], result: "i32" },
  });
  const limit = Number(
    /^Max open files\s+(\d+)/m.exec(await Deno.readTextFile("/proc/self/limits"))?.[1] ?? 0,
  );
  const F_DUPFD_CLOEXEC = 1030;
  const high = dup.symbols.fcntl(0, F_DUPFD_CLOEXEC, Math.min(limit - 1, 60_000));
  marked.mark(high);
  try {
    assertEquals([...marked].at(-1), high);
  } finally {
    dup.symbols.close(high);
    dup.close();
  }
  assert(![...marked].includes(high));
});

function stays(descriptor: number): boolean {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`) !== undefined;
  } catch {
    return false;
  }
}
