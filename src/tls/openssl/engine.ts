/**
 * The engine on the host's OpenSSL: everything that stud can be asked for and rustls cannot do. OpenSSL turns
 * octets into octets here; sockets, the first look at the ClientHello and the choice of certificates are ours.
 */

import { StartupError } from "../../errors.ts";
import type { OpenSsl } from "../../runtime/openssl.ts";
import type { Runtime, StreamListener } from "../../runtime/runtime.ts";
import type { TlsConnection, TlsEngine, TlsListener, TlsListenerOptions } from "../engine.ts";
import type { TlsConfiguration } from "../tls_configuration.ts";
import { OpenSslConnection, type OpenSslServices } from "./connection.ts";
import { Contexts } from "./contexts.ts";
import { ScratchBuffers } from "./scratch_buffers.ts";

/** Makes the OpenSSL engine on a runtime. Throws {@linkcode StartupError} if it has no such library. */
export function createOpenSslEngine(runtime: Runtime, configuration: TlsConfiguration): TlsEngine {
  const library = openLibrary(runtime, configuration);
  const contexts = new Contexts(library, configuration, runtime.clock);
  const services: OpenSslServices = {
    contexts,
    network: runtime.network,
    clock: runtime.clock,
    buffers: new ScratchBuffers(),
  };
  useEngine(library, configuration);
  let listeners = 0;
  const closed = () => {
    if (--listeners === 0) contexts.free();
  };
  return {
    name: "openssl",
    library: library.version,
    oneRecordPerRead: false,
    check: () => new Promise((resolve) => resolve(contexts.makeAll())),
    async listen(options) {
      listeners++;
      try {
        // What has to be read from a token or a file of the library's is read before privileges go.
        contexts.prepare();
        return new OpenSslListener(await listen(runtime, options), services, closed);
      } catch (error) {
        closed();
        throw error;
      }
    },
  };
}

/** Opens the library; says why it is opened, too: most operators have not asked for one. */
export function openLibrary(runtime: Runtime, { because }: TlsConfiguration): OpenSsl {
  try {
    return runtime.openOpenSsl();
  } catch (error) {
    if (because === undefined || !(error instanceof StartupError)) throw error;
    throw new StartupError(`OpenSSL is needed because of ${because}: ${error.message}`, {
      cause: error,
    });
  }
}

/** Has the library use the operator's engine, if there is one. Throws {@linkcode StartupError}. */
export function useEngine(library: OpenSsl, { sslEngine }: TlsConfiguration): void {
  if (sslEngine === undefined) return;
  try {
    library.useEngine(sslEngine);
  } catch (error) {
    throw new StartupError(`-e/--ssl-engine ${sslEngine}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

async function listen(runtime: Runtime, options: TlsListenerOptions): Promise<StreamListener> {
  const { address, backlog, keepalive, reusePort } = options;
  const listener = await runtime.network.listen({ ...address, reusePort });
  try {
    // The runtime has no option for any of this; elsewhere than on Linux connections do without.
    runtime.kernel?.tuneListener(listener.address, { backlog, keepalive });
    return listener;
  } catch (error) {
    listener.close();
    throw error;
  }
}

class OpenSslListener implements TlsListener {
  readonly address;
  readonly #listener: StreamListener;
  readonly #services: OpenSslServices;
  #onClose: (() => void) | undefined;

  constructor(listener: StreamListener, services: OpenSslServices, onClose: () => void) {
    this.#listener = listener;
    this.#services = services;
    this.#onClose = onClose;
    this.address = listener.address;
  }

  async accept(): Promise<TlsConnection> {
    return new OpenSslConnection(await this.#listener.accept(), this.#services);
  }

  close(): void {
    this.#listener.close();
    this.#onClose?.();
    this.#onClose = undefined;
  }
}
