/** Opens listening sockets, and sets the options that the platform's listen does not take. */

import { StartupError } from "../errors.ts";
import type { TlsListenerOptions } from "./engine.ts";
import type {
  ListenerOptions,
  Runtime,
  SocketAddress,
  StreamListener,
} from "../runtime/runtime.ts";

/**
 * Opens a listening socket of the platform for connections in clear. For `besideTls` see `ListenOptions`. Rejects
 * with {@linkcode StartupError}, and leaves nothing open.
 */
export async function openListener(
  runtime: Runtime,
  { address, reusePort, listeners, besideTls = false, ...options }: TlsListenerOptions & {
    readonly besideTls?: boolean;
  },
): Promise<StreamListener> {
  const several = listeners === undefined ? {} : { listeners };
  const socket = { ...address, reusePort, ...several, sockets: options.sockets, besideTls };
  const listener = await runtime.network.listen(socket);
  try {
    tuneListener(runtime, listener.address, options);
    steerClients(runtime, listener.address, options);
    return listener;
  } catch (error) {
    listener.close();
    throw error;
  }
}

/**
 * Sets what accepted connections inherit. If the kernel cannot be reached, connections do without it: the plan has
 * already refused such options if the operator asked for them (plan/socket_options.ts).
 */
export function tuneListener(
  { kernel }: Runtime,
  address: SocketAddress,
  { sockets, silentClients }: ListenerOptions,
): void {
  kernel?.tuneListener(address, { sockets, ...silentClients ? { silentClients } : {} });
}

/**
 * If requested, makes the kernel send each client, by its address, to the same worker. Throws
 * {@linkcode StartupError} if the kernel cannot.
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
