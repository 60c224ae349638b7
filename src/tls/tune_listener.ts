/** Socket options of a listening socket, for the engines whose platform does not take them when it listens. */

import { StartupError } from "../errors.ts";
import type { ListenerOptions, Runtime, SocketAddress } from "../runtime/runtime.ts";

/**
 * Sets what accepted connections are to inherit. Where the kernel cannot be reached, connections do without
 * what only makes them faster; an option that the operator has asked for is a {@linkcode StartupError} then.
 */
export function tuneListener(
  { kernel }: Runtime,
  address: SocketAddress,
  { backlog, keepalive, tcpFastOpen, receiveBuffer, sendBuffer }: ListenerOptions,
): void {
  const wanted = {
    ...tcpFastOpen ? { tcpFastOpen } : {},
    ...receiveBuffer ? { receiveBuffer } : {},
    ...sendBuffer ? { sendBuffer } : {},
  };
  if (kernel !== undefined) {
    return kernel.tuneListener(address, { backlog, keepalive, ...wanted });
  }
  const [first] = Object.keys(wanted) as (keyof typeof OPTION_NAMES)[];
  if (first !== undefined) {
    throw new StartupError(
      `--${OPTION_NAMES[first]}: only on Linux, with foreign functions allowed`,
    );
  }
}

const OPTION_NAMES = {
  tcpFastOpen: "tcp-fastopen",
  receiveBuffer: "recv-bufsize",
  sendBuffer: "send-bufsize",
};
