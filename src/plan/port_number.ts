/** Ports that are written as the name of a service (services(5)). */

import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** The number of a port. Rejects with {@linkcode StartupError} that names the option. */
export async function portNumber(
  port: string,
  option: string,
  runtime: Pick<Runtime, "files">,
): Promise<number> {
  if (/^\d+$/.test(port)) return Number(port);
  const services = await runtime.files.readText("/etc/services").catch(() => "");
  for (const line of services.split("\n")) {
    const [name, numberAndProtocol, ...aliases] = line.replace(/#.*/, "").trim().split(/\s+/);
    const [number, protocol] = numberAndProtocol?.split("/") ?? [];
    if (protocol === "tcp" && (name === port || aliases.includes(port))) return Number(number);
  }
  throw new StartupError(
    `${option}: ${port} is neither a port number nor a service in /etc/services`,
  );
}
