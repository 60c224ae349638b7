/**
 * The signals that have no meaning for stud, under Deno: they neither end it nor have the runtime do anything. It is
 * for programs of stud's own, as their first act; a library leaves them to its host.
 */

import { ignoreSignals, whileIgnored } from "./linux_signals.ts";

/**
 * Has this process, and the workers that it starts, ignore signals that would end them, or open the inspector.
 * SIGUSR2 is one of them until somebody listens to it. Signals that tell of a fault (SIGSEGV, SIGABRT …) stay.
 */
export function ignoreStraySignals(): void {
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
 * handler. One that is sent to this process meanwhile is lost.
 */
export function startingQuietly<Result>(start: () => Result): Result {
  if (Deno.build.os !== "linux" || !ignores) return start();
  return whileIgnored(SIGUSR2, start);
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
