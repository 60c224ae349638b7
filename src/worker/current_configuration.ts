/** The configuration that a worker uses: the one it received, with everything that has become known since. */

import type { Asked, WorkerConfiguration } from "../control/messages.ts";
import { unpackConfiguration } from "../control/packed_configuration.ts";
import { withResponses } from "../tls/staples.ts";
import type { TlsConfiguration } from "../tls/tls_configuration.ts";
import type { ToldCertificates } from "./told_certificates.ts";

/** The configuration of a state. Objects shared by several frontends stay shared. */
export function currentConfiguration(
  state: Asked<"prepare">,
  certificates: ToldCertificates,
): WorkerConfiguration {
  const { configuration, staples, missing } = state;
  const unpacked = unpackConfiguration(configuration, certificates.of(state));
  const responses = new Map(staples.map(({ fingerprint, response }) => {
    return [fingerprint, { response: response ?? undefined }];
  }));
  const known = new Map<TlsConfiguration, TlsConfiguration>();
  const complete = (tls: TlsConfiguration) => {
    let completed = known.get(tls);
    if (completed === undefined) {
      const isMissing = missing !== undefined && tls.orElse !== undefined;
      const newest = withResponses(tls, responses);
      completed = isMissing ? { ...newest, missing } : newest;
      known.set(tls, completed);
    }
    return completed;
  };
  return {
    ...unpacked,
    tls: complete(unpacked.tls),
    frontends: unpacked.frontends.map((one) => one.tls ? { ...one, tls: complete(one.tls) } : one),
  };
}
