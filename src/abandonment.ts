/** How a caller gives up what it has begun: an AbortSignal without the weight, as there is one per connection. */

/** A wish to give up, which may come at any time, once. */
export class Abandonment {
  #given = false;
  /** Called when the wish is given; set by whoever does the work. */
  onGiven: (() => void) | undefined;

  get given(): boolean {
    return this.#given;
  }

  /** Gives up. */
  give(): void {
    if (this.#given) return;
    this.#given = true;
    this.onGiven?.();
  }
}
