/** Turns what the operator asked of TLS into what engines are told: files into text, secrets into octets. */

import type { Settings } from "../config/settings.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { CheckedCertificate } from "../tls/certificate.ts";
import { CertificateIndex } from "../tls/certificate_index.ts";
import { lowersSecurityLevel, oldProtocols } from "../tls/openssl/context_options.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls/tls_configuration.ts";
import { readBackendTls } from "./backend_tls.ts";
import { loadCertificates, type LoadedCertificates } from "./certificates.ts";
import { ClientRulesReader } from "./client_rules.ts";
import { readTicketSecret } from "./ticket_secret.ts";

/** What engines are told, and what the operator should know of it. */
export interface TlsPlan {
  readonly configuration: TlsConfiguration;
  /** Lines for the log; none of them stops the start. */
  readonly warnings: readonly string[];
}

/**
 * Reads everything that TLS needs; certificates only if the caller has none. Rejects with
 * {@linkcode StartupError} that names file and cause.
 */
export async function makeTlsPlan(
  settings: Settings,
  runtime: Runtime,
  loaded?: LoadedCertificates,
): Promise<TlsPlan> {
  const backend = await readBackendTls(settings, runtime.files);
  const { certificates, defaultCertificate, warnings } = loaded ??
    (settings.backendTls !== undefined && settings.pemFiles.length === 0
      ? NO_CERTIFICATES
      : await loadCertificates(settings, runtime));
  const ticketSecret = await readTicketSecret(settings.ticketSecret, runtime);
  const rules = new ClientRulesReader(runtime.files);
  return {
    configuration: {
      library: settings.tlsLibrary.name,
      ...settings.tlsLibrary.because === undefined ? {} : { because: settings.tlsLibrary.because },
      ...backend.configuration === undefined ? {} : { backend: backend.configuration },
      certificates: certificates.map(served),
      defaultCertificate,
      sniNomatchAbort: settings.sniNomatchAbort,
      protocols: settings.tlsProtocols,
      ciphers: settings.ciphers,
      ciphersuites: settings.ciphersuites,
      groups: settings.groups,
      preferServerCiphers: settings.preferServerCiphers,
      sslEngine: settings.sslEngine,
      alpnProtocols: settings.alpnProtocols,
      clientRules: await rules.read(settings.clientVerify, settings.clientVerifyCa),
      ticketSecret: ticketSecret.secret,
    },
    warnings: [
      ...warnings,
      ...backend.warnings,
      ...ticketSecret.warnings,
      ...explanations(settings),
      ...settings.tlsLibrary.name === "node" && certificates.length > 0
        ? unstapled(certificates, defaultCertificate)
        : [],
    ],
  };
}

/** Without what only the supervisor wants to know. */
function served(
  { subject: _subject, notBefore: _notBefore, notAfter: _notAfter, ...rest }: CheckedCertificate,
): ServedCertificate {
  return rest;
}

/** `node:tls` is asked for a response before it is known which of several certificates a client gets. */
function unstapled(certificates: readonly ServedCertificate[], defaultPlace: number): string[] {
  const sets = new CertificateIndex(certificates, defaultPlace).sets().filter((set) =>
    set.length > 1
  );
  const places = [...new Set(sets.flat())].filter((place) =>
    certificates[place]!.ocspResponse !== undefined
  );
  return places.map((place) =>
    `${
      certificates[place]!.source
    }: its OCSP response is not stapled, because under Node that is for names with ` +
    "one certificate only; stud's executable staples for all"
  );
}

/** What an operator who comes from stud or hitch may not expect. */
function explanations({ tlsProtocols: protocols, ciphers, sharedCache }: Settings): string[] {
  const lines: string[] = [];
  if (lowersSecurityLevel({ protocols, ciphers })) {
    lines.push(
      `${
        oldProtocols(protocols).join(" and ")
      } need SHA-1 signatures, so OpenSSL's security level is lowered to 0 for all ` +
        "clients; @SECLEVEL=N in -c/--ciphers sets another one",
    );
  }
  if (sharedCache > 0) {
    lines.push(
      `-C/--shared-cache ${sharedCache}: sessions are kept by the clients, as tickets that every worker can ` +
        "open; no cache is needed, and the number means nothing",
    );
  }
  return lines;
}

/** Towards a backend none is needed. */
const NO_CERTIFICATES: LoadedCertificates = {
  certificates: [],
  defaultCertificate: 0,
  warnings: [],
};
