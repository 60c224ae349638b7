/** Listening sockets, with the options that the platform does not take when it listens. */

import { StartupError } from "../errors.ts";
import type { TlsListenerOptions } from "./engine.ts";
import type {
  ListenerOptions,
  Runtime,
  SocketAddress,
  StreamListener,
} from "../runtime/runtime.ts";

/**
 * Opens a listening socket of the platform's for connections in clear. `besideTls` as `ListenOptions` has it. Rejects
 * with {@linkcode StartupError}, and leaves nothing open.
 */
export async function openListener(
  runtime: Runtime,
  { address, reusePort, besideTls = false, ...options }: TlsListenerOptions & {
    readonly besideTls?: boolean;
  },
): Promise<StreamListener> {
  const socket = { ...address, reusePort, sockets: options.sockets, besideTls };
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
