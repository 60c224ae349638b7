/** Says which certificates OpenSSL takes and hardly any client can use: it finds nothing wrong, and handshakes fail. */

import type { EngineSettings } from "../config/settings.ts";
import type { CheckedCertificate } from "../x509/certificate.ts";

/** A line for each certificate whose kind of key browsers and other clients of today do not know. */
export function rareKeyWarnings(
  { ciphers }: Pick<EngineSettings, "ciphers">,
  certificates: readonly CheckedCertificate[],
): string[] {
  return certificates.flatMap(({ source, keyType, curve: identifier = "" }) => {
    const advice = "use a P-256 key, or RSA with 2048 bits";
    if (keyType === "dsa" && !/DSS|ALL/.test(ciphers ?? "")) {
      return [`${source}: its key is DSA, and no client gets in with these ciphers; ${advice}`];
    }
    const curve = RARE_CURVES.get(identifier);
    if (curve === undefined) return [];
    return [
      `${source}: its key is on the curve ${curve}, which TLS 1.3 does not have and few clients know; others ` +
      `cannot connect: ${advice}`,
    ];
  });
}

/** Those that TLS 1.3 does not sign with (RFC 8446 section 4.2.3), as OpenSSL calls them. */
const RARE_CURVES = new Map([
  ["1.2.840.10045.3.1.1", "P-192"],
  ["1.3.132.0.33", "P-224"],
  ["1.3.132.0.10", "secp256k1"],
  ["1.3.132.0.8", "secp160r1"],
  ["1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"],
  ["1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"],
  ["1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"],
]);
