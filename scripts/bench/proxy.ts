/**
 * What a proxy of the comparison is, how it is asked who it is, and how it is started on a free port. Which ones
 * there are is not known here.
 */

import { type Child, type Side, start } from "./processes.ts";

/** What one start needs. */
export interface Setup {
  readonly port: number;
  readonly backendPort: number;
  /** PEM file with certificate and key. */
  readonly certificate: string;
  /** A directory for configuration files. */
  readonly directory: string;
  readonly workers: number;
}

/** A proxy that is installed here. */
export interface Proxy {
  /** For `--only`. */
  readonly id: string;
  /** In the table's head. */
  readonly name: string;
  /** As it names itself, for the table's legend. */
  readonly version: string;
  /** Writes the configuration if it needs one, and gives the command that runs in the foreground. */
  command(setup: Setup): readonly string[];
  /** It uses what processors there are whatever number of workers it is given. */
  readonly ignoresWorkers?: boolean;
}

/**
 * Starts `proxy` and waits until it accepts connections.
 *
 * @throws when it ends or is not there in 20 seconds, with what it printed.
 */
export async function startProxy(
  proxy: Proxy,
  setup: Omit<Setup, "port" | "workers"> & { readonly workers?: number },
  side: Side = "proxy",
): Promise<{ child: Child; port: number }> {
  const { child, port, command } = spawnProxy(proxy, setup, side);
  for (let attempt = 0; attempt < 400; attempt++) {
    if (!child.running) break;
    if (await accepts(port)) return { child, port };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await child.end();
  throw new Error(`${proxy.name} did not start (${command.join(" ")}): ${child.output}`);
}

/** Starts `proxy` with one worker, unless `setup` says otherwise, and waits for nothing. */
export function spawnProxy(
  proxy: Proxy,
  setup: Omit<Setup, "port" | "workers"> & { readonly workers?: number },
  side: Side,
): { child: Child; port: number; command: readonly string[] } {
  const port = freePort();
  const command = proxy.command({ workers: 1, ...setup, port });
  const child = start({ name: proxy.name, command, side, cwd: PROJECT });
  return { child, port, command };
}

/** What a command prints in the project's root; undefined when there is no such program, or it fails. */
export function output(command: readonly string[]): string | undefined {
  const [program, ...args] = command as [string, ...string[]];
  try {
    const result = new Deno.Command(program, { args, cwd: PROJECT })
      .outputSync();
    const decoder = new TextDecoder();
    if (!result.success) return undefined;
    return decoder.decode(result.stdout) + decoder.decode(result.stderr);
  } catch {
    return undefined;
  }
}

/** The first line of what a command prints, as `output` does. */
export function firstLine(command: readonly string[]): string | undefined {
  return output(command)?.trim().split("\n")[0];
}

/** A port that was free a moment ago: none of the peers can bind 0 and tell which port it got. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** The project's root, where `deno run mod.ts` finds its module. */
const PROJECT = new URL("../..", import.meta.url).pathname;
