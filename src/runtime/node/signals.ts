/**
 * What becomes of signals under Node, from a program's first line on. Those with a meaning wait until somebody answers
 * them; those without one neither end stud nor have Node do anything. It is for programs of stud's own, as their first
 * act; a library leaves signals to its host. Node knows no names for real-time signals, and starts every program with
 * signals as they are by default.
 */

import { constants } from "node:os";
import process from "node:process";
import { HELD_SIGNALS, holdSignals } from "../held_signals.ts";

/**
 * Has this process hold the signals that an operator sends, and ignore those that would end it or open the inspector.
 * Signals that tell of a fault (SIGSEGV, SIGABRT …) stay.
 */
export function settleSignals(): void {
  holdSignals((name, handler) => void process.on(name, handler), HELD_SIGNALS);
  if (process.platform === "win32") return;
  // A listener for SIGUSR1 takes the place of Node's own, which opens the inspector on a port where anybody on this
  // machine may run code in the process.
  for (const name of STRAY_SIGNALS) if (name in constants.signals) process.on(name, () => {});
  if (!asksForInspector()) void closeInspector();
}

/** What has Node workers never listen to SIGUSR1, not even before their first line; none for an older Node. */
export function quietArguments(): string[] {
  return process.allowedNodeEnvironmentFlags.has(DISABLE) ? [DISABLE] : [];
}

/** Whoever started Node may want it. */
function asksForInspector(): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((text) =>
    /--inspect/.test(text)
  );
}

/** The signal may have come before the first line of ours. */
async function closeInspector(): Promise<void> {
  const { close, url } = await import("node:inspector");
  if (url() !== undefined) close();
}

const DISABLE = "--disable-sigusr1";

const STRAY_SIGNALS = [
  ...["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGSTKFLT", "SIGXCPU", "SIGXFSZ"],
  ...["SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR"],
] as const satisfies NodeJS.Signals[];
