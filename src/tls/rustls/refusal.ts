/** Explains to operators why the runtime's rustls refuses a certificate, and what would be accepted. */

import { certificateAlgorithms } from "../../x509/certificate_algorithms.ts";
import { certificateRefused } from "../certificates_refused.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls_configuration.ts";

/** The error for a matching certificate and key that the library refuses. */
export function rustlsRefusal(
  certificate: ServedCertificate,
  { orElse }: Pick<TlsConfiguration, "orElse">,
  error: unknown,
): Error {
  const why = rustlsReason(certificate, error);
  const help = orElse === undefined
    ? "on Linux --tls-library=openssl does"
    : "OpenSSL does, so install it (Debian: libssl3)";
  return certificateRefused(
    certificate,
    `rustls cannot serve this certificate and key: ${why}; ${help}, or use a P-256 key, ` +
      "or RSA with 2048 bits",
    { cause: error },
  );
}

/** The reason behind an error of the library, which says little more than that it failed. */
export function rustlsReason(certificate: ServedCertificate, error: unknown): string {
  const { cause = error } = error as Error;
  const { message } = cause as Error;
  if (message.includes("UnsupportedCertVersion")) return "it is X.509 version 1";
  const { key } = certificateAlgorithms(certificate);
  const bits = Number(/^RSA(\d+)$/.exec(key ?? "")?.[1]);
  switch (certificate.keyType) {
    case "rsa":
      return bits < 2048 ? `its RSA key has ${bits} bits, fewer than 2048` : message;
    case "rsa-pss":
      return "its key is for RSA-PSS only";
    case "ec":
      return message.includes("failed to parse")
        ? "its curve is not P-256, P-384 or P-521"
        : message;
    case "ed25519":
      return message;
    case "ed448":
    case "dsa":
      return `its key is ${certificate.keyType === "dsa" ? "DSA" : "Ed448"}`;
    default:
      return `rustls does not know its key type (${certificate.keyType})`;
  }
}
