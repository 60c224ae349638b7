/**
 * Checks the authorities for clients' certificates, for faults that a library reports only once clients connect:
 * whether they can verify any certificate, and whether their names fit into the certificate request.
 */

import { StartupError } from "../errors.ts";
import { parsePem, pemBytes } from "./pem.ts";
import { checkAuthorities } from "./certificate_file.ts";
import { isSameBytes } from "../wire/bytes.ts";
import { Certificate } from "./certificate.ts";

/** Like `checkAuthorities`. Also throws {@linkcode StartupError} if every handshake or every certificate would fail. */
export function checkClientAuthorities(pem: string, source: string): string {
  const authorities = checkAuthorities(pem, source);
  const certificates = parsePem(authorities).map((block) => parsed(pemBytes(block)));
  checkRoots(certificates, source);
  checkNames(certificates, source);
  return authorities;
}

/** A chain ends at a self-signed certificate, which may be the client's own. */
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

/** A client that is asked for a certificate receives all names, to choose one by. */
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

/** Undefined for a certificate that the platform accepts but stud cannot parse. */
function parsed(der: Uint8Array): Certificate | undefined {
  try {
    return Certificate.parse(der);
  } catch {
    return undefined;
  }
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return isSameBytes(issuer.whole, subject.whole);
}

/** Before each name in the list. */
const LENGTH_BYTES = 2;
/**
 * TLS 1.2 has 65,535 bytes for the list (RFC 5246 section 7.4.4), and TLS 1.3 the same for all extensions of the
 * request together (RFC 8446 section 4.3.2). OpenSSL 3.0 has 65,491 left in addition to its signature algorithms. Later
 * versions have more algorithms.
 */
const MAX_NAMES = 65_535 - 255;
