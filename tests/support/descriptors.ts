/** What a process holds, as /proc tells it: sockets and memory. Linux only. */

import { eventually } from "./eventually.ts";

/** How many sockets a process has open. */
export function openSockets(pid: number): number {
  let sockets = 0;
  for (const { name } of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      if (Deno.readLinkSync(`/proc/${pid}/fd/${name}`).startsWith("socket:")) sockets++;
    } catch {
      // Closed in between.
    }
  }
  return sockets;
}

/** Waits until a process has as many sockets open as it had before. */
export function socketsBackTo(baseline: number, pid: number, limit = 15_000): Promise<void> {
  const now = () => `(now ${openSockets(pid)})`;
  const back = () => openSockets(pid) <= baseline;
  return eventually(`${baseline} sockets in process ${pid}`, back, limit, now);
}

/** Resident memory of a process, in MiB. */
export function residentMemory(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024;
}
