/**
 * Compares what the operator asked of listening sockets with what this machine allows. Workers set the options. The
 * kernel does not refuse what a sysctl limits, so it is checked here.
 */

import { linuxOptionsIn } from "../config/setting_groups.ts";
import type { Settings } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Runtime } from "../runtime/runtime.ts";

/**
 * The options that the kernel would not apply, as lines that name the sysctl. Rejects with {@linkcode StartupError} if
 * this machine has no such option at all.
 */
export async function socketWarnings(settings: Settings, runtime: Runtime): Promise<string[]> {
  const [wanted] = linuxOptionsIn(settings);
  if (wanted !== undefined && runtime.platform !== "linux") {
    throw new StartupError(`--${wanted}: only on Linux, this is ${runtime.platform}`);
  }
  if (wanted !== undefined && runtime.kernel === undefined) {
    throw new StartupError(`--${wanted}: only on Linux, with foreign functions allowed`);
  }
  const { tcpFastOpen, receiveBuffer, sendBuffer } = settings.sockets;
  return [
    ...tcpFastOpen ? await fastOpenWarning(runtime) : [],
    ...await bufferWarning("--recv-bufsize", receiveBuffer, "rmem_max", runtime),
    ...await bufferWarning("--send-bufsize", sendBuffer, "wmem_max", runtime),
  ];
}

async function fastOpenWarning(runtime: Runtime): Promise<string[]> {
  const value = await sysctl("ipv4/tcp_fastopen", runtime);
  if (value === undefined || value & SERVERS) return [];
  return [
    "--tcp-fastopen: the kernel does not allow it for servers; set the sysctl " +
    `net.ipv4.tcp_fastopen to ${value | SERVERS} (now ${value})`,
  ];
}

async function bufferWarning(
  option: string,
  bytes: number,
  limit: "rmem_max" | "wmem_max",
  runtime: Runtime,
): Promise<string[]> {
  if (bytes === 0) return [];
  const max = await sysctl(`core/${limit}`, runtime);
  if (max === undefined || bytes <= max) return [];
  return [
    `${option} ${bytes}: the kernel allows at most ${max}; raise the sysctl net.core.${limit}`,
  ];
}

/** Undefined if it cannot be read, as in some containers. */
async function sysctl(path: string, runtime: Runtime): Promise<number | undefined> {
  const text = await runtime.files.readText(`/proc/sys/net/${path}`).catch(() => "");
  return /^-?\d+$/.test(text.trim()) ? Number(text) : undefined;
}

/** A bit of net.ipv4.tcp_fastopen (the kernel's ip-sysctl document). */
const SERVERS = 2;
