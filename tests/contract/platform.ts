/**
 * What the contract of the TLS engines is tested with, on every platform that an engine runs on: the engines,
 * a TLS client that is none of them, and how tests are declared. The name `#contract-platform` is
 * deno_platform.ts under Deno and node_platform.ts under Node (scripts/test_node.ts).
 */

import type { Duplex, Runtime, SocketPair, TlsLibraryName } from "../../src/runtime/runtime.ts";
import type { TlsEngine } from "../../src/tls/engine.ts";
import type { TlsConfiguration } from "../../src/tls/tls_configuration.ts";

/** A platform's part in the contract's tests. */
export interface Platform {
  /** Add an engine there, and the contract is tested with it. */
  readonly engines: readonly EngineUnderTest[];
  /** Declares a test. It needs Linux. */
  test(name: string, run: () => Promise<void>): void;
  /** Connects to a port of 127.0.0.1, trusts that certificate alone, and completes the handshake. */
  connectTls(port: number, certificate: string): Promise<TlsClient>;
}

/** An engine under test. */
export interface EngineUnderTest {
  /** For the names of tests. */
  readonly name: string;
  readonly runtime: Runtime;
  /** What it can do is in its row. */
  readonly library: TlsLibraryName;
  make(configuration: TlsConfiguration): Promise<TlsEngine>;
}

/** A client. Its reads end with null only if the server has said so (close_notify), where that can be told. */
export interface TlsClient extends Duplex {
  readonly pair: SocketPair;
}
