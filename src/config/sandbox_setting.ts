/**
 * What the sandbox of workers has to leave open, by the settings alone: a worker is confined for good, and begins with
 * an environment of the same measure.
 */

import { isKeyUri } from "../wire/key_uri.ts";
import type { SandboxSetting, Settings, TlsLibraryName } from "./settings.ts";

/** Of the settings: what the sandbox allows besides serving; undefined: there is to be none. */
export function sandboxSetting(
  settings: Pick<
    Settings,
    "backend" | "frontends" | "pemFiles" | "privateKeys" | "sandbox" | "sslEngine"
  >,
): SandboxSetting | undefined {
  if (!settings.sandbox) return undefined;
  return {
    unixSockets: settings.backend.kind === "unix",
    token: settings.sslEngine !== undefined || hasKeyInToken(settings),
  };
}

/** For the operator, what workers are confined to on a platform. */
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
  { frontends, pemFiles, privateKeys }: Pick<Settings, "frontends" | "pemFiles" | "privateKeys">,
): boolean {
  const files = [...pemFiles, ...frontends.flatMap(({ tls }) => tls?.pemFiles ?? [])];
  return [...privateKeys, ...files.map(({ privateKey }) => privateKey ?? "")].some(isKeyUri);
}
