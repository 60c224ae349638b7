/**
 * What becomes of signals under Deno, from a program's first line on. Those with a meaning wait until somebody answers
 * them; those without one neither end stud nor have the runtime do anything. It is for programs of stud's own, as
 * their first act; a library leaves signals to its host.
 */

import { HELD_SIGNALS, holdSignals } from "../held_signals.ts";
import { ignoreSignals, whileIgnored } from "../linux/signals.ts";

/**
 * Has this process hold the signals that an operator sends, and ignore, as do the workers that it starts, those that
 * would end it or open the inspector. SIGUSR2 is one of the latter until somebody listens to it. Signals that tell of a
 * fault (SIGSEGV, SIGABRT …) stay.
 */
export function settleSignals(): void {
  // Windows has neither TERM nor HUP; Ctrl-C is all there is.
  const held = Deno.build.os === "windows" ? ["SIGINT" as const] : HELD_SIGNALS;
  holdSignals((name, handler) => Deno.addSignalListener(name, handler), held);
  if (Deno.build.os === "windows") return;
  // Deno 2.9 opens V8's inspector for SIGUSR1, on a port where anybody on this machine may run code in the process.
  // It takes the signal once its event loop runs; but the first who listens takes it for all, once and for ever,
  // so that what is done with it afterwards counts.
  listen("SIGUSR1");
  if (Deno.build.os === "linux" && ignoredByKernel()) return;
  for (const name of STRAY_SIGNALS) listen(name);
}

/**
 * Starts a process that ignores SIGUSR2 until it listens, though this one listens to it: execve(2) resets what has a
 * handler. One that is sent to this process meanwhile is lost. `early`: so it is with SIGHUP, while this process has yet
 * to read what that one asks it to read again.
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
 * real-time signals but for 33, by which glibc changes the identity of threads.
 */
const STRAY_NUMBERS = [
  ...[10, SIGUSR2, 14, 16, 24, 25, 26, 27, 29, 30, 32],
  ...Array.from({ length: 31 }, (_, at) => 34 + at),
];

/** The same by name, as far as every system has them. */
const STRAY_SIGNALS = [
  ...["SIGUSR2", "SIGALRM", "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF"],
] as const satisfies Deno.Signal[];
