/**
 * TLS to the backend by the host's OpenSSL: what rustls here cannot be asked for, and unix sockets. Each session
 * is a new one.
 */

import type { Abandonment } from "../../abandonment.ts";
import { OpenSslError, type SslContext } from "../../runtime/openssl.ts";
import type { Endpoint, Network, Runtime, SocketPair } from "../../runtime/runtime.ts";
import { handshakeFault, recordFaultAt, withNames } from "../backend_faults.ts";
import { type BackendConnection, endpointText, type TlsDialer } from "../dialer.ts";
import type { OutgoingConfiguration } from "../tls_configuration.ts";
import { backendContextOptions } from "./context_options.ts";
import { openLibrary, useEngine } from "./engine.ts";
import { ScratchBuffers } from "./scratch_buffers.ts";
import { OverSession } from "./over_session.ts";
import { SessionStream, type SessionStreamServices } from "./session_stream.ts";
import { startupError } from "./startup_error.ts";

/** Makes the dialer. Throws {@linkcode StartupError} if the runtime has no such library. */
export function createOpenSslDialer(
  runtime: Runtime,
  configuration: OutgoingConfiguration,
): TlsDialer {
  const library = openLibrary(runtime, configuration);
  useEngine(library, configuration);
  const { network, clock } = runtime;
  const { name } = configuration.backend;
  const services: BackendServices = { clock, network, name, buffers: new ScratchBuffers() };
  let context: SslContext | undefined;
  // Whatever a token or a file of the library's holds is read once, before privileges go.
  const theContext = () => {
    const options = backendContextOptions(library.version, configuration);
    try {
      return context ??= library.newContext(options);
    } catch (error) {
      if (!(error instanceof OpenSslError)) throw error;
      throw startupError(
        ...[error, configuration, configuration.certificates] as const,
        (ciphers) => library.newContext({ ...options, ciphers }).free(),
      );
    }
  };
  return {
    library: library.version,
    oneRecordPerRead: false,
    prepare: () => new Promise((resolve) => resolve(void theContext())),
    async dial(endpoint: Endpoint, abandonment: Abandonment): Promise<BackendConnection> {
      const stream = await network.dial(endpoint, abandonment);
      const recordFault = recordFaultAt(endpointText(endpoint));
      const secured = new SessionStream(stream, services, { party: "backend", recordFault });
      try {
        secured.begin(theContext().newSession());
        return new OpenSslBackend(secured, services);
      } catch (error) {
        secured.close();
        throw error;
      }
    },
  };
}

interface BackendServices extends SessionStreamServices {
  readonly network: Pick<Network, "peerError">;
  readonly name: string | undefined;
}

class OpenSslBackend extends OverSession implements BackendConnection {
  readonly #services: BackendServices;

  constructor(secured: SessionStream, services: BackendServices) {
    super(secured);
    this.#services = services;
  }

  get pair(): SocketPair | undefined {
    return this.secured.socket.pair;
  }

  async handshake(): Promise<void> {
    const { buffers: { small }, network, name } = this.#services;
    const buffer = small.take();
    try {
      await this.secured.shakeHands(buffer, 0);
    } catch (error) {
      if (!(error instanceof OpenSslError)) {
        throw handshakeFault(network.peerError(error, "backend"));
      }
      throw handshakeFault(withNames(error, name, this.secured.session?.shownCertificate));
    } finally {
      small.give(buffer);
    }
  }
}
