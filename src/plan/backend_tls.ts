/** Reads the authorities that the backend's certificate must be from, and what the operator should know about them. */

import type { BackendSettings, TlsLibrary } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Files } from "../runtime/runtime.ts";
import { checkAuthorities } from "../x509/certificate_file.ts";
import { checkRevocationLists, revocationListsInPem } from "../x509/revocation_lists.ts";
import { ENGINES } from "../tls/engines.ts";
import type { BackendTls } from "../tls/tls_configuration.ts";
import { HeldContent } from "./held_content.ts";

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
  files: Pick<Files, "readText">,
  held = new HeldContent(),
): Promise<BackendTlsPlan> {
  if (backend.tls === undefined) return { configuration: undefined, warnings: [] };
  const { ca, name, verify } = backend.tls;
  if (!verify) {
    return { configuration: { authorities: undefined, name, verify }, warnings: [UNVERIFIED] };
  }
  if (ca === undefined) {
    const authorities = await held.read(
      "authorities of the machine",
      () => systemAuthorities(tlsLibrary.name, files),
    );
    return { configuration: { authorities, name, verify }, warnings: [] };
  }
  const { authorities, revocationLists } = await held.read(
    `authorities of the backend ${ca}`,
    async () => {
      const text = await files.readText(ca);
      const authorities = checkAuthorities(text, ca);
      const revocationLists = checkRevocationLists(revocationListsInPem(text, ca), {
        ...{ source: ca, authorities, authoritiesSource: ca },
      });
      return { authorities, revocationLists };
    },
  );
  if (revocationLists.length === 0) {
    return { configuration: { authorities, name, verify }, warnings: [] };
  }
  if (!ENGINES[tlsLibrary.name].revokesBackends) {
    throw new StartupError(
      `--backend-ca ${ca}: rustls cannot use the revocation lists in it; use --tls-library=openssl`,
    );
  }
  return { configuration: { authorities, revocationLists, name, verify }, warnings: [] };
}

/**
 * rustls finds the machine's authorities by itself, wherever they are. The other engines get them here, because workers
 * may no longer be able to read any file. Node has its own for machines whose file is not found.
 */
async function systemAuthorities(
  library: TlsLibrary["name"],
  files: Pick<Files, "readText">,
): Promise<string | undefined> {
  const { ownAuthorities } = ENGINES[library];
  if (ownAuthorities === "machine") return undefined;
  for (const path of SYSTEM_FILES) {
    const text = await files.readText(path).catch(() => "");
    if (text.includes("-----BEGIN CERTIFICATE-----")) return text;
  }
  if (ownAuthorities === "built-in") return undefined;
  throw new StartupError(
    "--client: this machine has no file of trusted authorities (looked for " +
      `${SYSTEM_FILES.join(", ")}); install ca-certificates, or name a file with --backend-ca`,
  );
}

const UNVERIFIED =
  "--backend-verify=off: certificate verification is disabled; anyone between stud " +
  "and the backend can read and change the traffic";

/** Debian, Fedora, SUSE, Alpine and macOS. */
const SYSTEM_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
