/** Looks up in /proc which of stud's workers owns a TCP connection. Linux only. */

/** The worker whose socket has the local port, as text with its process id. */
export function workerOf(supervisor: number, port: number): string {
  const socket = socketOf(port);
  const children = Deno.readTextFileSync(`/proc/${supervisor}/task/${supervisor}/children`);
  const workers = children.trim().split(" ");
  const owner = workers.findIndex((pid) => socket !== undefined && owns(pid, socket));
  return owner < 0 ? "unknown" : `worker ${owner + 1} (process ${workers[owner]})`;
}

/** `socket:[INODE]` of the socket with the local port, from /proc/net/tcp (proc(5)). */
function socketOf(port: number): string | undefined {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  for (const line of Deno.readTextFileSync("/proc/net/tcp").split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    // A closed connection that only waits for stray packets no longer has an inode.
    if (fields[1]?.endsWith(wanted) && fields[9] !== "0") return `socket:[${fields[9]}]`;
  }
  return undefined;
}

function owns(pid: string, socket: string): boolean {
  for (const entry of Deno.readDirSync(`/proc/${pid}/fd`)) {
    try {
      if (Deno.readLinkSync(`/proc/${pid}/fd/${entry.name}`) === socket) return true;
    } catch {
      // Closed in the meantime.
    }
  }
  return false;
}
