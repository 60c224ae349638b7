/**
 * The engines of a worker's frontends: one for each configuration of TLS, however many frontends share it, and
 * the same one as before where the configuration has not changed.
 */

import type { WorkerConfiguration } from "../control/messages.ts";
import type { ProxyFrontend } from "../proxy/proxy.ts";
import { isSameData } from "../same_data.ts";
import type { MakeEngine, TlsEngine } from "../tls/engine.ts";
import type { TlsConfiguration } from "../tls/tls_configuration.ts";

type Engines = ReadonlyMap<TlsConfiguration, TlsEngine>;

/** Makes engines and keeps them from one configuration of the worker to the next. */
export class FrontendEngines {
  readonly #makeEngine: MakeEngine;
  #current: Engines = new Map();
  #next: Engines = new Map();

  constructor(makeEngine: MakeEngine) {
    this.#makeEngine = makeEngine;
  }

  /**
   * The frontends of a configuration with their engines, in the same order. Rejects with {@linkcode
   * StartupError}. One of the other two is to be called before the next use.
   */
  async use(
    { frontends, tls: general }: Pick<WorkerConfiguration, "frontends" | "tls">,
  ): Promise<ProxyFrontend[]> {
    const engines = new Map<TlsConfiguration, TlsEngine>();
    this.#next = engines;
    const wanted = frontends.map(({ tls = general }) => tls);
    for (const tls of new Set(wanted)) {
      engines.set(tls, this.#known(tls) ?? await this.#makeEngine(tls));
    }
    return frontends.map(({ tls: _, ...address }, place) => ({
      ...address,
      engine: engines.get(wanted[place]!)!,
    }));
  }

  /** Nothing listens any more before it is told its keys again. */
  forgetKeys(): void {
    for (const engine of this.#next.values()) engine.forgetKeys?.();
  }

  /** The last ones are used from now on. */
  commit(): void {
    this.#current = this.#next;
  }

  /** The last ones are not wanted after all. */
  forget(): void {
    const used = new Set(this.#current.values());
    for (const engine of this.#next.values()) if (!used.has(engine)) engine.discard();
    this.#next = this.#current;
  }

  #known(tls: TlsConfiguration): TlsEngine | undefined {
    for (const [other, engine] of this.#current) if (isSameData(tls, other)) return engine;
    return undefined;
  }
}
