/** Resets connections of the test's own process, which Deno has no call for. Linux only. */

import { descriptors } from "./kernel.ts";

/** Sends RST at once instead of an orderly end. The connection is still to be closed. */
export function resetConnection(conn: Deno.Conn): void {
  const { localAddr, remoteAddr } = conn as Deno.TcpConn;
  const descriptor = descriptors().enter(localAddr, remoteAddr);
  descriptor.reset();
  descriptor.release();
}
