/**
 * The built-in engine: the runtime's own rustls. It has one certificate, TLS 1.2 and 1.3, and uses no libraries of
 * the host. It does not report what was negotiated.
 */

import { StartupError } from "../../errors.ts";
import type { Runtime, TlsStream, TlsStreamListener } from "../../runtime/runtime.ts";
import { formatSocketAddress } from "../../wire/ip_address.ts";
import type {
  PendingClient,
  SecureClient,
  TlsEngine,
  TlsListener,
  TlsListenerOptions,
} from "../engine.ts";
import { endedHandshake } from "../handshake_end.ts";
import { StreamClient } from "../over_stream.ts";
import { handshakeError } from "./handshake_error.ts";
import { rustlsRefusal } from "./refusal.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls_configuration.ts";
import { steerClients, tuneListener } from "../tune_listener.ts";

/** Creates the rustls engine on a runtime. It serves one certificate, the default one. */
export function createRustlsEngine(runtime: Runtime, configuration: TlsConfiguration): TlsEngine {
  const certificate = configuration.certificates[configuration.defaultCertificate]!;
  return {
    name: "rustls",
    library: "rustls",
    oneRecordPerRead: true,
    check: () => check(runtime, certificate, configuration),
    // Nothing can be created without a socket.
    prepare: () => check(runtime, certificate, configuration),
    listen: async (options) =>
      new RustlsListener(runtime, await listen(runtime, certificate, options), certificate),
    // A listening socket keeps the certificate that it was opened with.
    adopt: (listener) =>
      Promise.resolve(
        listener instanceof RustlsListener && listener.serves(certificate) ? () => {} : undefined,
      ),
    forgetKeys() {
      if (typeof certificate.privateKey !== "string") certificate.privateKey.wipe();
    },
    discard() {},
  };
}

/** The library checks a key only when it listens with it, so this opens a temporary port. */
async function check(
  runtime: Runtime,
  certificate: ServedCertificate,
  configuration: TlsConfiguration,
): Promise<void> {
  const address = { host: "127.0.0.1", port: 0 };
  try {
    const options = { ...address, ...certificate, reusePort: false };
    (await runtime.network.listenTls(options)).close();
  } catch (error) {
    throw rustlsRefusal(certificate, configuration, error);
  }
}

async function listen(
  runtime: Runtime,
  { certificateChain, privateKey }: ServedCertificate,
  { address, reusePort, ...rest }: TlsListenerOptions,
): Promise<TlsStreamListener> {
  let listener: TlsStreamListener;
  try {
    const options = { ...address, certificateChain, privateKey, reusePort };
    listener = await runtime.network.listenTls(options);
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(`cannot listen on ${formatSocketAddress(address)}`, { cause: error });
  }
  try {
    tune(runtime, listener, rest);
    return listener;
  } catch (error) {
    listener.close();
    throw error;
  }
}

function tune(
  runtime: Runtime,
  { address }: TlsStreamListener,
  { steer, steersNetworks, ...options }: Omit<TlsListenerOptions, "address" | "reusePort">,
): void {
  tuneListener(runtime, address, options);
  // Each worker keeps its own sessions, so a client can resume one only with the same worker.
  steerClients(runtime, address, { steer, steersNetworks });
}

class RustlsListener implements TlsListener {
  readonly address;
  readonly #runtime: Runtime;
  readonly #listener: TlsStreamListener;
  readonly #certificate: ServedCertificate;

  constructor(runtime: Runtime, listener: TlsStreamListener, certificate: ServedCertificate) {
    this.#runtime = runtime;
    this.#listener = listener;
    this.#certificate = certificate;
    this.address = listener.address;
  }

  serves({ certificateChain, privateKey }: ServedCertificate): boolean {
    const own = this.#certificate;
    return own.certificateChain === certificateChain && own.privateKey === privateKey;
  }

  async accept(): Promise<PendingClient> {
    return new RustlsClient(this.#runtime, await this.#listener.accept());
  }

  close(): void {
    this.#listener.close();
  }
}

/** The platform's stream does the handshake and everything after it, and does not report what was negotiated. */
class RustlsClient extends StreamClient<TlsStream> {
  readonly #runtime: Runtime;

  constructor(runtime: Runtime, stream: TlsStream) {
    super(stream);
    this.#runtime = runtime;
  }

  async handshake(): Promise<SecureClient> {
    try {
      await this.stream.handshake();
      return this;
    } catch (error) {
      const fault = this.#runtime.network.peerError(error, "client");
      const silent = endedHandshake(fault, true);
      throw silent !== undefined && this.stream.hasSent?.() === false
        ? silent
        : handshakeError(fault);
    }
  }
}
