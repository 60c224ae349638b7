/**
 * The engine on OpenSSL, the host's or Node's, for everything that stud supports and rustls cannot do. stud itself
 * reads the ClientHello first and chooses the certificates. The differences between the two are behind
 * {@linkcode StreamTls}.
 */

import { StartupError } from "../../errors.ts";
import { OpenSslError } from "../../runtime/openssl.ts";
import type { Runtime, StreamListener } from "../../runtime/runtime.ts";
import type { StreamTls } from "../../runtime/stream_tls.ts";
import type { PendingClient, TlsEngine, TlsListener } from "../engine.ts";
import type { TlsConfiguration } from "../tls_configuration.ts";
import { openListener } from "../tune_listener.ts";
import { OpenSslClient, type OpenSslServices } from "./client.ts";
import { defaultGroups } from "./context_options.ts";
import { Contexts } from "./contexts.ts";

/** Creates the engine on a library, for a configuration. Throws {@linkcode StartupError}. */
export function createOpenSslEngine(
  runtime: Runtime,
  configuration: TlsConfiguration,
  library: StreamTls,
): TlsEngine {
  useEngine(library, configuration);
  const contexts = new Contexts(library, configuration, runtime.clock);
  let listeners = 0;
  const use: Use = () => {
    listeners++;
    return { contexts, library, end: () => --listeners === 0 && contexts.free() };
  };
  return {
    name: configuration.library,
    library: library.version,
    get terms() {
      const { engine, certificates: keys } = configuration;
      return { engine, groups: engine.groups ?? defaultGroups(library.version), keys };
    },
    oneRecordPerRead: false,
    check: () => new Promise((resolve) => resolve(contexts.makeAll())),
    staple: (staples) => contexts.staple(staples),
    prepare: () => new Promise((resolve) => resolve(contexts.prepare())),
    async listen(options) {
      const used = use();
      try {
        // What the library needs from a token or a file is read before privileges are dropped.
        contexts.prepare();
        return new OpenSslListener(await openListener(runtime, options), runtime, used);
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

/** Loads the operator's OpenSSL engine into the library, if there is one. Throws {@linkcode StartupError}. */
export function useEngine(library: StreamTls, { engine: { sslEngine } }: TlsConfiguration): void {
  if (sslEngine === undefined) return;
  try {
    library.useEngine(sslEngine);
  } catch (error) {
    const { message } = error as Error;
    const advice = error instanceof OpenSslError && /no such engine/.test(message)
      ? "; openssl version -e names the directory of the engines that are installed"
      : "";
    throw new StartupError(`-e/--ssl-engine ${sslEngine}: ${message}${advice}`, { cause: error });
  }
}

/** The contexts of an engine while a listener uses them, and their library. */
interface Used {
  readonly contexts: Contexts;
  readonly library: StreamTls;
  /** Called once. */
  end(): void;
}

type Use = () => Used;

class OpenSslListener implements TlsListener {
  readonly address;
  readonly acceptsUnasked;
  readonly acceptsInTurn;
  readonly #listener: StreamListener;
  readonly #services: OpenSslServices & { contexts: Contexts; library: StreamTls };
  #used: Used | undefined;

  constructor(listener: StreamListener, { network }: Pick<Runtime, "network">, used: Used) {
    const { contexts, library } = used;
    this.#listener = listener;
    this.#services = { contexts, library, network };
    this.#used = used;
    this.address = listener.address;
    this.acceptsUnasked = listener.acceptsUnasked;
    this.acceptsInTurn = listener.acceptsInTurn;
  }

  get contexts(): Contexts {
    return this.#services.contexts;
  }

  /** Also applies to clients that have connected already, until they have sent their hello. */
  useInstead(used: Used): void {
    this.#services.contexts = used.contexts;
    this.#services.library = used.library;
    this.#used?.end();
    this.#used = used;
  }

  async accept(): Promise<PendingClient> {
    return new OpenSslClient(await this.#listener.accept(), this.#services);
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
