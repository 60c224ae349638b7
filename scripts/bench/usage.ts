/**
 * The resource usage of a tree of processes, from /proc: processor time and memory. Linux only. Does not know what the
 * processes are.
 */

/** All processes that descend from `root`, except itself. */
export function descendants(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of Deno.readDirSync("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid)) continue;
    const parent = stat(pid)?.parent;
    if (parent !== undefined) children.set(parent, [...children.get(parent) ?? [], pid]);
  }
  const found: number[] = [];
  for (const queue = [root]; queue.length > 0;) {
    const below = children.get(queue.shift()!) ?? [];
    found.push(...below);
    queue.push(...below);
  }
  return found;
}

/**
 * Seconds of processor time, user and system, that `root` and its descendants have used since they started, including
 * children that have exited. The kernel counts exactly but reports in clock ticks, 0.01 s.
 */
export function cpuSeconds(root: number): number {
  const ticks = [root, ...descendants(root)].reduce((sum, pid) => sum + (stat(pid)?.ticks ?? 0), 0);
  return ticks / TICKS_PER_SECOND;
}

/** Bytes of memory; a page shared by several processes is divided among them (proportional set size). */
export interface Memory {
  /** All memory. Its files, such as the executable, count less when other processes run the same file. */
  readonly all: number;
  /** Without files: heaps, stacks, and shared memory that is not a file. */
  readonly own: number;
}

/** The memory of `root` and its descendants together. */
export function memory(root: number): Memory {
  const total = { all: 0, own: 0 };
  for (const pid of [root, ...descendants(root)]) {
    const rollup = Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`);
    const bytes = (field: string) =>
      Number(new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(rollup)?.[1] ?? 0) * 1024;
    total.all += bytes("Pss");
    total.own += bytes("Pss_Anon") + bytes("Pss_Shmem");
  }
  return total;
}

/** proc_pid_stat(5); undefined if the process is gone. */
function stat(pid: number): { parent: number; ticks: number } | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(`/proc/${pid}/stat`);
  } catch {
    return undefined;
  }
  // The name in parentheses may contain anything. The fields after it are state, ppid, … and from the twelfth on utime,
  // stime, cutime, cstime.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0);
  return { parent: Number(fields[1]), ticks };
}

/** sysconf(_SC_CLK_TCK): 100 on every architecture that Deno runs on. */
const TICKS_PER_SECOND = 100;
