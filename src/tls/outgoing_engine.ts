/** The engine for TLS to the backend: it listens in clear, and its dialer does TLS with one of the libraries. */

import type { Runtime } from "../runtime/runtime.ts";
import type { TlsDialer } from "./dialer.ts";
import type { TlsEngine } from "./engine.ts";
import { createNodeDialer } from "./node/dialer.ts";
import { createOpenSslDialer } from "./openssl/dialer.ts";
import { isPlain, listenPlain } from "./plain.ts";
import { createRustlsDialer } from "./rustls_dialer.ts";
import type { OutgoingConfiguration } from "./tls_configuration.ts";

/**
 * Makes the engine. `ownProcess` as for `makeEngine`. Throws {@linkcode StartupError}: its library is missing.
 */
export function createOutgoingEngine(
  runtime: Runtime,
  configuration: OutgoingConfiguration,
  ownProcess: boolean,
): TlsEngine {
  const dialer = createDialer(runtime, configuration, ownProcess);
  return {
    name: configuration.library,
    library: dialer.library,
    oneRecordPerRead: false,
    dialer,
    check: () => dialer.prepare(),
    async listen(options) {
      await dialer.prepare();
      return await listenPlain(runtime, options);
    },
    async adopt(listener) {
      if (!isPlain(listener)) return undefined;
      await dialer.prepare();
      return () => {};
    },
    discard() {},
  };
}

function createDialer(
  runtime: Runtime,
  configuration: OutgoingConfiguration,
  ownProcess: boolean,
): TlsDialer {
  switch (configuration.library) {
    case "rustls":
      return createRustlsDialer(runtime, configuration, ownProcess);
    case "openssl":
      return createOpenSslDialer(runtime, configuration);
    case "node":
      return createNodeDialer(runtime, configuration);
  }
}
