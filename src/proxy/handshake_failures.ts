/**
 * The failed handshakes of a process. It counts them by frontend and reason, and decides which of them deserve a line of
 * their own: each new combination of frontend, reason and kind of client does, at once. Repeats are counted, and become
 * at most a line a minute. The ClientHello of a client is looked at only here, once its handshake has failed.
 */

import type { PeerError } from "../errors.ts";
import type { Clock } from "../runtime/runtime.ts";
import type { Client } from "../tls/engine.ts";
import { handshakeAdvice, type ServedTerms } from "../tls/handshake_advice.ts";
import type { HandshakeReason } from "../tls/handshake_reasons.ts";
import { describedHello, offersText } from "../wire/client_offers_text.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";
import { ja4 } from "../wire/ja4.ts";

/** The frontend where something happened. */
export interface FaultSite {
  /** As the operator wrote it. */
  readonly name: string;
  /** What it serves; undefined if nothing is known about that. */
  readonly terms: ServedTerms | undefined;
}

/** The handshakes of a frontend that failed for one reason. */
export interface HandshakeFailure {
  readonly frontend: string;
  readonly reason: HandshakeReason;
  readonly count: number;
  /** ISO 8601. */
  readonly lastTime: string;
  /** `HOST:PORT`; empty if unknown. */
  readonly lastClient: string;
  /** Empty if it asked for none. */
  readonly lastServerName: string;
}

/** Writes the lines. */
export interface FailureLines {
  /** The first of its combination. */
  first(words: string, detail: string): void;
  /** More of them since the last line. `detail` is that of the last one. */
  more(words: string, count: number, seconds: number, detail: string): void;
}

interface Sum extends Pick<HandshakeFailure, "frontend" | "reason"> {
  count: number;
  last: Date;
  client: string;
  serverName: string;
  /** Combinations that have a window now. */
  readonly kinds: Set<string>;
}

/** A minute of one combination. */
interface Window {
  readonly sum: Sum;
  readonly words: string;
  count: number;
  detail: string;
  cancel: () => void;
}

/** Takes every failed handshake. */
export class HandshakeFailures {
  readonly #clock: Clock;
  readonly #lines: FailureLines;
  readonly #sums = new Map<string, Sum>();
  readonly #windows = new Map<string, Window>();

  constructor(clock: Clock, lines: FailureLines) {
    this.#clock = clock;
    this.#lines = lines;
  }

  /** Takes one; `who` describes the client. */
  take(
    fault: PeerError,
    reason: HandshakeReason,
    client: Client,
    site: FaultSite,
    who: string,
  ): void {
    const sum = this.#sumOf(site.name, reason);
    sum.count++;
    sum.last = this.#clock.date();
    sum.client = addressOf(client);
    sum.serverName = client.serverName ?? client.strangeName ?? "";
    const words = fault.message;
    const detail = fault.detail === undefined ? who : `${who}; ${fault.detail}`;
    const bytes = client.failedHello;
    const kind = `${words}\n${bytes === undefined ? "" : ja4(bytes)}`;
    const isKnown = sum.kinds.has(kind) || sum.kinds.size < MAX_KINDS;
    const key = `${site.name}\n${reason}\n${isKnown ? kind : ""}`;
    const window = this.#windows.get(key);
    if (window !== undefined) {
      window.count++;
      window.detail = detail;
      return;
    }
    if (isKnown) sum.kinds.add(kind);
    const next = { sum, words, count: 0, detail, cancel: () => {} };
    this.#windows.set(key, next);
    this.#wait(key, kind, next);
    const offered = bytes === undefined ? [] : offeredTo(site, reason, bytes);
    this.#lines.first(words, [detail, ...offered].join("; "));
  }

  /** The counts so far, the most frequent first. */
  get all(): HandshakeFailure[] {
    return [...this.#sums.values()].toSorted((one, other) => other.count - one.count)
      .map(({ frontend, reason, count, last, client, serverName }) => ({
        ...{ frontend, reason, count, lastTime: last.toISOString() },
        ...{ lastClient: client, lastServerName: serverName },
      }));
  }

  /** Writes now what has been counted so far. */
  flush(): void {
    for (const [key, window] of this.#windows) {
      window.cancel();
      this.#windows.delete(key);
      window.sum.kinds.clear();
      this.#summarize(window);
    }
  }

  #wait(key: string, kind: string, window: Window): void {
    window.cancel = this.#clock.after(PERIOD, () => {
      if (window.count > 0) {
        this.#summarize(window);
        return this.#wait(key, kind, window);
      }
      // After a quiet minute it is new again.
      this.#windows.delete(key);
      window.sum.kinds.delete(kind);
    });
  }

  #summarize(window: Window): void {
    if (window.count === 0) return;
    this.#lines.more(window.words, window.count, PERIOD / 1000, window.detail);
    window.count = 0;
  }

  /** Frontends come and go with reloads, so their number is bounded too. */
  #sumOf(name: string, reason: HandshakeReason): Sum {
    const key = `${name}\n${reason}`;
    const known = this.#sums.get(key);
    if (known !== undefined) return known;
    if (this.#sums.size >= MAX_FAILURES) this.#sums.delete(this.#sums.keys().next().value!);
    const sum: Sum = {
      ...{ frontend: name, reason, count: 0, last: this.#clock.date() },
      ...{ client: "", serverName: "", kinds: new Set() },
    };
    this.#sums.set(key, sum);
    return sum;
  }
}

/** What the client offers, and what would have worked. */
function offeredTo({ terms }: FaultSite, reason: HandshakeReason, bytes: Uint8Array): string[] {
  const hello = describedHello(bytes);
  if (hello === undefined) return [];
  const advice = terms === undefined ? undefined : handshakeAdvice(reason, hello, terms);
  return [offersText(hello), ...advice === undefined ? [] : [advice]];
}

function addressOf(client: Client): string {
  try {
    const address = client.clientInHeader ?? client.pair.peer;
    return address.host === "" ? "" : formatSocketAddress(address);
  } catch {
    return "";
  }
}

/** Milliseconds between two lines about the same. */
const PERIOD = 60_000;
/** Combinations of one frontend and reason that have their own lines; further ones share one. */
const MAX_KINDS = 10;
/** Pairs of frontend and reason. */
export const MAX_FAILURES = 2_000;
