/** Reads the authorities that the backend's certificate must be from, and what the operator should know about them. */

import type { BackendSettings, TlsLibrary } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import { checkAuthorities } from "../x509/certificate_file.ts";
import { checkRevocationLists, revocationListsInPem } from "../x509/revocation_lists.ts";
import { ENGINES } from "../tls/engines.ts";
import type { BackendTls } from "../tls/tls_configuration.ts";
import { HeldContent } from "./held_content.ts";
import { type AuthoritySources, systemAuthorities } from "./system_authorities.ts";

/** The configuration for engines; undefined if the backend gets plaintext. */
export interface BackendTlsPlan {
  readonly configuration: BackendTls | undefined;
  /** Lines for the log; none of them stops the start. */
  readonly warnings: readonly string[];
}

/**
 * Rejects with {@linkcode StartupError} for a file that cannot be read or if no authorities are found, unless they were
 * read before.
 */
export async function readBackendTls(
  { backend, tlsLibrary }: {
    readonly backend: Pick<BackendSettings, "tls">;
    readonly tlsLibrary: TlsLibrary;
  },
  platform: AuthoritySources,
  held = new HeldContent(),
): Promise<BackendTlsPlan> {
  if (backend.tls === undefined) return { configuration: undefined, warnings: [] };
  const { ca, ...settings } = backend.tls;
  if (!settings.verify) {
    return { configuration: { ...settings, authorities: undefined }, warnings: [UNVERIFIED] };
  }
  if (ca === undefined) {
    const authorities = await held.read(
      "authorities of the machine",
      () => systemAuthorities(tlsLibrary.name, platform),
    );
    return { configuration: { ...settings, authorities }, warnings: [] };
  }
  const { authorities, revocationLists } = await held.read(
    `authorities of the backend ${ca}`,
    async () => {
      const text = await platform.files.readText(ca);
      const authorities = checkAuthorities(text, ca);
      const revocationLists = checkRevocationLists(revocationListsInPem(text, ca), {
        ...{ source: ca, authorities, authoritiesSource: ca },
      });
      return { authorities, revocationLists };
    },
  );
  if (revocationLists.length === 0) {
    return { configuration: { ...settings, authorities }, warnings: [] };
  }
  if (!ENGINES[tlsLibrary.name].revokesBackends) {
    throw new StartupError(
      `--backend-ca ${ca}: rustls cannot use the revocation lists in it; use --tls-library=openssl`,
    );
  }
  return { configuration: { ...settings, authorities, revocationLists }, warnings: [] };
}

const UNVERIFIED =
  "--backend-verify=off: certificate verification is disabled; anyone between stud " +
  "and the backend can read and change the traffic";
