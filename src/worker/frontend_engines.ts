/**
 * The engines of a worker's frontends: one for each TLS configuration, even if several frontends share it. An
 * engine is kept if its configuration has not changed.
 */

import type { WorkerConfiguration } from "../control/messages.ts";
import type { ProxyFrontend } from "../proxy/proxy.ts";
import { isSameData } from "../same_data.ts";
import type { MakeEngine, TlsEngine } from "../tls/engine.ts";
import type { TlsConfiguration } from "../tls/tls_configuration.ts";

type Engines = ReadonlyMap<TlsConfiguration, TlsEngine>;

/** Creates engines, and keeps them from one configuration of the worker to the next. */
export class FrontendEngines {
  readonly #makeEngine: MakeEngine;
  #current: Engines = new Map();
  #next: Engines = new Map();

  constructor(makeEngine: MakeEngine) {
    this.#makeEngine = makeEngine;
  }

  /**
   * The frontends of a configuration with their engines, in the same order. Rejects with {@linkcode StartupError}.
   * Call {@linkcode FrontendEngines.commit} or {@linkcode FrontendEngines.forget} before the next use.
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
    return frontends.map(({ tls: _, ...address }, index) => ({
      ...address,
      engine: engines.get(wanted[index]!)!,
    }));
  }

  /** Overwrites the keys. The engines cannot listen again until they receive the keys again. */
  forgetKeys(): void {
    for (const engine of this.#next.values()) engine.forgetKeys?.();
  }

  /** The engines of the last use replace the former ones. */
  commit(): void {
    this.#current = this.#next;
  }

  /** The engines of the last use are not needed after all. */
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
