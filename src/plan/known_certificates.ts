/**
 * Certificates that have been read and checked before, by the text of their files: when one of thousands has changed,
 * the others need not be parsed again.
 */

import { createHash } from "node:crypto";
import type { PlannedCertificate } from "./planned_certificate.ts";

/** Remembers the result for a file's text: a certificate with its own key. */
export function remember(text: string, certificate: PlannedCertificate): void {
  const origin = { digest: digestOf(text), certificate };
  origins.set(certificate, origin);
}

/** Remembers, under the same text, a certificate made from another, for example with a stapled response. */
export function rememberAlike(certificate: PlannedCertificate, base: PlannedCertificate): void {
  const origin = origins.get(base);
  if (origin !== undefined) origins.set(certificate, origin);
}

/** The former result for the same text, unchanged; undefined if the text is new. */
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
