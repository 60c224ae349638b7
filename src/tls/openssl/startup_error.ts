/** Translates a setting that OpenSSL refuses into a message for operators. */

import { StartupError } from "../../errors.ts";
import type { OpenSslError } from "../../runtime/openssl.ts";
import { groupSuggestion } from "../group_names.ts";
import { certificateRefused } from "../certificates_refused.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls_configuration.ts";
import { isTooWeak, levelAdvice } from "./security_level.ts";

/**
 * Names the option or file that OpenSSL refuses; for a single certificate the error is a `CertificatesRefused`.
 * `attempt` creates the same thing with other ciphers, to find out which security level would be enough.
 */
export function startupError(
  error: OpenSslError,
  configuration: TlsConfiguration,
  certificates: readonly ServedCertificate[],
  attempt: (ciphers: string) => void,
): StartupError {
  const { ciphers, ciphersuites, groups, protocols } = configuration.engine;
  const files = certificates.map((each) => each.source).join(" and ");
  const subjects: Readonly<Record<string, string>> = {
    "ciphers": `-c/--ciphers ${ciphers}`,
    "ciphersuites": `--ciphersuites ${ciphersuites}`,
    "groups": `--ecdh-curve ${groups}`,
    "protocols": `--tls-protos ${protocols.join(" ")}`,
    "authorities": configuration.backend === undefined ? "--client-verify-ca" : "--backend-ca",
    "revocation lists": "--client-verify-crl",
    "certificate": `${files}: the certificate`,
    "private key": `${files}: the private key`,
    "DH parameters": `${files}: the DH parameters`,
  };
  const subject = subjects[error.subject ?? ""] ?? files;
  const [certificate, another] = certificates;
  const refusal = (line: string) =>
    certificate !== undefined && another === undefined && OF_A_CERTIFICATE.includes(error.subject)
      ? certificateRefused(certificate, line.slice(`${files}: `.length), { cause: error })
      : new StartupError(line, { cause: error });
  if (error.subject === "groups" && groups !== undefined) {
    return new StartupError(
      `${subject}: OpenSSL does not know all of these groups${groupSuggestion(groups)}`,
      { cause: error },
    );
  }
  if (error.subject === "private key" && /mismatch|no certificate assigned/.test(error.message)) {
    return refusal(`${subject} does not belong to the certificate`);
  }
  const advice = isTooWeak(error) ? levelAdvice(ciphers, attempt) : "";
  return refusal(`${subject}: OpenSSL refuses it: ${error.message}${advice}`);
}

/** What can be wrong with a certificate alone. */
const OF_A_CERTIFICATE: readonly unknown[] = ["certificate", "private key", "DH parameters"];
