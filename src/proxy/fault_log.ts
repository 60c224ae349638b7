/** Turns the faults of connections into log lines that an operator can act on, without a flood of them. */

import type { PeerError } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import { Repeats, type RepeatSummary } from "../log/repeats.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { Client } from "../tls/engine.ts";
import { DESCRIPTORS } from "./admission.ts";
import type { PlaceRule } from "./places.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** Whether this is how clients leave every day: nobody's fault, nothing to act on. */
export function isRoutineClose(fault: PeerError): boolean {
  return fault.party === "client" &&
    ["closed", "cut", "reset", "gone", "silent"].includes(fault.kind);
}

/** What a line is about, in front of its cause. */
type Subject =
  | "handshake failed"
  | "client denied"
  | "backend failed"
  | "connection ended"
  | "connection refused"
  | "cannot accept clients";

/** The last fault of its kind. */
interface LastFault {
  readonly level: "info" | "warning" | "error";
  readonly detail: string;
}

/** Writes lines about faults. */
export class FaultLog {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #repeats: Repeats<LastFault>;
  /** When there was a line about a limit, by its name. */
  readonly #fullAt = new Map<string, number>();

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
    this.#repeats = new Repeats(clock, (summary) => this.#summarize(summary));
  }

  /** A connection ended by a fault. */
  connection(fault: PeerError, client: Client): void {
    if (fault.kind === "silent") {
      this.#log.debug("{client}: {reason}", {
        client: describeClient(client),
        reason: "closed the connection before it sent anything",
      });
    }
    if (isRoutineClose(fault)) return;
    const subject = fault.party === "backend"
      ? "backend failed"
      : fault.kind === "handshake"
      ? "handshake failed"
      : fault.kind === "denied"
      ? "client denied"
      : fault.kind === "refused"
      ? "connection refused"
      : "connection ended";
    const detail = [describeClient(client), ...fault.detail === undefined ? [] : [fault.detail]];
    this.#write(subject, fault, detail.join("; "));
  }

  /** No client can be accepted for now. */
  shortage(fault: PeerError): void {
    this.#write(
      "cannot accept clients",
      fault,
      "raise it with ulimit -n, or LimitNOFILE= of systemd",
    );
  }

  /** New clients wait because a limit is reached. A line a minute at most for each limit; descriptors have their own. */
  full({ name, counts }: Pick<PlaceRule, "name" | "counts">): void {
    if (name === DESCRIPTORS) return;
    const now = this.#clock.now();
    if (now - (this.#fullAt.get(name) ?? -Infinity) < FULL_PERIOD) return;
    this.#fullAt.set(name, now);
    this.#log.warning("{name} reached: new clients wait in the kernel's queue{why}", {
      name,
      why: counts === "handshakes"
        ? " (clients that stall, or more than the worker can serve)"
        : "",
    });
  }

  /** Writes the counts that are still waiting. */
  flush(): void {
    this.#repeats.flush();
  }

  #write(subject: Subject, fault: PeerError, detail: string): void {
    const kind = `${subject}: ${fault.message}`;
    // Clients fail every day; a backend or a machine that does is for an operator to mend.
    const ours = subject === "backend failed" || subject === "cannot accept clients";
    const level = ours ? "error" : subject === "connection refused" ? "warning" : "info";
    if (!this.#repeats.isFirst(kind, { level, detail })) return;
    this.#log[level]("{kind} ({detail})", { kind, detail });
  }

  #summarize({ kind, count, detail: { level, detail }, seconds }: RepeatSummary<LastFault>): void {
    const values = { kind, count, seconds, detail };
    this.#log[level]("{kind}: {count} more within {seconds} s, the last one: {detail}", values);
  }
}

/** Who a client is: its address, the one it came to, and the name it asked for. */
export function describeClient(client: Client): string {
  try {
    const { pair: { peer, local }, clientInHeader, serverName, strangeName } = client;
    const behalf = clientInHeader === undefined
      ? ""
      : ` on behalf of ${formatSocketAddress(clientInHeader)}`;
    // In quotes, for it may have spaces and look like a part of the line.
    const asked = serverName ??
      (strangeName === undefined ? undefined : JSON.stringify(strangeName));
    const name = asked === undefined ? "" : ` for ${asked}`;
    const address = peer.host === "" ? "of an unknown address" : formatSocketAddress(peer);
    return `client ${address}${behalf} to ${formatSocketAddress(local)}${name}`;
  } catch {
    return "client already gone";
  }
}

/** Milliseconds from one line about a limit to the next. */
const FULL_PERIOD = 60_000;
