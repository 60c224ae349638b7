/**
 * Decides by the names in a client's certificate whether it may connect. The library has verified the certificate by
 * then, in this handshake or in the one that the session began with; what cannot be read is nobody's.
 */

import type { ClientName } from "../x509/client_name.ts";
import { isNamed } from "../x509/client_name.ts";
import { type CertificateNames, certificateNames } from "../x509/certificate_names.ts";
import { certificateSubject } from "../x509/distinguished_name.ts";
import { parsePem, pemOctets } from "../x509/pem.ts";

/** Why the client with this certificate (PEM text) may not connect; undefined: it may. */
export function admissionFault(
  certificate: string | undefined,
  allowed: readonly ClientName[] | undefined,
): string | undefined {
  if (allowed === undefined) return undefined;
  const names = namesIn(certificate);
  if (names !== undefined && isNamed(names, allowed)) return undefined;
  return `${whoIs(certificate, names)} is not allowed by --allow-cn or --allow-san`;
}

function namesIn(certificate: string | undefined): CertificateNames | undefined {
  try {
    const [block] = parsePem(certificate ?? "");
    return block && certificateNames(pemOctets(block));
  } catch {
    return undefined;
  }
}

/** The subject and the names that could have been allowed. What is long is cut: all of it is the client's choice. */
function whoIs(certificate: string | undefined, names: CertificateNames | undefined): string {
  if (certificate === undefined) return "a client without a certificate";
  const subject = certificateSubject(certificate) ?? "";
  const { dns = [], uris = [], emails = [] } = names ?? {};
  const all = [
    ...subject === "" ? [] : [subject],
    ...dns.map((name) => `DNS:${name}`),
    ...uris.map((uri) => `URI:${uri}`),
    ...emails.map((address) => `email:${address}`),
  ].join(", ");
  if (all === "") return "a client without a name";
  return all.length > LONGEST ? `${all.slice(0, LONGEST)}…` : all;
}

/** UTF-16 code units. */
const LONGEST = 300;
