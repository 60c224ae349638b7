/**
 * Explains why TLS with the backend failed, in words that an operator can act on. The libraries report the same
 * fault in different ways; the words are the same for all of them. They are stable, because the log counts by
 * them.
 */

import { PeerError } from "../errors.ts";
import { OpenSslError } from "../runtime/openssl.ts";
import { Certificate } from "../x509/certificate.ts";
import { alternativeNames } from "../x509/certificate_names.ts";
import { alertName } from "./openssl/handshake_reasons.ts";

/** The fault of a failed handshake with the backend. `error` is the platform's, translated, or OpenSSL's. */
export function handshakeFault(error: PeerError | OpenSslError): PeerError {
  const end = error instanceof PeerError ? ENDS[error.kind] : undefined;
  return fault("handshake", end ?? `TLS: ${reasonOf(error)}`, error);
}

/** Makes the fault of a later read or write on a connection. `where` is the backend. */
export function recordFaultAt(where: string): (error: PeerError | OpenSslError) => PeerError {
  return (error) => {
    if (error instanceof PeerError && error.kind !== "other") return error;
    const reason = reasonOf(error);
    // A TLS 1.3 backend may report a problem with our certificate only after the handshake.
    const kind = /\(alert /.test(reason) ? "handshake" : "other";
    return fault(kind, `${where}: TLS: ${reason}`, error);
  };
}

/**
 * If the certificate (PEM text) is not valid for `name`, adds the names it is valid for, which OpenSSL does not
 * report. Other errors stay as they are.
 */
export function withNames(
  error: OpenSslError,
  name: string | undefined,
  certificate: string | undefined,
): OpenSslError {
  if (certificate === undefined || !MISMATCH.test(error.message)) return error;
  try {
    const others = alternativeNames(Certificate.parsePem(certificate)).join(", ");
    return new OpenSslError(notFor(name ?? "", others));
  } catch {
    // The certificate has other problems too; the first one found is enough.
    return error;
  }
}

function notFor(name: string, others: string): string {
  return `its certificate is not for ${name} but for ${others || "no name"}`;
}

function fault(kind: "handshake" | "other", message: string, cause: Error): PeerError {
  return new PeerError("backend", kind, message, { cause });
}

function reasonOf(error: PeerError | OpenSslError): string {
  const { message } = error;
  const alert = error instanceof OpenSslError && error.alert !== undefined
    ? alertName(error.alert)
    : snakeCase(/fatal alert: (\w+)/.exec(message)?.[1]);
  if (alert !== undefined) return `${ALERTS[alert] ?? "it aborted the handshake"} (alert ${alert})`;
  const [, name, others] = NOT_FOR.exec(message) ?? [];
  if (name !== undefined) return notFor(name, names(others ?? ""));
  for (const [pattern, words] of REASONS) {
    const match = pattern.exec(message);
    if (match !== null) return words.replace("$1", match[1] ?? "");
  }
  return message.replace(/^certificate verify failed: /, "its certificate could not be verified: ");
}

/** Names as rustls lists them: `DnsName("a.example"), IpAddress(192.0.2.1) or DnsName("b.example")`. */
function names(text: string): string {
  return text.replace(/,? or /g, ", ").replace(/\w+\("?([^")]*)"?\)/g, "$1");
}

/** `UnknownCA` and `unknown_ca` are the same alert. */
function snakeCase(name: string | undefined): string | undefined {
  return name?.replace(/([a-z])([A-Z])/g, "$1_$2").toLowerCase();
}

/** OpenSSL's text for a certificate with the wrong name. */
const MISMATCH = /host ?name mismatch|IP address mismatch/i;
/** The same for rustls. */
const NOT_FOR =
  /not valid for name "?([^";]+)"?; certificate is (?:only valid for (.*)|not valid for any names)/;

const ENDS: Readonly<Partial<Record<PeerError["kind"], string>>> = {
  closed: "it closed the connection during the TLS handshake",
  gone: "it closed the connection during the TLS handshake",
  reset: "it reset the connection during the TLS handshake",
};

/** What each alert from the backend means. */
const ALERTS: Readonly<Record<string, string>> = {
  handshake_failure: "no cipher or key exchange group in common, or it wants a certificate",
  bad_certificate: "it refused our certificate, or wants one",
  unsupported_certificate: "it refused our certificate",
  certificate_revoked: "it considers our certificate revoked",
  certificate_expired: "it considers our certificate expired",
  certificate_unknown: "it refused our certificate",
  unknown_ca: "it does not trust our certificate",
  certificate_required: "it requires a client certificate; name a PEM file",
  protocol_version: "no TLS version in common",
  unrecognized_name: "it does not know the requested name; see --backend-name",
  no_application_protocol: "it speaks none of the protocols of --alpn-protos",
};

/** A pattern in a library's text, and its meaning. The first match counts. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /peer certificate: (?:Expired|certificate expired)|certificate has expired/,
    "its certificate has expired",
  ],
  [
    /peer certificate: (?:NotValidYet|certificate not valid yet)|certificate is not yet valid/,
    "its certificate is not valid yet",
  ],
  [
    /not valid for name|host ?name mismatch|IP address mismatch/i,
    "its certificate is for another name",
  ],
  [
    /CaUsedAsEndEntity/,
    "it uses the certificate of an authority, which rustls refuses; see --tls-library",
  ],
  [
    /UnknownIssuer|unable to get (?:local )?issuer|self-signed|self signed|unable to verify the first/,
    "its certificate is from an authority that is not trusted here; see --backend-ca",
  ],
  [/Revoked|certificate revoked/, "its certificate has been revoked"],
  [
    /InvalidPurpose|RequiredEku|unsuitable certificate purpose|unsupported certificate purpose|ExtendedKeyUsage/i,
    "its certificate is not for servers",
  ],
  [
    /InvalidContentType|wrong version number|http request|packet length too long|MessageTooLarge|IllegalLength/,
    "it does not speak TLS",
  ],
  [
    /unsupported protocol|version too low|no protocols available|ServerDoesNotSupportTls|ServerTlsVersion/,
    "no TLS version in common",
  ],
  [/peer certificate: (.*)/, "its certificate could not be verified: $1"],
  [/unexpected message|inappropriate/, "it broke the protocol (unexpected message)"],
  [/corrupt message/, "it sent a malformed message"],
  [/bad record mac|decrypt/, "it sent an undecryptable record"],
];
