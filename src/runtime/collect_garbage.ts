/**
 * Garbage collection on request, for a process that was started without V8's --expose-gc, as a supervisor is. V8
 * shrinks its heap only for a request that says memory has run out; otherwise it keeps the peak.
 */

/** Collects all garbage, and shrinks V8's heap to what is in use. Does nothing where that cannot be requested. */
export async function collectGarbage(): Promise<void> {
  const gc = (globalThis as { gc?: Collect }).gc ?? await exposed();
  gc?.({ type: "major", execution: "sync", flavor: "last-resort" });
}

type Collect = (options: { type: string; execution: string; flavor: string }) => void;

/** Only contexts made after the flag was set have it. Deno 2.4 has no such flag. */
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
