/**
 * Certificates that have been read and checked before, by the text of their files: thousands that have not
 * changed need not be taken apart again when one of them has.
 */

import { createHash } from "node:crypto";
import type { PlannedCertificate } from "./planned_certificate.ts";

/** Remembers what the text of a file came to: a certificate with its own key. */
export function remember(text: string, certificate: PlannedCertificate): void {
  const origin = { digest: digestOf(text), certificate };
  origins.set(certificate, origin);
}

/** Has a certificate that was made of another, with a stapled response say, be found by the same text. */
export function rememberAlike(certificate: PlannedCertificate, base: PlannedCertificate): void {
  const origin = origins.get(base);
  if (origin !== undefined) origins.set(certificate, origin);
}

/** What the same text came to before, as it was then; undefined if it is new. */
export function recall(
  text: string,
  former: PlannedCertificate | undefined,
): PlannedCertificate | undefined {
  const origin = former && origins.get(former);
  return origin?.digest === digestOf(text) ? origin?.certificate : undefined;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}

const origins = new WeakMap<
  PlannedCertificate,
  { readonly digest: string; readonly certificate: PlannedCertificate }
>();
