/** The engine for TLS to the backend: it listens in clear, and its dialer does TLS with one of the libraries. */

import type { Runtime } from "../runtime/runtime.ts";
import type { TlsEngine } from "./engine.ts";
import { ENGINES } from "./engines.ts";
import { isPlain, listenPlain } from "./plain.ts";
import type { OutgoingConfiguration } from "./tls_configuration.ts";

/**
 * Creates the engine. For `ownProcess` see `makeEngine`. Rejects with {@linkcode StartupError} if its library is
 * missing.
 */
export async function createOutgoingEngine(
  runtime: Runtime,
  configuration: OutgoingConfiguration,
  ownProcess: boolean,
): Promise<TlsEngine> {
  const { dialer: create, platformSockets } = ENGINES[configuration.library];
  const dialer = await create(runtime, configuration, ownProcess);
  return {
    name: configuration.library,
    library: dialer.library,
    oneRecordPerRead: false,
    dialer,
    check: () => dialer.prepare(),
    prepare: () => dialer.prepare(),
    async listen(options) {
      await dialer.prepare();
      return await listenPlain(runtime, options, platformSockets);
    },
    async adopt(listener) {
      if (!isPlain(listener)) return undefined;
      await dialer.prepare();
      return () => {};
    },
    discard() {},
  };
}
