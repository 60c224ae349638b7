/** Turns the faults of connections into log lines that an operator can act on, without flooding the log. */

import type { PeerError } from "../errors.ts";
import type { EventName } from "../log/events.ts";
import type { About, Logger } from "../log/logger.ts";
import { Repeats, type RepeatSummary } from "../log/repeats.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { Client } from "../tls/engine.ts";
import { handshakeFailureReason } from "../tls/handshake_reasons.ts";
import { DESCRIPTORS } from "./admission.ts";
import { type ClientFacts, clientFacts } from "./client_facts.ts";
import { type FaultSite, HandshakeFailures } from "./handshake_failures.ts";
import type { SlotRule } from "./slots.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** Whether this is an everyday disconnect: no fault, and nothing to act on. */
export function isRoutineClose(fault: PeerError): boolean {
  return fault.party === "client" &&
    ["closed", "cut", "reset", "gone", "silent"].includes(fault.kind);
}

/** The subject of a line, written before its cause. */
type Subject =
  | "client denied"
  | "backend failed"
  | "connection ended"
  | "connection refused"
  | "cannot accept clients";

/** The last fault of a kind. */
interface LastFault {
  readonly level: "info" | "warning" | "error";
  readonly detail: string;
  readonly about: About;
}

type Facts = Readonly<Record<string, unknown>>;

/** Logs faults. */
export class FaultLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #repeats: Repeats<LastFault>;
  /** The handshakes that failed. */
  readonly failures: HandshakeFailures;
  /** When each limit was last logged, by the limit's name. */
  readonly #fullAt = new Map<string, number>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#repeats = new Repeats(clock, (summary) => this.#summarize(summary));
    const lastOf = (words: string, detail: string, facts: Facts): LastFault => ({
      ...{ level: "info", detail },
      about: {
        event: "handshake_failed",
        fields: { kind: undefined, reason: words, ...facts },
      },
    });
    const kindOf = (words: string) => `handshake failed: ${words}`;
    this.failures = new HandshakeFailures(clock, {
      first: (words, detail, facts) =>
        this.#say({ kind: kindOf(words), ...lastOf(words, detail, facts) }),
      more: (words, count, seconds, detail, facts) =>
        this.#summarize({
          ...{ kind: kindOf(words), count, seconds },
          detail: lastOf(words, detail, facts),
        }),
    });
  }

  /** A connection ended with a fault. */
  connection(fault: PeerError, client: Client, site: FaultSite = NOWHERE): void {
    if (fault.kind === "silent") {
      this.#log.debug("{client}: {reason}", {
        client: describeClient(client),
        reason: "closed the connection before it sent anything",
      }, { fields: clientFacts(client) });
    }
    if (isRoutineClose(fault)) return;
    const reason = handshakeFailureReason(fault);
    if (reason !== undefined) {
      return this.failures.take(fault, reason, client, site, describeClient(client));
    }
    const subject = fault.party === "backend"
      ? "backend failed"
      : fault.kind === "denied"
      ? "client denied"
      : fault.kind === "refused"
      ? "connection refused"
      : "connection ended";
    const detail = [describeClient(client), ...fault.detail === undefined ? [] : [fault.detail]];
    this.#write(subject, fault, detail.join("; "), clientFacts(client));
  }

  /** No client can be accepted for now. */
  shortage(fault: PeerError): void {
    this.#write(
      "cannot accept clients",
      fault,
      "raise it with ulimit -n, or LimitNOFILE= of systemd",
    );
  }

  /**
   * New clients wait because a limit is reached. At most one line a minute for each limit; descriptors have their
   * own.
   */
  full({ name, counts }: Pick<SlotRule, "name" | "counts">): void {
    if (name === DESCRIPTORS) return;
    const now = this.#clock.now();
    if (now - (this.#fullAt.get(name) ?? -Infinity) < FULL_PERIOD) return;
    this.#fullAt.set(name, now);
    this.#log.warning("{name} reached: new clients wait in the kernel's queue{why}", {
      name,
      why: counts === "handshakes"
        ? " (clients that stall, or more than the worker can serve)"
        : "",
    }, { fields: { name: undefined, why: undefined, limit: name } });
  }

  /** Logs the pending counts. */
  flush(): void {
    this.#repeats.flush();
    this.failures.flush();
  }

  #write(subject: Subject, fault: PeerError, detail: string, facts?: ClientFacts): void {
    const kind = `${subject}: ${fault.message}`;
    // Clients fail every day; a failing backend or machine needs the operator.
    const ours = subject === "backend failed" || subject === "cannot accept clients";
    const level = ours ? "error" : subject === "connection refused" ? "warning" : "info";
    const about = {
      event: EVENTS[subject],
      fields: { kind: undefined, reason: fault.message, ...facts, detail: fault.detail },
    };
    const last = { level, detail, about } as const;
    if (this.#repeats.isFirst(kind, last)) this.#say({ kind, ...last });
  }

  #say({ kind, level, detail, about }: LastFault & { readonly kind: string }): void {
    this.#log[level]("{kind} ({detail})", { kind, detail }, about);
  }

  #summarize({ kind, count, detail: last, seconds }: RepeatSummary<LastFault>): void {
    const { level, detail, about } = last;
    const values = { kind, count, seconds, detail };
    const line = "{kind}: {count} more within {seconds} s, the last one: {detail}";
    this.#log[level](line, values, about);
  }
}

/** Describes a client: its address, the address it connected to, and the name it asked for. */
export function describeClient(client: Client): string {
  try {
    const { pair: { peer, local }, clientInHeader, serverName, strangeName } = client;
    const behalf = clientInHeader === undefined
      ? ""
      : ` on behalf of ${formatSocketAddress(clientInHeader)}`;
    // Quoted, because the name may contain spaces and look like a part of the line.
    const asked = serverName ??
      (strangeName === undefined ? undefined : JSON.stringify(strangeName));
    const name = asked === undefined ? "" : ` for ${asked}`;
    const address = peer.host === "" ? "of an unknown address" : formatSocketAddress(peer);
    return `client ${address}${behalf} to ${formatSocketAddress(local)}${name}`;
  } catch {
    return "client already gone";
  }
}

const EVENTS: Readonly<Record<Subject, EventName>> = {
  "client denied": "client_denied",
  "backend failed": "backend_failed",
  "connection ended": "connection_failed",
  "connection refused": "connection_refused",
  "cannot accept clients": "accept_failed",
};
const NOWHERE: FaultSite = { name: "", terms: undefined };
/** Milliseconds between two lines about the same limit. */
const FULL_PERIOD = 60_000;
