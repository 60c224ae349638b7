/**
 * Creates a context, and reports what the library refuses in words for operators: the option or the file, the name that
 * was probably meant, and the security level (SSL_CTX_set_security_level(3)) at which OpenSSL would accept it. Only
 * OpenSSL knows that level, so stud asks it.
 */

import { nearest, suggestion } from "../../config/nearest.ts";
import { StartupError } from "../../errors.ts";
import { OpenSslError, type SslContextOptions, type SslTicketKeys } from "../../runtime/openssl.ts";
import type { StreamContext, StreamTls } from "../../runtime/stream_tls.ts";
import { certificateRefused } from "../certificates_refused.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls_configuration.ts";

/** Throws {@linkcode StartupError} that names the option, or the file of these certificates. */
export function newContext(
  library: StreamTls,
  configuration: TlsConfiguration,
  certificates: readonly ServedCertificate[],
  options: SslContextOptions & { readonly ticketKeys?: SslTicketKeys },
): StreamContext {
  const whole = { ticketKeys: undefined, ...options };
  try {
    return library.newContext(whole);
  } catch (error) {
    if (!(error instanceof OpenSslError)) throw error;
    throw startupError(
      ...[error, configuration, certificates] as const,
      (ciphers) => library.newContext({ ...whole, ciphers }).free(),
    );
  }
}

/**
 * Names the option or file that OpenSSL refuses; for a single certificate the error is a `CertificatesRefused`.
 * `attempt` creates the same thing with other ciphers, to find out which security level would be enough.
 */
function startupError(
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

/** Whether OpenSSL may accept at a lower level what it has refused. */
function isTooWeak({ message }: OpenSslError): boolean {
  return /too small|too weak/.test(message);
}

/**
 * The advice to add to a message about something too weak. `attempt` creates the same thing with another cipher
 * list, and throws {@linkcode OpenSslError} if that is refused again.
 */
function levelAdvice(
  ciphers: string | undefined,
  attempt: (ciphers: string) => void,
): string {
  const list = ciphers?.replace(/[:, ]?@SECLEVEL=\d/g, "") || USUAL_CIPHERS;
  for (const level of [1, 0]) {
    const wanted = `${list}:@SECLEVEL=${level}`;
    if (!isTaken(() => attempt(wanted))) continue;
    const ssl = /@SECLEVEL/.test(ciphers ?? "") ? "" : " or --ssl";
    return `; too weak for its security level: use a stronger one, or allow it with -c '${wanted}'${ssl}`;
  }
  return "; too weak for OpenSSL at any security level (@SECLEVEL)";
}

function isTaken(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (!(error instanceof OpenSslError)) throw error;
    return false;
  }
}

/** A short form of stud's default ciphers. */
const USUAL_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";

/** A suggestion for the first name in `groups` that is not known here, to append to a message; may be empty. */
function groupSuggestion(groups: string): string {
  const known = KNOWN_GROUPS.map((name) => name.toLowerCase());
  const unknown = groups.split(/[:/]/).map((name) => name.replace(/^[?*-]+/, ""))
    .find((name) => !known.includes(name.toLowerCase()));
  return suggestion(unknown === undefined ? undefined : nearest(unknown, KNOWN_GROUPS));
}

/** The usual ones; only OpenSSL knows all, and newer versions have more. */
const KNOWN_GROUPS = [
  ...["X25519", "X448", "P-256", "P-384", "P-521", "prime256v1", "secp256r1", "secp384r1"],
  ...["secp521r1", "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"],
  ...["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"],
  ...["X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"],
];
