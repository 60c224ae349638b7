/**
 * The default engine: the runtime's own rustls. One certificate, TLS 1.2 and 1.3, nothing of the host's
 * libraries. It tells nothing of what was negotiated.
 */

import { StartupError } from "../errors.ts";
import type { Runtime, TlsStream, TlsStreamListener } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import type {
  CertificateAndKey,
  TlsConnection,
  TlsEngine,
  TlsListener,
  TlsListenerOptions,
} from "./engine.ts";
import { handshakeError } from "./rustls_handshake_error.ts";

/** Makes the rustls engine on a runtime. */
export function createRustlsEngine(runtime: Runtime): TlsEngine {
  return {
    name: "rustls",
    check: (certificate) => check(runtime, certificate),
    listen(options) {
      return new RustlsListener(runtime, listen(runtime, options));
    },
  };
}

/** The library only says what it thinks of a key when it is to listen with it: on a port nobody knows. */
function check(runtime: Runtime, { certificateChain, privateKey }: CertificateAndKey): void {
  const address = { host: "127.0.0.1", port: 0 };
  try {
    runtime.network.listenTls({ ...address, certificateChain, privateKey, reusePort: false })
      .close();
  } catch (error) {
    const { cause = error } = error as Error;
    throw new Error((cause as Error).message, { cause });
  }
}

function listen(runtime: Runtime, options: TlsListenerOptions): TlsStreamListener {
  const { address, backlog, keepalive, ...certificate } = options;
  let listener: TlsStreamListener;
  try {
    listener = runtime.network.listenTls({ ...address, ...certificate });
  } catch (error) {
    if (error instanceof StartupError) throw error;
    throw new StartupError(`cannot listen on ${formatSocketAddress(address)}`, { cause: error });
  }
  // The runtime has no option for any of this; elsewhere than on Linux connections do without.
  runtime.kernel?.tuneListener(listener.address, { backlog, keepalive });
  return listener;
}

class RustlsListener implements TlsListener {
  readonly address;
  readonly #runtime: Runtime;
  readonly #listener: TlsStreamListener;

  constructor(runtime: Runtime, listener: TlsStreamListener) {
    this.#runtime = runtime;
    this.#listener = listener;
    this.address = listener.address;
  }

  async accept(): Promise<TlsConnection> {
    return new RustlsConnection(this.#runtime, await this.#listener.accept());
  }

  close(): void {
    this.#listener.close();
  }
}

class RustlsConnection implements TlsConnection {
  readonly #runtime: Runtime;
  readonly #stream: TlsStream;

  constructor(runtime: Runtime, stream: TlsStream) {
    this.#runtime = runtime;
    this.#stream = stream;
  }

  get pair() {
    return this.#stream.pair;
  }

  async handshake(): Promise<void> {
    try {
      await this.#stream.handshake();
    } catch (error) {
      throw handshakeError(this.#runtime.network.peerError(error, "client"));
    }
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.#stream.read(into);
  }

  write(octets: Uint8Array): Promise<number> {
    return this.#stream.write(octets);
  }

  closeWrite(): Promise<void> {
    return this.#stream.closeWrite();
  }

  close(): void {
    this.#stream.close();
  }
}
