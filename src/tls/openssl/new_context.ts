/**
 * Creates a context, and reports what the library refuses in words for operators: the option or the file, the name that
 * is unknown or was probably meant, and the security level (SSL_CTX_set_security_level(3)) at which OpenSSL would accept
 * it. Only OpenSSL knows the names and that level, so stud asks it.
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
      (change) => library.newContext({ ...whole, ...change }).free(),
    );
  }
}

/**
 * Names the option or file that OpenSSL refuses; for a single certificate the error is a `CertificatesRefused`.
 * `attempt` creates the same thing with other options, to find out what would be accepted.
 */
function startupError(
  error: OpenSslError,
  configuration: TlsConfiguration,
  certificates: readonly ServedCertificate[],
  attempt: Attempt,
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
    return new StartupError(`${subject}: ${groupFault(groups, attempt)}`, { cause: error });
  }
  if (error.subject === "private key" && /mismatch|no certificate assigned/.test(error.message)) {
    return refusal(`${subject} does not belong to the certificate`);
  }
  const advice = isTooWeak(error) ? levelAdvice(ciphers, attempt) : cipherAdvice(error);
  return refusal(`${subject}: OpenSSL refuses it: ${error.message}${advice}`);
}

/** Throws {@linkcode OpenSslError} if the library refuses it with these options. */
type Attempt = (change: Partial<SslContextOptions>) => void;

/** What can be wrong with a certificate alone. */
const OF_A_CERTIFICATE: readonly unknown[] = ["certificate", "private key", "DH parameters"];

/** Whether OpenSSL may accept at a lower level what it has refused. */
function isTooWeak({ message }: OpenSslError): boolean {
  return /too small|too weak/.test(message);
}

/** The advice to add to a message about names of ciphers; may be empty. */
function cipherAdvice({ message, subject }: OpenSslError): string {
  if (message !== "no cipher match") return "";
  return subject === "ciphersuites"
    ? "; openssl ciphers -s -tls1_3 lists the names, those up to TLS 1.2 go to -c/--ciphers"
    : "; openssl ciphers -v ALL lists the names, those of TLS 1.3 go to --ciphersuites";
}

/** The advice to add to a message about something too weak. */
function levelAdvice(ciphers: string | undefined, attempt: Attempt): string {
  const list = ciphers?.replace(/[:, ]?@SECLEVEL=\d/g, "") || USUAL_CIPHERS;
  for (const level of [1, 0]) {
    const wanted = `${list}:@SECLEVEL=${level}`;
    if (!isTaken(() => attempt({ ciphers: wanted }))) continue;
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

/** What is wrong with a list of groups: names that the library does not know, each asked for alone. */
function groupFault(groups: string, attempt: Attempt): string {
  const isKnown = (name: string) => isTaken(() => attempt({ groups: name, certificates: [] }));
  const names = groups.split(/[:/]/).map((name) => name.replace(/^[?*-]+/, ""));
  const unknown = names.filter((name) => name !== "" && !isKnown(name));
  if (unknown.length === 0) {
    return "OpenSSL refuses this list of groups; name each group once, with a colon between two";
  }
  const [meant] = unknown.flatMap((name) => nearest(name, KNOWN_GROUPS) ?? []);
  const usual = USUAL_GROUPS.filter(isKnown).join(", ");
  return `OpenSSL does not know the group${unknown.length > 1 ? "s" : ""} ${
    unknown.join(" and ")
  }` +
    (meant === undefined && usual !== ""
      ? `; it knows ${usual}, and the curves that openssl ecparam -list_curves lists`
      : suggestion(meant));
}

const USUAL_GROUPS = ["X25519MLKEM768", "X25519", "X448", "P-256", "P-384", "P-521", "ffdhe2048"];

/** The usual ones; only OpenSSL knows all, and newer versions have more. */
const KNOWN_GROUPS = [
  ...["X25519", "X448", "P-256", "P-384", "P-521", "prime256v1", "secp256r1", "secp384r1"],
  ...["secp521r1", "secp256k1", "brainpoolP256r1", "brainpoolP384r1", "brainpoolP512r1"],
  ...["ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"],
  ...["X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"],
];
