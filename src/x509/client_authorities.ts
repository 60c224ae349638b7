/**
 * Checks the authorities that clients' certificates are to be from, for what a library does not say before clients come:
 * whether any certificate could be verified by them, and whether their names go into the request for one.
 */

import { StartupError } from "../errors.ts";
import { parsePem, pemOctets } from "./pem.ts";
import { checkAuthorities } from "./certificate_file.ts";
import { isSameBytes } from "../wire/bytes.ts";
import { Certificate } from "./certificate.ts";

/** As `checkAuthorities` does. Throws {@linkcode StartupError} too if every handshake or every certificate would fail. */
export function checkClientAuthorities(pem: string, source: string): string {
  const authorities = checkAuthorities(pem, source);
  const certificates = parsePem(authorities).map((block) => parsed(pemOctets(block)));
  checkRoots(certificates, source);
  checkNames(certificates, source);
  return authorities;
}

/** A chain ends at a certificate that has signed itself, which may be the client's own. */
function checkRoots(
  certificates: readonly (Certificate | undefined)[],
  source: string,
): void {
  if (certificates.some((one) => one === undefined || isSelfIssued(one))) return;
  const count = certificates.length;
  throw new StartupError(
    `${source}: ${
      count === 1 ? "the certificate in it is" : `the ${count} certificates in it are`
    } signed by ` +
      "others, so no client's certificate can be verified; append the self-signed certificate of the root " +
      "authority",
  );
}

/** Those of all go to every client that is asked for a certificate, to choose one by. */
function checkNames(
  certificates: readonly (Certificate | undefined)[],
  source: string,
): void {
  const bytes = certificates.reduce(
    (sum, one) => sum + LENGTH_BYTES + (one?.subject.whole.length ?? 0),
    0,
  );
  if (bytes <= MAX_NAMES) return;
  throw new StartupError(
    `${source}: the names of the ${certificates.length} authorities in it take ${bytes} bytes, but TLS has ` +
      `room for ${MAX_NAMES} when a server asks for certificates; leave out authorities that no client's ` +
      "certificate is from",
  );
}

/** Undefined for what the platform takes and stud cannot read. */
function parsed(octets: Uint8Array): Certificate | undefined {
  try {
    return Certificate.parse(octets);
  } catch {
    return undefined;
  }
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return isSameBytes(issuer.whole, subject.whole);
}

/** Of each name in the list. */
const LENGTH_BYTES = 2;
/**
 * TLS 1.2 has 65,535 bytes for the list (RFC 5246 section 7.4.4), and TLS 1.3 as many for all extensions of the request
 * together (RFC 8446 section 4.3.2): 65,491 are what OpenSSL 3.0 has left with its signature algorithms. Later versions
 * have more of those.
 */
const MAX_NAMES = 65_535 - 255;
