/** Every TLS engine there is, on every runtime it runs on: each must pass the whole contract. */

import { createRuntime } from "../../src/runtime/deno.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import type { TlsEngine } from "../../src/tls/engine.ts";
import { createOpenSslEngine } from "../../src/tls/openssl/engine.ts";
import { createRustlsEngine } from "../../src/tls/rustls.ts";
import type { TlsConfiguration } from "../../src/tls/tls_configuration.ts";

/** An engine under test. */
export interface EngineUnderTest {
  /** For the names of tests. */
  readonly name: string;
  readonly runtime: Runtime;
  make(configuration: TlsConfiguration): TlsEngine;
}

const deno = createRuntime({ workerArguments: [] });
// Loads the C library and OpenSSL now: loaded by a test, they would count as leaked by it.
deno.kernel;
deno.openOpenSsl();

/** Add an engine here, and the contract is tested with it. */
export const ENGINES: readonly EngineUnderTest[] = [
  {
    name: "rustls on Deno",
    runtime: deno,
    make: (configuration) => createRustlsEngine(deno, configuration),
  },
  {
    name: "OpenSSL on Deno",
    runtime: deno,
    make: (configuration) => createOpenSslEngine(deno, configuration),
  },
];
