/**
 * Creates the engine for a configuration, on a runtime that has several, or the fallback if its library cannot be
 * opened.
 */

import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { TlsEngine } from "./engine.ts";
import { ENGINES } from "./engines.ts";
import type { TlsConfiguration } from "./tls_configuration.ts";

/**
 * Creates the engine. `ownProcess`: this process belongs to stud alone, so process-wide settings may be changed.
 * Rejects with {@linkcode StartupError} if its library is missing, or if the fallback refuses the configuration.
 */
export async function makeEngine(
  runtime: Runtime,
  configuration: TlsConfiguration,
  { ownProcess = false } = {},
): Promise<TlsEngine> {
  const { orElse, missing = orElse && whyMissing(runtime, configuration) } = configuration;
  if (orElse === undefined || missing === undefined) {
    return await engineFor(runtime, configuration, ownProcess);
  }
  const engine = await engineFor(runtime, { ...configuration, library: orElse }, ownProcess);
  // The fallback was not checked before, because the plan expected the other engine.
  await engine.check();
  return { ...engine, library: `${engine.library} (${NO_OPENSSL})`, missing };
}

/** Why the library cannot be opened. If it later refuses a certificate, the operator must correct that. */
function whyMissing(runtime: Runtime, { library }: TlsConfiguration): string | undefined {
  try {
    ENGINES[library].version(runtime);
    return undefined;
  } catch (error) {
    if (error instanceof StartupError) return error.message;
    throw error;
  }
}

async function engineFor(
  runtime: Runtime,
  configuration: TlsConfiguration,
  ownProcess: boolean,
): Promise<TlsEngine> {
  const { backend, library } = configuration;
  if (backend === undefined) return await ENGINES[library].engine(runtime, configuration);
  const { createOutgoingEngine } = await import("./outgoing_engine.ts");
  return await createOutgoingEngine(runtime, { ...configuration, backend }, ownProcess);
}

const NO_OPENSSL = "OpenSSL 3 cannot be used here";
