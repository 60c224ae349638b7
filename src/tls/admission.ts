/**
 * Decides by the names in a client's certificate whether the client may connect. The library has already verified
 * the certificate, in this handshake or in that of the resumed session. A certificate that cannot be parsed has no
 * names.
 */

import type { ClientName } from "../x509/client_name.ts";
import { isNamed } from "../x509/client_name.ts";
import { type CertificateNames, certificateNames } from "../x509/certificate_names.ts";
import { Certificate } from "../x509/certificate.ts";
import { distinguishedName } from "../x509/distinguished_name.ts";

/** Why the client with this certificate (PEM text) may not connect; undefined if it may. */
export function admissionFault(
  certificate: string | undefined,
  allowed: readonly ClientName[] | undefined,
): string | undefined {
  if (allowed === undefined) return undefined;
  const parsed = parse(certificate);
  const names = parsed && namesIn(parsed);
  if (names !== undefined && isNamed(names, allowed)) return undefined;
  if (certificate === undefined) return notAllowed("a client without a certificate");
  return notAllowed(whoIs(parsed, names));
}

function notAllowed(client: string): string {
  return `${client} is not allowed by --allow-cn or --allow-san`;
}

function parse(certificate: string | undefined): Certificate | undefined {
  try {
    return certificate === undefined ? undefined : Certificate.parsePem(certificate);
  } catch {
    return undefined;
  }
}

function namesIn(certificate: Certificate): CertificateNames | undefined {
  try {
    return certificateNames(certificate);
  } catch {
    return undefined;
  }
}

function subjectOf(certificate: Certificate): string {
  try {
    return distinguishedName(certificate.subject);
  } catch {
    return "";
  }
}

/** The subject, and the names that could have matched. Long text is cut, because the client chooses all of it. */
function whoIs(certificate: Certificate | undefined, names: CertificateNames | undefined): string {
  const subject = certificate === undefined ? "" : subjectOf(certificate);
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

/** In UTF-16 code units. */
const LONGEST = 300;
