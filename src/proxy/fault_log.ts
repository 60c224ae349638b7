/** Turns the faults of connections into log lines that an operator can act on, without a flood of them. */

import type { Logger } from "@logtape/logtape";
import type { PeerError } from "../errors.ts";
import { Repeats, type RepeatSummary } from "../log/repeats.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { TlsConnection } from "../tls/engine.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** Whether this is how clients leave every day: nobody's fault, nothing to act on. */
export function isRoutineClose(fault: PeerError): boolean {
  return fault.party === "client" && (fault.kind === "closed" || fault.kind === "reset");
}

/** What a line is about, in front of its cause. */
type Subject = "handshake failed" | "backend failed" | "connection ended" | "cannot accept clients";

/** Writes lines about faults. */
export class FaultLog {
  readonly #log: Logger;
  readonly #repeats: Repeats<string>;

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#repeats = new Repeats(clock, (summary) => this.#summarize(summary));
  }

  /** A connection ended by a fault. */
  connection(fault: PeerError, client: TlsConnection): void {
    const duringHandshake = fault.kind === "handshake" ||
      (fault.party === "client" && fault.message.startsWith("no handshake"));
    if (isRoutineClose(fault)) return;
    const subject = duringHandshake
      ? "handshake failed"
      : fault.party === "backend"
      ? "backend failed"
      : "connection ended";
    this.#write(subject, fault, describeClient(client));
  }

  /** No client can be accepted for now. */
  shortage(fault: PeerError): void {
    this.#write("cannot accept clients", fault, "raise the limit of open files (ulimit -n)");
  }

  /** Writes the counts that are still waiting. */
  flush(): void {
    this.#repeats.flush();
  }

  #write(subject: Subject, fault: PeerError, detail: string): void {
    const kind = `${subject}: ${fault.message}`;
    if (!this.#repeats.isFirst(kind, detail)) return;
    const values = { subject, reason: fault.message, detail };
    if (subject === "backend failed" || subject === "cannot accept clients") {
      this.#log.error("{subject}: {reason} ({detail})", values);
    } else {
      this.#log.info("{subject}: {reason} ({detail})", values);
    }
  }

  #summarize({ kind, count, detail, seconds }: RepeatSummary<string>): void {
    const values = { kind, count, seconds, detail };
    this.#log.info("{kind}: {count} more within {seconds} s, the last one: {detail}", values);
  }
}

function describeClient(client: TlsConnection): string {
  try {
    const { peer, local } = client.pair;
    return `client ${formatSocketAddress(peer)} to ${formatSocketAddress(local)}`;
  } catch {
    return "client already gone";
  }
}
