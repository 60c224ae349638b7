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
  const { backlog, keepalive } = options;
  const socket = { ...address, reusePort, backlog, keepalive, besideTls };
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
 * Sets what accepted connections are to inherit. Where the kernel cannot be reached, connections do without
 * what only makes them faster; an option that the operator has asked for is a {@linkcode StartupError} then.
 */
export function tuneListener(
  { kernel }: Runtime,
  address: SocketAddress,
  { backlog, keepalive, tcpFastOpen, receiveBuffer, sendBuffer, silentClients }: ListenerOptions,
): void {
  const wanted = {
    ...tcpFastOpen ? { tcpFastOpen } : {},
    ...receiveBuffer ? { receiveBuffer } : {},
    ...sendBuffer ? { sendBuffer } : {},
  };
  if (kernel !== undefined) {
    const silence = silentClients ? { silentClients } : {};
    return kernel.tuneListener(address, { backlog, keepalive, ...wanted, ...silence });
  }
  const [first] = Object.keys(wanted) as (keyof typeof OPTION_NAMES)[];
  if (first !== undefined) {
    throw new StartupError(
      `--${OPTION_NAMES[first]}: only on Linux, with foreign functions allowed`,
    );
  }
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

const OPTION_NAMES = {
  tcpFastOpen: "tcp-fastopen",
  receiveBuffer: "recv-bufsize",
  sendBuffer: "send-bufsize",
};
