/**
 * Looks up the backend's name repeatedly, and reports its addresses when they change. A look-up that fails or is slow
 * only logs; connections go on to the known addresses.
 */

import type { BackendEndpoint } from "../control/messages.ts";
import type { Logger } from "../log/logger.ts";
import type { Clock } from "../runtime/runtime.ts";
import { formatSocketAddress } from "../wire/ip_address.ts";

/** A backend name to look up repeatedly. */
export interface BackendName {
  /** As the operator would write it. */
  readonly text: string;
  /** Seconds between look-ups. */
  readonly refresh: number;
  /** Rejects with an error whose message is for the operator. */
  lookUp(): Promise<readonly BackendEndpoint[]>;
}

/** Keeps the addresses of one name fresh until it is stopped. */
export class BackendRefresh {
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #name: BackendName;
  readonly #use: (endpoints: readonly BackendEndpoint[]) => void;
  #endpoints: readonly BackendEndpoint[];
  #failures = 0;
  #cancel: () => void;
  #stopped = false;

  /** Begins with the known addresses, and calls `use` with each later set. */
  constructor(
    clock: Clock,
    log: Logger,
    name: BackendName,
    endpoints: readonly BackendEndpoint[],
    use: (endpoints: readonly BackendEndpoint[]) => void,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#name = name;
    this.#endpoints = endpoints;
    this.#use = use;
    this.#cancel = this.#wait();
  }

  /** Stops looking up, and ignores the answer to a look-up that is running. */
  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #wait(): () => void {
    return this.#clock.after(this.#name.refresh * 1000, () => this.#lookUp());
  }

  async #lookUp(): Promise<void> {
    this.#cancel = this.#clock.after(SLOW, () => this.#fail(`no answer within ${SLOW / 1000} s`));
    try {
      // There is no time limit: a resolver that hangs is not asked again before it has answered.
      const found = await this.#name.lookUp();
      this.#cancel();
      if (found.length === 0) throw new Error("the name has no address");
      if (!this.#stopped) this.#take(found);
    } catch (error) {
      this.#cancel();
      if (!this.#stopped) this.#fail((error as Error).message);
    }
    if (!this.#stopped) this.#cancel = this.#wait();
  }

  #take(found: readonly BackendEndpoint[]): void {
    if (this.#failures > 0) {
      const { text } = this.#name;
      this.#log.info("backend {text} resolves again", { text });
    }
    this.#failures = 0;
    // Name servers shuffle the addresses of a name; that is no change.
    if (same(found, this.#endpoints)) return;
    this.#log.info("backend {text} is now {now}; it was {before}", {
      text: this.#name.text,
      now: describe(found),
      before: describe(this.#endpoints),
    });
    this.#endpoints = found;
    this.#use(found);
  }

  /** Logs only the first failure in a row; the next line says that lookups work again. */
  #fail(reason: string): void {
    if (this.#failures++ > 0) return;
    this.#log.warning("backend {text}: lookup failed: {reason}; keeping {now}", {
      text: this.#name.text,
      reason,
      now: describe(this.#endpoints),
    });
  }
}

function same(one: readonly BackendEndpoint[], other: readonly BackendEndpoint[]): boolean {
  const key = (endpoints: readonly BackendEndpoint[]) => endpoints.map(text).sort().join(" ");
  return key(one) === key(other);
}

function describe(endpoints: readonly BackendEndpoint[]): string {
  return endpoints.map(text).join(" and ");
}

function text(endpoint: BackendEndpoint): string {
  return endpoint.kind === "unix" ? endpoint.path : formatSocketAddress(endpoint);
}

/** Milliseconds. */
const SLOW = 10_000;
