/**
 * TLS to the backend by OpenSSL: for what rustls here does not support, and for unix sockets. Sessions are not
 * resumed.
 */

import { OpenSslError } from "../../runtime/openssl.ts";
import type { Network, Runtime, Stream } from "../../runtime/runtime.ts";
import type { ConnectedStream, StreamContext, StreamTls } from "../../runtime/stream_tls.ts";
import { handshakeFault, recordFaultAt, withNames } from "../backend_faults.ts";
import { endpointText, type PendingBackend, type TlsDialer } from "../dialer.ts";
import { OverStream } from "../over_stream.ts";
import type { OutgoingConfiguration } from "../tls_configuration.ts";
import { backendContextOptions } from "./context_options.ts";
import { useEngine } from "./engine.ts";
import { newContext } from "./new_context.ts";

/** Creates the dialer on a library. Throws {@linkcode StartupError}. */
export function createOpenSslDialer(
  { network }: Runtime,
  configuration: OutgoingConfiguration,
  library: StreamTls,
): TlsDialer {
  useEngine(library, configuration);
  const { certificates, backend: { name } } = configuration;
  const services: BackendServices = { network, name };
  let context: StreamContext | undefined;
  // What the library needs from a token or a file is read once, before privileges are dropped.
  const theContext = () =>
    context ??= newContext(
      ...[library, configuration, certificates] as const,
      backendContextOptions(library.version, configuration),
    );
  return {
    library: library.version,
    oneRecordPerRead: false,
    prepare: () => new Promise((resolve) => resolve(void theContext())),
    async dial(endpoint, cancellation) {
      const stream = await network.dial(endpoint, cancellation);
      try {
        const recordFault = recordFaultAt(endpointText(endpoint));
        const connected = library.connect(stream, theContext(), { party: "backend", recordFault });
        return new OpenSslBackend(connected, services);
      } catch (error) {
        stream.close();
        throw error;
      }
    },
  };
}

interface BackendServices {
  readonly network: Pick<Network, "peerError">;
  readonly name: string | undefined;
}

class OpenSslBackend extends OverStream<ConnectedStream> implements PendingBackend {
  readonly #services: BackendServices;

  constructor(stream: ConnectedStream, services: BackendServices) {
    super(stream);
    this.#services = services;
  }

  async handshake(): Promise<Stream> {
    try {
      await this.stream.handshake();
      return this.stream;
    } catch (error) {
      const { network, name } = this.#services;
      throw handshakeFault(
        error instanceof OpenSslError
          ? withNames(error, name, this.stream.shownCertificate)
          : network.peerError(error, "backend"),
      );
    }
  }
}
