/**
 * The certificates that a worker has been sent, with the states they are of. A later state names those that it shares
 * with the current one, and only the others follow it.
 */

import { joinRuns } from "../control/certificate_runs.ts";
import type { Asked } from "../control/messages.ts";
import { ReceivedKeys, unpackCertificates } from "../control/packed_configuration.ts";
import { ProtocolError } from "../control/shapes.ts";
import type { ServedCertificate } from "../tls/tls_configuration.ts";

/** Remembers certificates from one state to the next. */
export class ToldCertificates {
  /** The keys that came with them. */
  readonly keys = new ReceivedKeys();
  /** By the version of the state: those of the current one, and of the one that was last prepared. */
  readonly #lists = new Map<number, readonly ServedCertificate[]>();
  #current: number | undefined;

  /** All certificates of a state. Throws {@linkcode ProtocolError} if it shares some with another state than the current. */
  of({ version, certificates, shared }: Asked<"prepare">): readonly ServedCertificate[] {
    this.#keepOnly(this.#current);
    const fresh = unpackCertificates(certificates, this.keys);
    let all: readonly ServedCertificate[] = fresh;
    if (shared !== undefined) {
      const former = this.#lists.get(shared.version);
      if (former === undefined) throw new ProtocolError("certificates of an unknown state");
      all = joinRuns(shared.runs, fresh, former);
    }
    this.#lists.set(version, all);
    this.#current ??= version;
    return all;
  }

  /** The state with this version is the current one. */
  commit(version: number): void {
    this.#current = version;
    this.#keepOnly(version);
  }

  #keepOnly(version: number | undefined): void {
    for (const other of this.#lists.keys()) if (other !== version) this.#lists.delete(other);
  }
}
