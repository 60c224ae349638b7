/**
 * The JSON of `GET /status`, in parts. Those of certificates are kept for as long as these have not changed: with a
 * thousand, each answer would otherwise leave a megabyte of garbage, and the supervisor's heap would grow by several.
 */

import type { CertificateStatus, Status } from "./status.ts";

/** The JSON in UTF-8, with a newline at its end. The parts that are kept belong to later answers too. */
export function encodeStatus({ certificates, ...others }: Status): readonly Uint8Array[] {
  const text = JSON.stringify({ ...others, certificates: [] });
  const parts: Uint8Array[] = [ENCODER.encode(text.slice(0, -END.length))];
  for (let start = 0; start < certificates.length; start += IN_A_PART) {
    if (start > 0) parts.push(ENCODER.encode(","));
    parts.push(keptPart(certificates.slice(start, start + IN_A_PART)));
  }
  return [...parts, ENCODER.encode(`${END}\n`)];
}

function keptPart(certificates: readonly CertificateStatus[]): Uint8Array {
  const [first] = certificates;
  const known = KEPT.get(first!);
  const isSame = known?.certificates.length === certificates.length &&
    known.certificates.every((one, index) => one === certificates[index]);
  if (isSame) return known.bytes;
  const bytes = ENCODER.encode(certificates.map((one) => JSON.stringify(one)).join(","));
  KEPT.set(first!, { certificates, bytes });
  return bytes;
}

/** By the first certificate of a part. */
const KEPT = new WeakMap<
  CertificateStatus,
  { readonly certificates: readonly CertificateStatus[]; readonly bytes: Uint8Array }
>();

const ENCODER = new TextEncoder();
/** Some 30 kB. The days that are left change now and then, for a few certificates at a time. */
const IN_A_PART = 100;
/** What follows the certificates. */
const END = "]}";
