/** Where stud serves its status, as an address of this machine. */

import type { Settings } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { HttpServerAddress, Runtime } from "../runtime/runtime.ts";
import { isIpAddress, isLoopback } from "../wire/ip_address.ts";
import { portNumber } from "./port_number.ts";

/** An address, and how clients may call it. */
export interface StatusAddress {
  readonly address: HttpServerAddress;
  /** Host names that clients may use; undefined: any. */
  readonly names: readonly string[] | undefined;
}

/**
 * The address for the settings; undefined: the status is not served. Rejects with {@linkcode StartupError} if other
 * machines would reach it although they must not.
 */
export async function statusAddress(
  { service: { status, statusPublic } }: Pick<Settings, "service">,
  runtime: Runtime,
): Promise<StatusAddress | undefined> {
  if (status === undefined) return undefined;
  if (status.kind === "unix") return { address: { path: status.path }, names: undefined };
  const port = await portNumber(status.port, "--status", runtime);
  const host = await hostFor(status.host, runtime);
  if (!statusPublic && !isLoopback(host)) {
    throw new StartupError(
      `--status: ${status.host} is ${host}, which other machines reach; write 127.0.0.1,${port}, or ` +
        "add --status-public",
    );
  }
  const names = isIpAddress(status.host) ? [] : [status.host.toLowerCase()];
  return { address: { host, port }, names: statusPublic ? undefined : names };
}

/** One address: IPv4 if the name has both kinds. */
async function hostFor(host: string, { network }: Runtime): Promise<string> {
  if (host === "*") {
    const hasIpv6 = await network.probe({ host: "::", port: 0 }).catch(() => undefined);
    return hasIpv6 !== undefined && await network.takesIpv4OnIpv6() ? "::" : "0.0.0.0";
  }
  let all: string[];
  try {
    all = await network.lookup(host);
  } catch (error) {
    throw new StartupError(
      `--status: the host name ${host} cannot be resolved; check it and the name server: getent hosts ${host}`,
      { cause: error },
    );
  }
  return all.find((one) => !one.includes(":")) ?? all[0]!;
}
