/** What is counted for each address of the backend. */

import type { Cell, Histogram, Registry } from "../metrics/registry.ts";

/** The counts of one address. */
export class BackendCounts {
  /** `HOST:PORT`, or a path. */
  readonly address: string;
  readonly #registry: Registry;
  readonly #connects: Cell;
  readonly #connectTime: Histogram;

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

  /** It could not be connected to. */
  failed(reason: string): void {
    this.#registry.counter("backend_failures", [this.address, reason]).value++;
  }
}
