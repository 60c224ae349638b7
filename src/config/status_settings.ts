/** Who may read the status of a stud: only this machine, unless the operator says otherwise. It refuses the rest. */

import { UsageError } from "../errors.ts";
import { isIpAddress, isLoopback } from "../wire/ip_address.ts";
import { quote } from "../wire/escape.ts";
import { lastValue, type RawValues } from "./raw_values.ts";
import type { TcpAddress, UnixAddress } from "./settings.ts";

/**
 * Checks `--status` and `--status-public` as far as their texts tell; host names are looked up at the start.
 *
 * @throws UsageError for an address that other machines reach, and for `--status-public` alone
 */
export function checkStatus(values: RawValues): void {
  const address = lastValue("status", values) as TcpAddress | UnixAddress | undefined;
  if (lastValue("status-public", values) === true) {
    if (address !== undefined) return;
    const { origin } = values.get("status-public")!.at(-1)!;
    throw new UsageError(`${origin} has no effect without --status`);
  }
  if (address?.kind !== "tcp") return;
  const { host, port } = address;
  if (host !== "*" && (!isIpAddress(host) || isLoopback(host))) return;
  const { origin, text } = values.get("status")!.at(-1)!;
  throw new UsageError(
    `${origin}: ${quote(text)}: other machines could read it; write 127.0.0.1,${port}, or add ` +
      "--status-public",
  );
}
