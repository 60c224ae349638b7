/** Quick connections of clients in processes of their own (see client_processes.ts). */

import { runClients } from "./client_processes.ts";
import { eachOf } from "./crowd.ts";
import type { Site } from "./site.ts";
import { echoOnce } from "./tls_client.ts";

/** Makes so many connections, 50 at a time, each of which must get its echo and a clean end. */
export async function churn(site: Site, connections: number): Promise<void> {
  await runClients(import.meta.url, site, connections, MAX_PER_PROCESS);
}

const MAX_PER_PROCESS = 5_000;

if (import.meta.main) {
  const [port, pemPath, count] = Deno.args;
  const certificate = await Deno.readTextFile(pemPath!);
  await eachOf(Number(count), 50, () => echoOnce(Number(port), { certificate }));
}
