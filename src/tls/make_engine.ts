/**
 * The engine that a configuration is for, on a runtime that has several. Only that one is loaded: a worker pays
 * for what it uses, at its start and in memory.
 */

import type { Runtime } from "../runtime/runtime.ts";
import type { TlsEngine } from "./engine.ts";
import type { TlsConfiguration } from "./tls_configuration.ts";

/**
 * Makes the engine. `ownProcess`: this process is stud's alone, so that settings which hold for all of it may be
 * made. Rejects with {@linkcode StartupError}: its library is missing.
 */
export async function makeEngine(
  runtime: Runtime,
  configuration: TlsConfiguration,
  { ownProcess = false } = {},
): Promise<TlsEngine> {
  const { backend } = configuration;
  if (backend !== undefined) {
    const { createOutgoingEngine } = await import("./outgoing_engine.ts");
    return await createOutgoingEngine(runtime, { ...configuration, backend }, ownProcess);
  }
  switch (configuration.library) {
    case "rustls": {
      const { createRustlsEngine } = await import("./rustls.ts");
      return createRustlsEngine(runtime, configuration);
    }
    case "openssl": {
      const { createOpenSslEngine } = await import("./openssl/engine.ts");
      return createOpenSslEngine(runtime, configuration);
    }
    case "node": {
      const { createNodeEngine } = await import("./node/engine.ts");
      return createNodeEngine(runtime, configuration);
    }
  }
}
