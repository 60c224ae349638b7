/** Turns OpenSSL's refusal of a setting into a line for the operator. */

import { StartupError } from "../../errors.ts";
import type { OpenSslError } from "../../runtime/openssl.ts";
import { groupSuggestion } from "../group_names.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls_configuration.ts";

/** Names the option or the file that OpenSSL does not take. */
export function startupError(
  error: OpenSslError,
  configuration: TlsConfiguration,
  certificates: readonly ServedCertificate[],
): StartupError {
  const { ciphers, ciphersuites, groups } = configuration;
  const files = certificates.map((each) => each.source).join(" and ");
  const subjects: Readonly<Record<string, string>> = {
    "ciphers": `-c/--ciphers ${ciphers}`,
    "ciphersuites": `--ciphersuites ${ciphersuites}`,
    "groups": `--ecdh-curve ${groups}`,
    "protocols": `--tls-protos ${configuration.protocols.join(" ")}`,
    "authorities": configuration.backend === undefined ? "--client-verify-ca" : "--backend-ca",
    "revocation lists": "--client-verify-crl",
    "certificate": `${files}: the certificate`,
    "private key": `${files}: the private key`,
    "DH parameters": `${files}: the DH parameters`,
  };
  const subject = subjects[error.subject ?? ""] ?? files;
  if (error.subject === "groups" && groups !== undefined) {
    return new StartupError(
      `${subject}: OpenSSL does not know all of these groups${groupSuggestion(groups)}`,
      { cause: error },
    );
  }
  if (error.subject === "private key" && /mismatch|no certificate assigned/.test(error.message)) {
    return new StartupError(`${subject} does not belong to the certificate`, { cause: error });
  }
  return new StartupError(`${subject}: OpenSSL refuses it: ${error.message}${advice(error)}`, {
    cause: error,
  });
}

function advice({ message }: OpenSslError): string {
  const level = "; the security level of the library is to blame (@SECLEVEL in -c lowers it)";
  return /too small|too weak|md too weak/.test(message) ? level : "";
}
