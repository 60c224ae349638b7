/**
 * Refuses a backend that is one of stud's own frontends: each connection would come back to stud as a new client, until
 * no descriptor is left.
 */

import type { BackendEndpoint } from "../control/messages.ts";
import { StartupError } from "../errors.ts";
import type { Network, SocketAddress } from "../runtime/runtime.ts";
import { formatIpAddress, formatSocketAddress, parseIpAddress } from "../wire/ip_address.ts";

/**
 * Rejects with {@linkcode StartupError} if connecting to one of the endpoints leads to a frontend. That is the
 * frontend's address, or any address of this machine if the frontend listens on all of them.
 *
 * @param frontends as workers listen on them; a port of 0 is not assigned yet
 */
export async function refuseOwnBackend(
  backend: readonly BackendEndpoint[],
  frontends: readonly SocketAddress[],
  network: Pick<Network, "probe" | "takesIpv4OnIpv6">,
): Promise<void> {
  for (const endpoint of backend) {
    if (endpoint.kind !== "tcp") continue;
    for (const frontend of frontends) {
      if (frontend.port !== endpoint.port || frontend.port === 0) continue;
      if (!await leadsTo(endpoint.host, frontend.host, network)) continue;
      throw new StartupError(
        `--backend ${formatSocketAddress(endpoint)} is stud's own --frontend ` +
          `${
            formatSocketAddress(frontend)
          }, so each connection would come back to stud; name the ` +
          "address of the service behind it",
      );
    }
  }
}

/** Both are IP addresses. */
async function leadsTo(
  backend: string,
  frontend: string,
  network: Pick<Network, "probe" | "takesIpv4OnIpv6">,
): Promise<boolean> {
  const [from, to] = [canonical(backend), canonical(frontend)];
  if (from === to) return true;
  const isIpv4 = !from.includes(":");
  if (isUnspecified(from)) {
    // The kernel connects to the loopback address in this case.
    return leadsTo(isIpv4 ? "127.0.0.1" : "::1", frontend, network);
  }
  if (!isUnspecified(to)) return false;
  const isCovered = isIpv4 === !to.includes(":") || isIpv4 && await network.takesIpv4OnIpv6();
  if (!isCovered) return false;
  if (/^127\./.test(from) || from === "::1") return true;
  return await network.probe({ host: backend, port: 0 }).catch(() => undefined) !== undefined;
}

function isUnspecified(host: string): boolean {
  return host === "0.0.0.0" || host === "::";
}

/** One canonical spelling, with the zone. */
function canonical(host: string): string {
  return formatIpAddress(parseIpAddress(host)) + (/%.*/.exec(host)?.[0] ?? "");
}
