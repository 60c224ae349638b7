/**
 * The engine on the host's OpenSSL: everything that stud can be asked for and rustls cannot do. OpenSSL turns
 * octets into octets here; sockets, the first look at the ClientHello and the choice of certificates are ours.
 */

import { StartupError } from "../../errors.ts";
import type { OpenSsl } from "../../runtime/openssl.ts";
import type { Runtime, StreamListener } from "../../runtime/runtime.ts";
import type { TlsConnection, TlsEngine, TlsListener, TlsListenerOptions } from "../engine.ts";
import type { TlsConfiguration } from "../tls_configuration.ts";
import { steerClients, tuneListener } from "../tune_listener.ts";
import { OpenSslConnection, type OpenSslServices } from "./connection.ts";
import { Contexts } from "./contexts.ts";
import { ScratchBuffers } from "./scratch_buffers.ts";

/** Makes the OpenSSL engine on a runtime. Throws {@linkcode StartupError} if it has no such library. */
export function createOpenSslEngine(runtime: Runtime, configuration: TlsConfiguration): TlsEngine {
  const library = openLibrary(runtime, configuration);
  const contexts = new Contexts(library, configuration, runtime.clock);
  const buffers = new ScratchBuffers();
  const { network, clock } = runtime;
  useEngine(library, configuration);
  let listeners = 0;
  const use: Use = () => {
    listeners++;
    return { contexts, end: () => --listeners === 0 && contexts.free() };
  };
  return {
    name: "openssl",
    library: library.version,
    oneRecordPerRead: false,
    check: () => new Promise((resolve) => resolve(contexts.makeAll())),
    staple: (staples) => contexts.staple(staples),
    prepare: () => new Promise((resolve) => resolve(contexts.prepare())),
    async listen(options) {
      const used = use();
      try {
        // What has to be read from a token or a file of the library's is read before privileges go.
        contexts.prepare();
        const services = { contexts, network, clock, buffers };
        return new OpenSslListener(await listen(runtime, options), services, used);
      } catch (error) {
        used.end();
        throw error;
      }
    },
    async adopt(listener) {
      if (!(listener instanceof OpenSslListener)) return undefined;
      contexts.prepare();
      await contexts.checkNew(listener.contexts);
      return () => listener.useInstead(use());
    },
    discard() {
      if (listeners === 0) contexts.free();
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
  const { address, reusePort } = options;
  const listener = await runtime.network.listen({ ...address, reusePort });
  try {
    tuneListener(runtime, listener.address, options);
    // Every worker can resume every session, but each counts the connections of its own clients.
    steerClients(runtime, listener.address, options);
    return listener;
  } catch (error) {
    listener.close();
    throw error;
  }
}

/** The contexts of an engine while a listener uses them. */
interface Used {
  readonly contexts: Contexts;
  /** Called once. */
  end(): void;
}

type Use = () => Used;

class OpenSslListener implements TlsListener {
  readonly address;
  readonly acceptsInTurn;
  readonly #listener: StreamListener;
  readonly #services: { contexts: Contexts } & OpenSslServices;
  #used: Used | undefined;

  constructor(listener: StreamListener, services: OpenSslServices, used: Used) {
    this.#listener = listener;
    this.#services = services;
    this.#used = used;
    this.address = listener.address;
    this.acceptsInTurn = listener.acceptsInTurn;
  }

  get contexts(): Contexts {
    return this.#services.contexts;
  }

  /** For clients that have come already, too, as long as they have not said what they want. */
  useInstead(used: Used): void {
    this.#services.contexts = used.contexts;
    this.#used?.end();
    this.#used = used;
  }

  async accept(): Promise<TlsConnection> {
    return new OpenSslConnection(await this.#listener.accept(), this.#services);
  }

  waiting(): number {
    return this.#listener.waiting?.() ?? 0;
  }

  close(): void {
    this.#listener.close();
    this.#used?.end();
    this.#used = undefined;
  }
}
