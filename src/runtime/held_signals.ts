/**
 * Holds signals that arrive before stud can handle them: a program's first action is to listen, and what arrives waits
 * for its handler. Otherwise SIGHUP, for example, would end a process that is about to serve. It is the same under Deno
 * and Node, which only listen in their own way.
 */

import type { SignalName } from "./runtime.ts";

/** By signal; empty in a program that is not stud's own. */
const held = new Map<SignalName, HeldSignal>();

interface HeldSignal {
  came: boolean;
  handler: (() => void) | undefined;
}

/** Listens to these signals from now on, once for all handlers. */
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
 * Passes a held signal to its first handler, soon if it has already arrived. False if it is not held or already has a
 * handler; then the caller must listen itself.
 */
export function takeHeldSignal(name: SignalName, handler: () => void): boolean {
  const signal = held.get(name);
  if (signal === undefined || signal.handler !== undefined) return false;
  signal.handler = handler;
  if (signal.came) queueMicrotask(handler);
  return true;
}

/** Signals that end a process or have a meaning, and that supervisors and workers handle alike. */
export const HELD_SIGNALS = [
  ...["SIGHUP", "SIGTERM", "SIGINT", "SIGQUIT"],
] as const satisfies SignalName[];
