/**
 * Certificates that have been read and checked before, by the text of their files: when one of thousands has changed,
 * the others need not be parsed again.
 */

import { createHash } from "node:crypto";
import type { PlannedCertificate } from "./planned_certificate.ts";

/** Remembers the result for a file with this digest: a certificate with its own key. */
export function remember(digest: string, certificate: PlannedCertificate): void {
  origins.set(certificate, { digest, certificate });
}

/** Remembers, under the same text, a certificate made from another, for example with a stapled response. */
export function rememberAlike(certificate: PlannedCertificate, base: PlannedCertificate): void {
  const origin = origins.get(base);
  if (origin !== undefined) origins.set(certificate, origin);
}

/** The former result for the same digest, unchanged; undefined if the file's text is new. */
export function recall(
  digest: string,
  former: PlannedCertificate | undefined,
): PlannedCertificate | undefined {
  const origin = former && origins.get(former);
  return origin?.digest === digest ? origin.certificate : undefined;
}

/** The digest of a file's text, or of its bytes. */
export function digestOf(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64");
}

const origins = new WeakMap<
  PlannedCertificate,
  { readonly digest: string; readonly certificate: PlannedCertificate }
>();
