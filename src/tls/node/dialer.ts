/** TLS to the backend on Node's own TLS. Each session is a new one. */

import type { Abandonment } from "../../abandonment.ts";
import { OpenSslError } from "../../runtime/openssl.ts";
import type { Endpoint, Network, Runtime, SocketPair } from "../../runtime/runtime.ts";
import type { ConnectedStream, StreamContext, StreamTls } from "../../runtime/stream_tls.ts";
import { handshakeFault, recordFaultAt, withNames } from "../backend_faults.ts";
import { type BackendConnection, endpointText, type TlsDialer } from "../dialer.ts";
import { backendContextOptions } from "../openssl/context_options.ts";
import { startupError } from "../openssl/startup_error.ts";
import type { OutgoingConfiguration } from "../tls_configuration.ts";
import { useEngine } from "./engine.ts";

/** Makes the dialer. Throws {@linkcode StartupError} if the runtime has no such library. */
export function createNodeDialer(
  runtime: Runtime,
  configuration: OutgoingConfiguration,
): TlsDialer {
  const library = runtime.openStreamTls();
  useEngine(library, configuration);
  const { network } = runtime;
  const { name } = configuration.backend;
  let context: StreamContext | undefined;
  const theContext = () => context ??= newContext(library, configuration);
  return {
    library: library.version,
    oneRecordPerRead: false,
    prepare: () => new Promise((resolve) => resolve(void theContext())),
    async dial(endpoint: Endpoint, abandonment: Abandonment): Promise<BackendConnection> {
      const stream = await network.dial(endpoint, abandonment);
      const { pair } = stream;
      const fault = recordFaultAt(endpointText(endpoint));
      const connected = library.connect(stream, theContext(), fault);
      return new NodeBackend(connected, pair, { network, name });
    },
  };
}

function newContext(library: StreamTls, configuration: OutgoingConfiguration): StreamContext {
  const { certificates, sslEngine: engine } = configuration;
  const options = backendContextOptions(library.version, configuration);
  try {
    return library.newContext({ ...options, ticketKeys: undefined, engine });
  } catch (error) {
    if (!(error instanceof OpenSslError)) throw error;
    throw startupError(
      ...[error, configuration, certificates] as const,
      (ciphers) => void library.newContext({ ...options, ticketKeys: undefined, engine, ciphers }),
    );
  }
}

interface BackendServices {
  readonly network: Pick<Network, "peerError">;
  readonly name: string | undefined;
}

class NodeBackend implements BackendConnection {
  readonly pair: SocketPair | undefined;
  readonly #stream: ConnectedStream;
  readonly #services: BackendServices;

  constructor(stream: ConnectedStream, pair: SocketPair | undefined, services: BackendServices) {
    this.#stream = stream;
    this.pair = pair;
    this.#services = services;
  }

  async handshake(): Promise<void> {
    try {
      await this.#stream.handshake();
    } catch (error) {
      const { network, name } = this.#services;
      throw handshakeFault(
        error instanceof OpenSslError
          ? withNames(error, name, this.#stream.shownCertificate)
          : network.peerError(error, "backend"),
      );
    }
  }

  lend(): Promise<Uint8Array | null> {
    return this.#stream.lend!();
  }

  read(into: Uint8Array): number | null | Promise<number | null> {
    return this.#stream.read(into);
  }

  write(octets: Uint8Array): number | Promise<number> {
    return this.#stream.write(octets);
  }

  closeWrite(): Promise<void> | void {
    return this.#stream.closeWrite();
  }

  reset(): void {
    this.#stream.reset();
  }

  unsent(): number {
    return this.#stream.unsent();
  }

  close(): void {
    this.#stream.close();
  }
}
