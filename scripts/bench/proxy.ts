/**
 * A proxy of the comparison: how it reports its version, and how it is started on a free port. Which proxies exist is
 * not known here.
 */

import { type Child, type Side, start } from "./processes.ts";

/** The parameters of one start. */
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
  /** The name for `--only`. */
  readonly id: string;
  /** The name in the table's head. */
  readonly name: string;
  /** Its own name and version, for the table's legend. */
  readonly version: string;
  /** Writes the configuration if it needs one, and returns the command that runs in the foreground. */
  command(setup: Setup): readonly string[];
  /** It uses all processors, whatever its number of workers. */
  readonly ignoresWorkers?: boolean;
}

/**
 * Starts `proxy` and waits until it accepts connections.
 *
 * @throws if it exits, or does not accept connections within 20 seconds, with its output
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

/** Starts `proxy` with one worker, unless `setup` says otherwise, without waiting. */
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

/** The output of a command in the project's root; undefined if the program does not exist, or it fails. */
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

/** The first line of a command's output, like `output`. */
export function firstLine(command: readonly string[]): string | undefined {
  return output(command)?.trim().split("\n")[0];
}

/** A port that was free a moment ago: no peer can bind port 0 and report which port it got. */
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
