/** The kernel's table of TCP sockets, as far as supervisors in memory look at it. */

import type { FakeFiles } from "./fake_runtime.ts";

/** Has so many sockets listen on 192.0.2.1:8443, where the workers of tests are. */
export function setListeners(files: FakeFiles, count: number): void {
  const header = "  sl  local_address rem_address   st\n";
  const line = (index: number) => `  ${index}: 010200C0:20FB 00000000:0000 0A 00000000:00000000\n`;
  const lines = Array.from({ length: count }, (_, index) => line(index));
  files.texts.set("/proc/net/tcp", header + lines.join(""));
}

/** The paths that are read from now on; the test may empty the list. */
export function recordReads(files: FakeFiles): string[] {
  const read: string[] = [];
  const readText = files.readText.bind(files);
  files.readText = (path) => {
    read.push(path);
    return readText(path);
  };
  return read;
}
