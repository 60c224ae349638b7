/** Finds the epoll instances of this process, among them those by which the runtime itself waits. */

/** Their descriptors. A walk over all descriptors by /proc: for the start of a process. */
export function epollDescriptors(): number[] {
  return [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => Number(name)).filter(isEpoll);
}

function isEpoll(descriptor: number): boolean {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`) === "anon_inode:[eventpoll]";
  } catch {
    return false; // It was the directory's own.
  }
}
