/** What `--dbg-listen` writes: where stud listens, for scripts that let the system choose the port. */

import type { SocketAddress } from "../runtime/runtime.ts";

/** The IPv4 addresses as `IP:PORT`, a line each, in the order of the frontends. */
export function listenReport(frontends: readonly SocketAddress[]): string {
  return frontends.map(({ host, port }) => ({ host: host === "::" ? ANY_IPV4 : host, port }))
    .filter(({ host }) => !host.includes(":"))
    .map(({ host, port }) => `${host}:${port}\n`).join("");
}

/** A socket for every IPv6 address takes IPv4 clients too. */
const ANY_IPV4 = "0.0.0.0";
