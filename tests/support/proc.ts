/** What Linux tells of other processes in proc(5): whether they live, who they are, what they listen on. */

import { eventually } from "./eventually.ts";

/** Whether the process exists and has not merely left a zombie. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** Waits until none of the processes lives. */
export async function gone(pids: readonly number[], limit?: number): Promise<void> {
  await eventually(`the end of processes ${pids.join(", ")}`, () => !pids.some(isAlive), limit);
}

/** A field of the status of every thread of a process, such as `Uid` or `Cpus_allowed_list`. */
export function threadFields(pid: number, field: string): string[] {
  const threads = [...Deno.readDirSync(`/proc/${pid}/task`)].map(({ name }) => name);
  return threads.flatMap((thread) => {
    const value = statusField(`/proc/${pid}/task/${thread}/status`, field);
    return value === undefined ? [] : [value];
  });
}

/** A field of the status of a process's main thread. */
export function mainThreadField(pid: number, field: string): string | undefined {
  return statusField(`/proc/${pid}/task/${pid}/status`, field);
}

/** How many sockets listen on a port. Workers that share one have a socket each. */
export function listenersOn(port: number): number {
  return sockets().filter((socket) => socket.listens && socket.localPort === port).length;
}

/** The TCP ports that a process listens on. */
export function listeningPorts(pid: number): number[] {
  const links = [...Deno.readDirSync(`/proc/${pid}/fd`)].map(({ name }) =>
    linkOf(`/proc/${pid}/fd/${name}`)
  );
  return sockets().filter(({ listens, inode }) => listens && links.includes(`socket:[${inode}]`))
    .map(({ localPort }) => localPort);
}

/** The user ids that the sockets listening on a port belong to, one for each socket. */
export function listenerOwners(port: number): number[] {
  return sockets().filter((socket) => socket.listens && socket.localPort === port)
    .map(({ uid }) => uid);
}

/** Which of the processes holds the other end of a connection. */
export function ownerOf(connection: Deno.Conn, pids: readonly number[]): number | undefined {
  return ownersOf([connection], pids)[0];
}

/** Which of the processes holds the other end of each connection; the kernel's tables are read once for all. */
export function ownersOf(
  connections: readonly Deno.Conn[],
  pids: readonly number[],
): (number | undefined)[] {
  const inodes = new Map(
    sockets().map(({ localPort, remotePort, inode }) => [`${localPort} ${remotePort}`, inode]),
  );
  const links = new Map(pids.map((pid) => [pid, new Set(descriptorLinks(pid))]));
  return connections.map(({ localAddr, remoteAddr }) => {
    const ends = [remoteAddr, localAddr].map((address) => (address as Deno.NetAddr).port);
    const inode = inodes.get(ends.join(" "));
    return pids.find((pid) => inode !== undefined && links.get(pid)!.has(`socket:[${inode}]`));
  });
}

/** The processes, zombies aside, that were started with a variable of this value in their environment. */
export function processesWith(variable: string, value: string): number[] {
  const wanted = `${variable}=${value}`;
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((pid) => {
    return pid > 0 && readOrEmpty(`/proc/${pid}/environ`).split("\0").includes(wanted) &&
      isAlive(pid);
  });
}

/** The words that a process was started with. */
export function commandLine(pid: number): string[] {
  return readOrEmpty(`/proc/${pid}/cmdline`).split("\0");
}

interface TcpSocket {
  readonly localPort: number;
  readonly remotePort: number;
  readonly listens: boolean;
  readonly uid: number;
  readonly inode: string;
}

function sockets(): TcpSocket[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((path) => {
    const [, ...lines] = readOrEmpty(path).trimEnd().split("\n");
    // There are thousands of closed ones after tests with many clients.
    return lines.filter((line) => !TIME_WAIT.test(line)).map((line) => {
      const [, local = "", remote = "", state, , , , uid, , inode = ""] = line.trim().split(/\s+/);
      return {
        localPort: portOf(local),
        remotePort: portOf(remote),
        listens: state === LISTEN,
        uid: Number(uid),
        inode,
      };
    });
  });
}

function portOf(address: string): number {
  return parseInt(address.slice(address.indexOf(":") + 1), 16);
}

function descriptorLinks(pid: number): string[] {
  try {
    return [...Deno.readDirSync(`/proc/${pid}/fd`)].flatMap(({ name }) => {
      return linkOf(`/proc/${pid}/fd/${name}`) ?? [];
    });
  } catch {
    return [];
  }
}

function linkOf(path: string): string | undefined {
  try {
    return Deno.readLinkSync(path);
  } catch {
    return undefined;
  }
}

function statusField(path: string, field: string): string | undefined {
  const match = new RegExp(`^${field}:[ \\t]*(.*)$`, "m").exec(readOrEmpty(path));
  return match?.[1]?.trim().replaceAll(/\s+/g, " ");
}

/** Processes and threads may end between the listing and the reading. */
function readOrEmpty(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}

/** TCP_LISTEN as proc_net_tcp shows it. */
const LISTEN = "0A";
/** A line with TCP_TIME_WAIT. */
const TIME_WAIT = /^ *\d+: \S+ \S+ 06 /;
