/**
 * Quick connections of clients in processes of their own: this runtime's TLS client is slow to give back its
 * descriptors, so that one process cannot make tens of thousands of connections.
 */

import { eachOf } from "./crowd.ts";
import type { Site } from "./site.ts";
import { echoOnce } from "./tls_client.ts";

/** Makes so many connections, 50 at a time, each of which must get its echo and a clean end. */
export async function churn(site: Site, connections: number): Promise<void> {
  for (let left = connections; left > 0; left -= MOST_PER_PROCESS) {
    const count = Math.min(left, MOST_PER_PROCESS);
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", import.meta.url, String(site.port), site.pem.path, `${count}`],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    if (success) continue;
    throw new Error(`clients failed:\n${new TextDecoder().decode(stderr)}\n${site.stud.report()}`);
  }
}

const MOST_PER_PROCESS = 5_000;

if (import.meta.main) {
  const [port, pemPath, count] = Deno.args;
  const certificate = await Deno.readTextFile(pemPath!);
  await eachOf(Number(count), 50, () => echoOnce(Number(port), { certificate }));
}
