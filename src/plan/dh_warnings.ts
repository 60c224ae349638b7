/** Says where finite-field Diffie-Hellman is asked for and cannot work: OpenSSL leaves it out without a word. */

import type { EngineSettings } from "../config/settings.ts";
import type { CheckedCertificate } from "../x509/certificate.ts";
import { dhBits, FEWEST_DH_BITS } from "../x509/dh_parameters.ts";
import { lowersSecurityLevel } from "../tls/openssl/context_options.ts";

/** A line for each file with weak parameters, and one if ciphers are named that no file has parameters for. */
export function dhWarnings(
  { ciphers, protocols }: Pick<EngineSettings, "ciphers" | "protocols">,
  certificates: readonly CheckedCertificate[],
): string[] {
  const given = certificates.filter(({ dhParameters }) => dhParameters !== undefined);
  if (given.length === 0) {
    if (certificates.length === 0 || !namesDhe(ciphers ?? "")) return [];
    return [
      `-c/--ciphers names DHE, but no PEM file has DH parameters: clients that support nothing else ` +
      "cannot connect; append some: openssl dhparam 2048 >> cert.pem",
    ];
  }
  if (lowersSecurityLevel({ protocols, ciphers }) || /@SECLEVEL=[01]/.test(ciphers ?? "")) {
    return [];
  }
  return given.flatMap(({ source, dhParameters }) => {
    const bits = dhBits(dhParameters!);
    if (bits >= FEWEST_DH_BITS) return [];
    return [
      `${source}: its DH parameters have ${bits} bits, and OpenSSL takes no fewer than ${FEWEST_DH_BITS}: ` +
      "clients that support only DHE cannot connect; make new ones: openssl dhparam 2048",
    ];
  });
}

/** Whether a list of ciphers (ciphers(1)) has finite-field DH by name, and does not take it away. */
function namesDhe(ciphers: string): boolean {
  return ciphers.split(/[:, ]/).some((word) => /^\+?k?(DHE|EDH|DH)(-|\+|$)/.test(word));
}
