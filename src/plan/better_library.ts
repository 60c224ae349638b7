/**
 * Chooses OpenSSL for certificates that rustls cannot serve, unless the operator insists on rustls. Only rustls knows
 * which those are, so it is asked once certificates have been read.
 */

import type { Settings, TlsLibrary } from "../config/settings.ts";
import { CertificatesRefused, StartupError } from "../errors.ts";
import type { Runtime, TlsLibraryName } from "../runtime/runtime.ts";
import { ENGINES } from "../tls/engines.ts";
import { makeEngine } from "../tls/make_engine.ts";
import { rustlsReason } from "../tls/rustls/refusal.ts";
import type { TlsConfiguration } from "../tls/tls_configuration.ts";

/**
 * The library that serves all of these configurations instead of the one in the settings, and why. Undefined if that
 * one can serve them, or if no other may or can be used. The returned library has not checked the certificates yet.
 */
export async function betterLibrary(
  { tlsLibrary }: Pick<Settings, "tlsLibrary">,
  configurations: readonly TlsConfiguration[],
  runtime: Runtime,
): Promise<TlsLibrary | undefined> {
  const { orBetter: name } = tlsLibrary;
  if (name === undefined || !canOpen(runtime, name)) return undefined;
  for (const tls of configurations) {
    try {
      await (await makeEngine(runtime, tls)).check();
    } catch (error) {
      if (!(error instanceof CertificatesRefused)) throw error;
      const certificate = tls.certificates[tls.defaultCertificate]!;
      const why = rustlsReason(certificate, error.cause);
      return { name, because: `${certificate.source}, which rustls cannot serve: ${why}` };
    }
  }
  return undefined;
}

function canOpen(runtime: Runtime, name: TlsLibraryName): boolean {
  try {
    ENGINES[name].version(runtime);
    return true;
  } catch (error) {
    if (error instanceof StartupError) return false;
    throw error;
  }
}
