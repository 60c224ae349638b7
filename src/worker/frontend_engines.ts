/** Makes the engines of a worker's frontends: one for each configuration, however many frontends share it. */

import type { WorkerConfiguration } from "../control/messages.ts";
import type { ProxyFrontend } from "../proxy/proxy.ts";
import type { MakeEngine, TlsEngine } from "../tls/engine.ts";
import type { TlsConfiguration } from "../tls/tls_configuration.ts";

/** The frontends with their engines, in the same order. Throws {@linkcode StartupError}. */
export function frontendEngines(
  { frontends, tls: general }: Pick<WorkerConfiguration, "frontends" | "tls">,
  makeEngine: MakeEngine,
): ProxyFrontend[] {
  const engines = new Map<TlsConfiguration, TlsEngine>();
  return frontends.map(({ host, port, tls = general }) => {
    const engine = engines.get(tls) ?? makeEngine(tls);
    engines.set(tls, engine);
    return { host, port, engine };
  });
}
