/**
 * The engine on Node's own TLS, which is an OpenSSL of Node's. Node moves the octets; the first look at the
 * ClientHello and the choice of certificates are ours, as with the host's OpenSSL.
 */

import { StartupError } from "../../errors.ts";
import type { Runtime, StreamListener } from "../../runtime/runtime.ts";
import type { StreamTls } from "../../runtime/stream_tls.ts";
import type { TlsConnection, TlsEngine, TlsListener } from "../engine.ts";
import type { TlsConfiguration } from "../tls_configuration.ts";
import { NodeConnection, type NodeServices } from "./connection.ts";
import { NodeContexts } from "./contexts.ts";

/** Makes the engine on a runtime. Throws {@linkcode StartupError} if it has no such library. */
export function createNodeEngine(runtime: Runtime, configuration: TlsConfiguration): TlsEngine {
  const library = runtime.openStreamTls();
  useEngine(library, configuration);
  const contexts = new NodeContexts(library, configuration, runtime.clock);
  return {
    name: "node",
    library: library.version,
    oneRecordPerRead: false,
    // deno-lint-ignore require-await -- what it throws is to be a rejection
    async check() {
      contexts.makeAll();
    },
    staple: (staples) => contexts.staple(staples),
    prepare: () => new Promise((resolve) => resolve(contexts.prepare())),
    async listen({ address, reusePort, sockets }) {
      contexts.prepare();
      const options = { ...address, reusePort, sockets };
      const services = { contexts, library, network: runtime.network };
      return new NodeTlsListener(await runtime.network.listen(options), services);
    },
    async adopt(listener) {
      if (!(listener instanceof NodeTlsListener)) return undefined;
      contexts.prepare();
      await contexts.checkNew(listener.contexts);
      return () => listener.useInstead(contexts);
    },
    // Node frees a context that nobody holds any more.
    discard() {},
  };
}

/** Has Node use the operator's engine, if there is one. Throws {@linkcode StartupError}. */
export function useEngine(library: StreamTls, { sslEngine }: TlsConfiguration): void {
  if (sslEngine === undefined) return;
  try {
    library.useEngine(sslEngine);
  } catch (error) {
    const { message } = error as Error;
    throw new StartupError(`-e/--ssl-engine ${sslEngine}: ${message}`, { cause: error });
  }
}

class NodeTlsListener implements TlsListener {
  readonly address;
  readonly acceptsUnasked;
  readonly #listener: StreamListener;
  readonly #services: { contexts: NodeContexts } & NodeServices;

  constructor(listener: StreamListener, services: NodeServices) {
    this.#listener = listener;
    this.#services = services;
    this.address = listener.address;
    this.acceptsUnasked = listener.acceptsUnasked;
  }

  get contexts(): NodeContexts {
    return this.#services.contexts;
  }

  /** For clients that have come already, too, as long as they have not said what they want. */
  useInstead(contexts: NodeContexts): void {
    this.#services.contexts = contexts;
  }

  async accept(): Promise<TlsConnection> {
    return new NodeConnection(await this.#listener.accept(), this.#services);
  }

  close(): void {
    this.#listener.close();
  }
}
