/**
 * What the sandbox of workers must still allow, from the settings alone. A worker cannot leave its sandbox, and its
 * environment at the start is limited by the same settings.
 */

import { isKeyUri } from "../wire/key_uri.ts";
import type { SandboxSetting, Settings, TlsLibraryName } from "./settings.ts";

/** What the sandbox allows in addition to serving with these settings; undefined: no sandbox. */
export function sandboxSetting(
  settings: Pick<
    Settings,
    "backend" | "certificates" | "engine" | "frontends" | "pemFiles" | "workers"
  >,
): SandboxSetting | undefined {
  if (!settings.workers.sandbox) return undefined;
  return {
    unixSockets: settings.backend.address.kind === "unix",
    token: settings.engine.sslEngine !== undefined || hasKeyInToken(settings),
  };
}

/** For the operator: what workers are confined to on a platform. */
export function describeSandbox(
  setting: SandboxSetting | undefined,
  { platform, tlsLibraries }: {
    readonly platform: string;
    readonly tlsLibraries: readonly TlsLibraryName[];
  },
): string {
  if (setting === undefined) return "not confined (--sandbox=off)";
  if (tlsLibraries.includes("node")) {
    return "not confined: Node cannot do it, stud's executable can";
  }
  if (platform !== "linux") return `not confined: needs Linux, and this is ${platform}`;
  if (setting.token) {
    return "no programs, no signals, no new rights; files, devices and sockets stay allowed, " +
      "because of keys in a token or an engine";
  }
  const sockets = setting.unixSockets ? "TCP and unix sockets" : "TCP sockets";
  return `no files, no programs, no signals, no new rights; ${sockets} only`;
}

function hasKeyInToken(
  { frontends, pemFiles, certificates: { privateKeys } }: Pick<
    Settings,
    "certificates" | "frontends" | "pemFiles"
  >,
): boolean {
  const files = [...pemFiles, ...frontends.flatMap(({ tls }) => tls?.pemFiles ?? [])];
  return [...privateKeys, ...files.map(({ privateKey }) => privateKey ?? "")].some(isKeyUri);
}
