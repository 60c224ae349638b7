/** What is counted for each address of the backend, and how the last attempt to connect to it failed. */

import type { Cell, Histogram, Registry } from "../metrics/registry.ts";

/** The last failure of an address. */
export interface BackendFailure {
  /** `HOST:PORT`, or a path. */
  readonly address: string;
  /** ISO 8601. */
  readonly time: string;
  readonly reason: string;
}

/** The counts of one address. */
export class BackendCounts {
  /** `HOST:PORT`, or a path. */
  readonly address: string;
  readonly #registry: Registry;
  readonly #connects: Cell;
  readonly #connectTime: Histogram;
  #failedAt: Date | undefined;
  #because = "";

  constructor(registry: Registry, address: string) {
    this.address = address;
    this.#registry = registry;
    this.#connects = registry.counter("backend_connects", [address]);
    this.#connectTime = registry.histogram("backend_connect_duration_seconds", [address]);
  }

  /** It was connected to within this time. */
  connected(milliseconds: number): void {
    this.#connects.value++;
    this.#connectTime.observe(milliseconds / 1000);
  }

  /** It could not be connected to. `kind` is counted; `because` says it in words. */
  failed(kind: string, because: string, at: Date): void {
    this.#registry.counter("backend_failures", [this.address, kind]).value++;
    this.#failedAt = at;
    this.#because = because;
  }

  /** Undefined: it has not failed yet. */
  get lastFailure(): BackendFailure | undefined {
    if (this.#failedAt === undefined) return undefined;
    return { address: this.address, time: this.#failedAt.toISOString(), reason: this.#because };
  }
}
