/**
 * Clients of stud in processes of their own: this runtime's TLS client is slow to give back its descriptors,
 * so that one process cannot make tens of thousands of connections.
 */

import type { Site } from "./site.ts";

/**
 * Runs a module for so many connections, in one process after the other with at most `most` each. Its
 * arguments are the port, the path of the PEM file and the number of connections.
 */
export async function runClients(
  module: string,
  site: Site,
  connections: number,
  most: number,
): Promise<void> {
  for (let left = connections; left > 0; left -= most) {
    const count = Math.min(left, most);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", module, String(site.port), site.pem.path, `${count}`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (success) continue;
    throw new Error(`clients failed:\n${new TextDecoder().decode(stderr)}\n${site.stud.report()}`);
  }
}
