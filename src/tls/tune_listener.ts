/** Socket options of a listening socket, for the engines whose platform does not take them when it listens. */

import { StartupError } from "../errors.ts";
import type { TlsListenerOptions } from "./engine.ts";
import type { ListenerOptions, Runtime, SocketAddress } from "../runtime/runtime.ts";

/**
 * Sets what accepted connections are to inherit. Where the kernel cannot be reached, connections do without it: the plan
 * has refused what the operator asked for (plan/socket_options.ts).
 */
export function tuneListener(
  { kernel }: Runtime,
  address: SocketAddress,
  { sockets, silentClients }: ListenerOptions,
): void {
  kernel?.tuneListener(address, { sockets, ...silentClients ? { silentClients } : {} });
}

/**
 * Has the kernel bring each client to the same worker, by its address, if that is wanted. Throws
 * {@linkcode StartupError} where it cannot.
 */
export function steerClients(
  { kernel }: Runtime,
  address: SocketAddress,
  { steer: count, steersNetworks }: Pick<TlsListenerOptions, "steer" | "steersNetworks">,
): void {
  if (count === undefined) return;
  if (kernel === undefined) {
    throw new StartupError("--steer-by-client: only on Linux, with foreign functions allowed");
  }
  kernel.steer(address, { first: 0, count, byClient: steersNetworks ? "network" : true });
}
