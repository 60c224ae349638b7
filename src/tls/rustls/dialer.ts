/**
 * TLS to the backend by the runtime's own rustls: TLS 1.2 and 1.3, always verified, without a certificate of
 * stud's own. Sessions are not resumed.
 */

import { Cancellation } from "../../runtime/cancellation.ts";
import { StartupError } from "../../errors.ts";
import type {
  Endpoint,
  Network,
  Runtime,
  Stream,
  TlsDialOptions,
  TlsStream,
} from "../../runtime/runtime.ts";
import { handshakeFault, recordFaultAt } from "../backend_faults.ts";
import { endpointText, type PendingBackend, type TlsDialer } from "../dialer.ts";
import { OverStream } from "../over_stream.ts";
import type { OutgoingConfiguration } from "../tls_configuration.ts";

/** Creates the dialer. In a process of stud's own, the library trusts only authorities that the operator named. */
export function createRustlsDialer(
  { network }: Runtime,
  { backend, engine: { alpnProtocols } }: OutgoingConfiguration,
  ownProcess: boolean,
): TlsDialer {
  const { authorities } = backend;
  // Only an unverified backend may have no name, and this library does not support that.
  const options: TlsDialOptions = { name: backend.name!, authorities, alpnProtocols };
  return {
    library: "rustls",
    oneRecordPerRead: true,
    async prepare() {
      if (backend.revocationLists !== undefined) {
        throw new StartupError(
          "--backend-ca: rustls cannot use the revocation lists in it; install OpenSSL, or leave them out",
        );
      }
      if (ownProcess) network.trust(authorities === undefined ? "machine" : "none");
      await tryOut(network, options);
    },
    async dial(endpoint: Endpoint, cancellation: Cancellation): Promise<PendingBackend> {
      const stream = await network.dialTls(endpoint, options, cancellation);
      return new RustlsBackend(stream, network, endpoint);
    },
  };
}

/**
 * The library reads the machine's authorities when it first begins TLS, and only then reports problems with other
 * authorities. So it first connects to this process itself.
 */
async function tryOut(network: Network, options: TlsDialOptions): Promise<void> {
  const address = { host: "127.0.0.1", port: 0 };
  const listener = await network.listen({ ...address, reusePort: false, besideTls: true });
  try {
    const endpoint = { kind: "tcp", ...listener.address } as const;
    (await network.dialTls(endpoint, options, new Cancellation())).close();
  } catch (error) {
    throw new StartupError(
      `--client: rustls cannot use these authorities: ${(error as Error).message}`,
      { cause: error },
    );
  } finally {
    listener.close();
  }
}

class RustlsBackend extends OverStream<TlsStream> implements PendingBackend, Stream {
  readonly #network: Network;
  readonly #endpoint: Endpoint;
  #accepted = false;

  constructor(stream: TlsStream, network: Network, endpoint: Endpoint) {
    super(stream);
    this.#network = network;
    this.#endpoint = endpoint;
  }

  get pair() {
    return this.stream.pair;
  }

  async handshake(): Promise<Stream> {
    try {
      await this.stream.handshake();
      return this;
    } catch (error) {
      throw handshakeFault(this.#network.peerError(error, "backend"));
    }
  }

  read(into: Uint8Array): number | null | Promise<number | null> {
    if (this.#accepted) return this.stream.read(into);
    this.#accepted = true;
    return this.#readFirst(into);
  }

  write(bytes: Uint8Array): Promise<number> | number {
    return this.stream.write(bytes);
  }

  closeWrite(): Promise<void> | void {
    return this.stream.closeWrite();
  }

  /** A backend may refuse us after our part of the handshake is done (RFC 8446 section 4.4.2.4). */
  async #readFirst(into: Uint8Array): Promise<number | null> {
    try {
      return await this.stream.read(into);
    } catch (error) {
      throw recordFaultAt(endpointText(this.#endpoint))(this.#network.peerError(error, "backend"));
    }
  }
}
