/** Finds the epoll instances of this process, including those that the runtime itself waits on. */

/** Returns their descriptors. It walks over all descriptors in /proc, so call it only at the start of a process. */
export function epollDescriptors(): number[] {
  return [...Deno.readDirSync("/proc/self/fd")].map(({ name }) => Number(name)).filter(isEpoll);
}

function isEpoll(descriptor: number): boolean {
  try {
    return Deno.readLinkSync(`/proc/self/fd/${descriptor}`) === "anon_inode:[eventpoll]";
  } catch {
    return false; // It was the directory's own descriptor.
  }
}
