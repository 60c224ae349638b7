/**
 * Opens several listening sockets so that none listens unless all can. As soon as one of ours listens on a shared
 * port, the kernel gives it clients. They would be reset if this process then failed because of another port.
 */

import type { ListenAddress, Network } from "../runtime/runtime.ts";
import type { TlsEngine } from "../tls/engine.ts";

/** A socket to open. */
export interface Opening<Opened> {
  readonly engine: Pick<TlsEngine, "prepare">;
  readonly address: ListenAddress;
  /** Other processes may listen on the same port. */
  readonly reusePort: boolean;
  /** Opens it. Rejects with {@linkcode StartupError}. */
  open(): Promise<Opened>;
}

/**
 * Opens the sockets and returns them in the same order. If one cannot be opened, it rejects with
 * {@linkcode StartupError} and passes those already open to `withdraw`.
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
    // First open those that could not be bound: if one fails, its error says why, and none of the others listens.
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

/** Binds a port that others may share. Undefined if that is not possible, for whatever reason. */
async function reserve(
  network: Pick<Network, "reserve">,
  { address: { host, port, descriptor }, reusePort }: Opening<unknown>,
): Promise<{ close(): void } | undefined> {
  if (!reusePort || port === 0 || descriptor !== undefined) return undefined;
  try {
    return await network.reserve?.({ host, port });
  } catch {
    return undefined; // A sandboxed worker cannot load modules.
  }
}
