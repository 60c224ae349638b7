/** What this process may do as root, which a container or a service manager may have narrowed: capabilities(7). */

import type { Files } from "../runtime/runtime.ts";

/** Those that stud needs, by their number in linux/capability.h. */
const CAPABILITIES = {
  CAP_SETGID: 6n,
  CAP_SETUID: 7n,
  CAP_NET_BIND_SERVICE: 10n,
  CAP_SYS_CHROOT: 18n,
} as const;

/** The first of these that this process lacks; undefined too where that is unknown: where there is no proc(5). */
export async function missingCapability(
  files: Files,
  names: readonly (keyof typeof CAPABILITIES)[],
): Promise<string | undefined> {
  const status = await files.readText("/proc/self/status", Infinity).catch(() => "");
  const rights = /^CapEff:\s*([0-9a-f]+)/m.exec(status)?.[1];
  if (rights === undefined) return undefined;
  const effective = BigInt(`0x${rights}`);
  return names.find((name) => (effective >> CAPABILITIES[name] & 1n) === 0n);
}
