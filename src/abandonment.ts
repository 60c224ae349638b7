/** How a caller cancels what it has begun. It is lighter than an AbortSignal, as there is one per connection. */

/** A request to cancel. It may come at any time, once. */
export class Abandonment {
  #given = false;
  /** Called on cancellation; set by the code that does the work. */
  onGiven: (() => void) | undefined;

  get given(): boolean {
    return this.#given;
  }

  /** Cancels. */
  give(): void {
    if (this.#given) return;
    this.#given = true;
    this.onGiven?.();
  }
}
