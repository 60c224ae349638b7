/** Socket options of a listening socket, for the engines whose platform does not take them when it listens. */

import { StartupError } from "../errors.ts";
import type { TlsListenerOptions } from "./engine.ts";
import type { ListenerOptions, Runtime, SocketAddress } from "../runtime/runtime.ts";

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
