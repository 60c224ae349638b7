/** Waiting for events with a deadline, so that a test that hangs says for what it waited. */

/** Rejects with `what` if the promise has not settled after `limit` milliseconds. */
export async function within<T>(
  limit: number,
  what: string,
  promise: T | Promise<T>,
): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not within ${limit} ms: ${what}`)), limit);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Waits until the condition holds; rejects with `what` (and why not) after `limit` milliseconds. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  limit = 15_000,
  state: () => unknown = () => "",
): Promise<void> {
  const deadline = Date.now() + limit;
  while (!await condition()) {
    if (Date.now() > deadline) throw new Error(`not within ${limit} ms: ${what} ${state()}`);
    await pause(LOOK_PERIOD);
  }
}

/** Lets time pass: only for a pace that is part of what is tested, never to wait for an event. */
export function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

const LOOK_PERIOD = 20;
