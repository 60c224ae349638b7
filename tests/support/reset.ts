/** Resets connections of the test's own process, which Deno has no call for. Linux only. */

import { kernel } from "./kernel.ts";

/** Sends RST at once instead of an orderly end. The connection is still to be closed. */
export function resetConnection(conn: Deno.Conn): void {
  const { localAddr, remoteAddr } = conn as Deno.TcpConn;
  kernel().reset([{ local: address(localAddr), peer: address(remoteAddr) }]);
}

function address(address: Deno.NetAddr): { host: string; port: number } {
  return { host: address.hostname, port: address.port };
}
