/**
 * How signals are handled under Deno, from a program's first line. Signals with a meaning are held until a handler
 * exists; others neither end stud nor trigger anything in the runtime. Only stud's own programs use this, as their
 * first action; a library leaves signals to its host.
 */

import { HELD_SIGNALS, holdSignals } from "../held_signals.ts";
import { ignoreSignals, whileIgnored } from "../linux/signals.ts";

/**
 * Makes this process hold the signals that an operator sends. This process and its workers ignore those that would end
 * it or open the inspector; that includes SIGUSR2 until it has a listener. Signals that report a fault (SIGSEGV,
 * SIGABRT …) are unchanged.
 */
export function settleSignals(): void {
  // Windows has neither SIGTERM nor SIGHUP, only Ctrl-C.
  const held = Deno.build.os === "windows" ? ["SIGINT" as const] : HELD_SIGNALS;
  holdSignals((name, handler) => Deno.addSignalListener(name, handler), held);
  if (Deno.build.os === "windows") return;
  // Deno 2.9 opens V8's inspector for SIGUSR1, on a port where anyone on this machine may run code in the process. It
  // handles the signal once its event loop runs. The first listener permanently takes the signal for the whole process,
  // so what is done with it afterwards has effect.
  listen("SIGUSR1");
  if (Deno.build.os === "linux" && ignoredByKernel()) return;
  for (const name of STRAY_SIGNALS) listen(name);
}

/**
 * Starts a process that ignores SIGUSR2 until it listens, although this process listens to it: execve(2) resets signals
 * that have a handler. A SIGUSR2 sent to this process meanwhile is lost. `early` does the same for SIGHUP, for a
 * process that has not yet read what SIGHUP asks it to reload.
 */
export function startingQuietly<Result>(start: () => Result, { early = false } = {}): Result {
  if (Deno.build.os !== "linux" || !ignores) return start();
  const quietly = () => whileIgnored(SIGUSR2, start);
  return early ? whileIgnored(SIGHUP, quietly) : quietly();
}

let ignores = false;

/** False where foreign functions are not allowed. */
function ignoredByKernel(): boolean {
  try {
    ignoreSignals(STRAY_NUMBERS);
    return ignores = true;
  } catch {
    return false;
  }
}

function listen(name: Deno.Signal): void {
  Deno.addSignalListener(name, () => {});
}

const SIGHUP = 1;
const SIGUSR2 = 12;

/**
 * SIGUSR1, SIGUSR2, SIGALRM, SIGSTKFLT, SIGXCPU, SIGXFSZ, SIGVTALRM, SIGPROF, SIGIO and SIGPWR of signal(7), and the
 * real-time signals except 33, with which glibc changes the identity of threads.
 */
const STRAY_NUMBERS = [
  ...[10, SIGUSR2, 14, 16, 24, 25, 26, 27, 29, 30, 32],
  ...Array.from({ length: 31 }, (_, at) => 34 + at),
];

/** The same by name, limited to those that every system has. */
const STRAY_SIGNALS = [
  ...["SIGUSR2", "SIGALRM", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF"],
] as const satisfies Deno.Signal[];
