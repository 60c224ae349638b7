/**
 * Opens several listening sockets so that none listens unless all can. As soon as one of ours listens on a shared port
 * the kernel gives it clients, who are reset if this process gives up because of another port.
 */

import type { ListenAddress, Network } from "../runtime/runtime.ts";
import type { TlsEngine } from "../tls/engine.ts";

/** A socket that is to be opened. */
export interface Opening<Opened> {
  readonly engine: Pick<TlsEngine, "prepare">;
  readonly address: ListenAddress;
  /** Others may listen there, too. */
  readonly reusePort: boolean;
  /** Opens it. Rejects with {@linkcode StartupError}. */
  open(): Promise<Opened>;
}

/**
 * Opens them, and gives them in the same order. Rejects with {@linkcode StartupError} if one cannot be opened; those
 * that have been are handed to `withdraw`.
 */
export async function openAll<Opened>(
  network: Pick<Network, "reserve">,
  openings: readonly Opening<Opened>[],
  withdraw: (opened: Opened) => void,
): Promise<Opened[]> {
  const engines = new Set(openings.map(({ engine }) => engine));
  if (engines.size > 1) { for (const engine of engines) await engine.prepare(); }
  const reserved = new Map<Opening<Opened>, { close(): void }>();
  const opened = new Map<Opening<Opened>, Opened>();
  try {
    for (const opening of openings.length > 1 ? openings : []) {
      const reservation = await reserve(network, opening);
      if (reservation !== undefined) reserved.set(opening, reservation);
    }
    // Those that could not be bound come first: one says why when it listens, and then nobody else does.
    const order = [
      ...openings.filter((one) => !reserved.has(one)),
      ...reserved.keys(),
    ];
    for (const opening of order) opened.set(opening, await opening.open());
  } catch (error) {
    for (const one of opened.values()) withdraw(one);
    throw error;
  } finally {
    for (const reservation of reserved.values()) reservation.close();
  }
  return openings.map((one) => opened.get(one)!);
}

/** Binds a port that others may share. Undefined where that cannot be done, for whatever reason. */
async function reserve(
  network: Pick<Network, "reserve">,
  { address: { host, port, descriptor }, reusePort }: Opening<unknown>,
): Promise<{ close(): void } | undefined> {
  if (!reusePort || port === 0 || descriptor !== undefined) return undefined;
  try {
    return await network.reserve?.({ host, port });
  } catch {
    return undefined; // A confined worker loads no more modules.
  }
}
