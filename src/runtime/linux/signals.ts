/**
 * Sets what the kernel does with signals of this process, by system call (sigaction(2)). An ignored signal stays
 * ignored in a program that this process starts (execve(2)). glibc's functions cannot be used: it keeps two signals for
 * itself.
 */

const SYMBOLS = {
  syscall: { parameters: ["i64", "i64", "buffer", "buffer", "u64"], result: "i64" },
} as const;

let libc: Deno.DynamicLibrary<typeof SYMBOLS>["symbols"] | undefined;

/** Makes the kernel discard these signals from now on. Throws where foreign functions are not allowed. */
export function ignoreSignals(signals: readonly number[]): void {
  for (const signal of signals) setAction(signal, IGNORED);
}

/** Runs synchronous work while the kernel discards a signal. Throws what the work throws. */
export function whileIgnored<Result>(signal: number, work: () => Result): Result {
  const former = setAction(signal, IGNORED);
  try {
    return work();
  } finally {
    setAction(signal, former);
  }
}

/** Returns the previous action. */
function setAction(signal: number, action: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  libc ??= Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  const former = new Uint8Array(SIGACTION_BYTES);
  libc.syscall(RT_SIGACTION, BigInt(signal), action, former, SIGSET_BYTES);
  return former;
}

// Values of the Linux ABI on x86-64 and arm64.
const RT_SIGACTION = Deno.build.arch === "aarch64" ? 134n : 13n;
/** The kernel's struct sigaction: handler, flags, restorer and mask, 8 bytes each. */
const SIGACTION_BYTES = 32;
const SIGSET_BYTES = 8n;
/** SIG_IGN is 1. */
const IGNORED = Uint8Array.of(1, ...new Uint8Array(SIGACTION_BYTES - 1));
