/**
 * Garbage collection on request, for a process that was not started with V8's --expose-gc: nobody passes flags to a
 * supervisor. V8 shrinks its heap only when it is asked as if memory had run out; otherwise it keeps the peak.
 */

/** Collects all there is, and has V8's heap shrink to what is in use. Where it cannot be asked for nothing happens. */
export async function collectGarbage(): Promise<void> {
  const gc = (globalThis as { gc?: Collect }).gc ?? await exposed();
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

type Collect = (options: { type: string; execution: string; flavor: string }) => void;

/** Only contexts that are made after the flag was set have it. Deno 2.4 has no such flag. */
async function exposed(): Promise<Collect | undefined> {
  try {
    const { setFlagsFromString } = await import("node:v8");
    const { runInNewContext } = await import("node:vm");
    setFlagsFromString("--expose-gc");
    return runInNewContext("gc");
  } catch {
    return undefined;
  }
}
