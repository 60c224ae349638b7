/** The engine that a configuration is for, on a runtime that has both. */

import type { Runtime } from "../runtime/runtime.ts";
import type { TlsEngine } from "./engine.ts";
import { createNodeEngine } from "./node/engine.ts";
import { createOpenSslEngine } from "./openssl/engine.ts";
import { createOutgoingEngine } from "./outgoing_engine.ts";
import { createRustlsEngine } from "./rustls.ts";
import type { TlsConfiguration } from "./tls_configuration.ts";

/**
 * Makes the engine. `ownProcess`: this process is stud's alone, so that settings which hold for all of it may be
 * made. Throws {@linkcode StartupError}: its library is missing.
 */
export function makeEngine(
  runtime: Runtime,
  configuration: TlsConfiguration,
  { ownProcess = false } = {},
): TlsEngine {
  const { backend } = configuration;
  if (backend !== undefined) {
    return createOutgoingEngine(runtime, { ...configuration, backend }, ownProcess);
  }
  switch (configuration.library) {
    case "rustls":
      return createRustlsEngine(runtime, configuration);
    case "openssl":
      return createOpenSslEngine(runtime, configuration);
    case "node":
      return createNodeEngine(runtime, configuration);
  }
}
