/** Finds the epoll instances by which the runtime itself waits, so that another loop can wait for them. */

/** Their descriptors, but for `own`. A walk over all descriptors: for the start of a process. */
export function runtimePolls(own: number): number[] {
  return [...Deno.readDirSync("/proc/self/fd")]
    .map(({ name }) => Number(name))
    .filter((descriptor) => descriptor !== own && isPoll(descriptor));
}

function isPoll(descriptor: number): boolean {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`) === "anon_inode:[eventpoll]";
  } catch {
    return false; // It was the directory's own.
  }
}
