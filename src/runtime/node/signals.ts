/**
 * How signals are handled under Node, from a program's first line. Signals with a meaning are held until a handler
 * exists; others neither end stud nor trigger anything in Node. Only stud's own programs use this, as their first
 * action; a library leaves signals to its host. Node has no names for real-time signals, and starts every program with
 * the default signal actions.
 */

import { constants } from "node:os";
import process from "node:process";
import { HELD_SIGNALS, holdSignals } from "../held_signals.ts";

/**
 * Makes this process hold the signals that an operator sends, and ignore those that would end it or open the inspector.
 * Signals that report a fault (SIGSEGV, SIGABRT …) are unchanged.
 */
export function settleSignals(): void {
  holdSignals((name, handler) => void process.on(name, handler), HELD_SIGNALS);
  if (process.platform === "win32") return;
  // A listener for SIGUSR1 replaces Node's own, which opens the inspector on a port where anyone on this machine may
  // run code in the process.
  for (const name of STRAY_SIGNALS) if (name in constants.signals) process.on(name, () => {});
  if (!asksForInspector()) void closeInspector();
}

/** Arguments that keep Node workers from listening to SIGUSR1, even before their first line; none for an older Node. */
export function quietArguments(): string[] {
  return process.allowedNodeEnvironmentFlags.has(DISABLE) ? [DISABLE] : [];
}

/** Whether Node was started with a request for the inspector. */
function asksForInspector(): boolean {
  return [...process.execArgv, process.env.NODE_OPTIONS ?? ""].some((text) =>
    /--inspect/.test(text)
  );
}

/** The signal may have arrived before our first line. */
async function closeInspector(): Promise<void> {
  const { close, url } = await import("node:inspector");
  if (url() !== undefined) close();
}

const DISABLE = "--disable-sigusr1";

const STRAY_SIGNALS = [
  ...["SIGUSR1", "SIGUSR2", "SIGALRM", "SIGSTKFLT", "SIGXCPU", "SIGXFSZ"],
  ...["SIGVTALRM", "SIGPROF", "SIGIO", "SIGPWR"],
] as const satisfies NodeJS.Signals[];
