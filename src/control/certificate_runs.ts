/**
 * Which certificates of a state a worker has already, so that it is sent only the others: of ten thousand, often one has
 * changed. It compares them as they are sent, and knows nothing about their keys.
 */

import { isSameData } from "../same_data.ts";
import type { ServedCertificate } from "../tls/tls_configuration.ts";
import { ProtocolError } from "./shapes.ts";

/**
 * A part of a list of certificates: so many of those that are sent, or `[first, count]` of those of the former state.
 */
export type CertificateRun = number | readonly [first: number, count: number];

/** A list as runs, and the certificates to send. */
export interface CertificateRuns {
  readonly runs: readonly CertificateRun[];
  readonly fresh: readonly ServedCertificate[];
}

/** The list as runs of the former one. */
export function certificateRuns(
  certificates: readonly ServedCertificate[],
  former: readonly ServedCertificate[],
): CertificateRuns {
  const runs: CertificateRun[] = [];
  const fresh: ServedCertificate[] = [];
  let byFingerprint: Map<string | undefined, number[]> | undefined;
  const find = (wanted: ServedCertificate): number | undefined => {
    byFingerprint ??= indexesByFingerprint(former);
    return byFingerprint.get(wanted.fingerprint)?.find((index) =>
      isSameData(former[index], wanted)
    );
  };
  let first = 0;
  let count = 0;
  const end = () => {
    if (count > 0) runs.push([first, count]);
    count = 0;
  };
  for (const [index, certificate] of certificates.entries()) {
    const next = first + count;
    // If the list goes on as before, one was replaced, and the others need not be searched for it.
    const isReplaced = () =>
      index + 1 < certificates.length && former[next + 1] === certificates[index + 1];
    const found = isSameData(former[next], certificate)
      ? next
      : isReplaced()
      ? undefined
      : find(certificate);
    if (found === undefined) {
      end();
      // The list often goes on behind the one that was replaced.
      first = next + 1;
      fresh.push(certificate);
      const last = runs.at(-1);
      if (typeof last === "number") runs[runs.length - 1] = last + 1;
      else runs.push(1);
    } else if (found === next) {
      count++;
    } else {
      end();
      [first, count] = [found, 1];
    }
  }
  end();
  return { runs, fresh };
}

/** The list that runs describe. Throws {@linkcode ProtocolError} if they do not fit the certificates. */
export function joinRuns<Certificate>(
  runs: readonly CertificateRun[],
  fresh: readonly Certificate[],
  former: readonly Certificate[],
): Certificate[] {
  const all: Certificate[] = [];
  let used = 0;
  for (const run of runs) {
    const [from, first, count] = typeof run === "number" ? [fresh, used, run] : [former, ...run];
    if (first + count > from.length) throw new ProtocolError("certificates are missing");
    for (let index = first; index < first + count; index++) all.push(from[index]!);
    if (from === fresh) used += count;
  }
  return all;
}

function indexesByFingerprint(
  certificates: readonly ServedCertificate[],
): Map<string | undefined, number[]> {
  const indexes = new Map<string | undefined, number[]>();
  for (const [index, { fingerprint }] of certificates.entries()) {
    const others = indexes.get(fingerprint);
    if (others === undefined) indexes.set(fingerprint, [index]);
    else others.push(index);
  }
  return indexes;
}
