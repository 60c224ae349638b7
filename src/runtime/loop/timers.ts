/** Calls that are due at a time, the earliest first: a binary heap. Cancelled ones leave it when they are due. */

/** One call. */
interface Timer {
  readonly at: number;
  /** Undefined once cancelled. */
  callback: (() => void) | undefined;
}

/** The timers of one event loop. Times are those of its clock, in milliseconds. */
export class Timers {
  readonly #heap: Timer[] = [];

  /** Adds a call; the returned function cancels it. */
  add(at: number, callback: () => void): () => void {
    const timer: Timer = { at, callback };
    this.#rise(timer);
    return () => timer.callback = undefined;
  }

  /** When the earliest is due; undefined if there is none. */
  next(): number | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.callback === undefined) this.#pop();
    return this.#heap[0]?.at;
  }

  /** Takes the earliest call that is due by then; undefined if there is none. */
  takeDue(now: number): (() => void) | undefined {
    const at = this.next();
    return at === undefined || at > now ? undefined : this.#pop().callback;
  }

  #rise(timer: Timer): void {
    const heap = this.#heap;
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (heap[parent]!.at <= timer.at) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): Timer {
    const heap = this.#heap;
    const first = heap[0]!;
    const last = heap.pop()!;
    if (heap.length > 0) this.#sink(last);
    return first;
  }

  /** Puts a timer in the first one's place and lets it sink to its own. */
  #sink(timer: Timer): void {
    const heap = this.#heap;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++;
      if (heap[child]!.at >= timer.at) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = timer;
  }
}
