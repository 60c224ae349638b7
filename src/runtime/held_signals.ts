/**
 * Signals that come before anything of stud is there to answer them: a program's first act is to listen, and what has
 * come waits for whoever wants to know. Without that HUP, say, ends a process that is about to serve. It is the same
 * under Deno and Node; how a process listens is theirs.
 */

import type { SignalName } from "./runtime.ts";

/** By the signal; none of them is held in a program that is not stud's own. */
const held = new Map<SignalName, HeldSignal>();

interface HeldSignal {
  came: boolean;
  handler: (() => void) | undefined;
}

/** Listens to these signals from now on, once for all who want to know. */
export function holdSignals(
  listen: (name: SignalName, handler: () => void) => void,
  names: readonly SignalName[],
): void {
  for (const name of names) {
    if (held.has(name)) continue;
    const signal: HeldSignal = { came: false, handler: undefined };
    held.set(name, signal);
    listen(name, () => {
      if (signal.handler === undefined) signal.came = true;
      else signal.handler();
    });
  }
}

/**
 * Gives a signal that is held to its first handler, soon if it has come already. False if it is not held, or has a
 * handler: then the caller has to listen.
 */
export function takeHeldSignal(name: SignalName, handler: () => void): boolean {
  const signal = held.get(name);
  if (signal === undefined || signal.handler !== undefined) return false;
  signal.handler = handler;
  if (signal.came) queueMicrotask(handler);
  return true;
}

/** What ends a process, or has a meaning, and is answered by supervisors and workers alike. */
export const HELD_SIGNALS = [
  ...["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT"],
] as const satisfies SignalName[];
