/**
 * Warns about keys and parameters that OpenSSL accepts without error, but then does not use, or that hardly any client
 * supports. Handshakes then fail without an explanation.
 */

import type { EngineSettings } from "../config/settings.ts";
import type { CheckedCertificate } from "../x509/certificate_file.ts";
import { dhBits, MIN_DH_BITS } from "../x509/dh_parameters.ts";
import { lowersSecurityLevel } from "../tls/openssl/context_options.ts";

/** A line for each certificate whose key type browsers and other current clients do not support. */
export function rareKeyWarnings(
  { ciphers }: Pick<EngineSettings, "ciphers">,
  certificates: readonly CheckedCertificate[],
): string[] {
  return certificates.flatMap(({ source, keyType, curve: identifier = "" }) => {
    const advice = "use a P-256 key, or RSA with 2048 bits";
    if (keyType === "dsa" && !/DSS|ALL/.test(ciphers ?? "")) {
      return [`${source}: its key is DSA, and no client can connect with these ciphers; ${advice}`];
    }
    const curve = RARE_CURVES.get(identifier);
    if (curve === undefined) return [];
    return [
      `${source}: its key is on the curve ${curve}, which TLS 1.3 lacks and few clients support; others ` +
      `cannot connect: ${advice}`,
    ];
  });
}

/** A line for each file with weak parameters, and one if ciphers are named that need parameters but no file has any. */
export function dhWarnings(
  engine: Pick<EngineSettings, "ciphers" | "protocols">,
  certificates: readonly CheckedCertificate[],
): string[] {
  const { ciphers } = engine;
  const given = certificates.filter(({ dhParameters }) => dhParameters !== undefined);
  if (given.length === 0) {
    if (certificates.length === 0 || !namesDhe(ciphers ?? "")) return [];
    return [
      `-c/--ciphers names DHE, but no PEM file has DH parameters: clients that support nothing else ` +
      "cannot connect; append some: openssl dhparam 2048 >> cert.pem",
    ];
  }
  if (lowersSecurityLevel(engine) || /@SECLEVEL=[01]/.test(ciphers ?? "")) {
    return [];
  }
  return given.flatMap(({ source, dhParameters }) => {
    const bits = dhBits(dhParameters!);
    if (bits >= MIN_DH_BITS) return [];
    return [
      `${source}: its DH parameters have ${bits} bits, but OpenSSL requires ${MIN_DH_BITS}: ` +
      "clients that support only DHE cannot connect; make new ones: openssl dhparam 2048",
    ];
  });
}

/** Whether a list of ciphers (ciphers(1)) names finite-field DH and does not remove it. */
function namesDhe(ciphers: string): boolean {
  return ciphers.split(/[:, ]/).some((word) => /^\+?k?(DHE|EDH|DH)(-|\+|$)/.test(word));
}

/** Curves that TLS 1.3 does not sign with (RFC 8446 section 4.2.3), under OpenSSL's names. */
const RARE_CURVES = new Map([
  ["1.2.840.10045.3.1.1", "P-192"],
  ["1.3.132.0.33", "P-224"],
  ["1.3.132.0.10", "secp256k1"],
  ["1.3.132.0.8", "secp160r1"],
  ["1.3.36.3.3.2.8.1.1.7", "brainpoolP256r1"],
  ["1.3.36.3.3.2.8.1.1.11", "brainpoolP384r1"],
  ["1.3.36.3.3.2.8.1.1.13", "brainpoolP512r1"],
]);
