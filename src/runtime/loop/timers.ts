/**
 * Calls that are due at a time, the earliest first: a binary heap. Cancelled calls are removed when they reach its top,
 * or all together once they are the majority. Most timers are deadlines that are met, so they are cancelled.
 */

/** One call. */
interface Timer {
  readonly at: number;
  /** Undefined once cancelled. */
  callback: (() => void) | undefined;
}

/** The timers of one event loop. Times are those of its clock, in milliseconds. */
export class Timers {
  #heap: Timer[] = [];
  #cancelled = 0;

  /** Adds a call; the returned function cancels it. */
  add(at: number, callback: () => void): () => void {
    const timer: Timer = { at, callback };
    this.#rise(timer);
    return () => {
      if (timer.callback === undefined) return;
      timer.callback = undefined;
      if (++this.#cancelled > FEW && this.#cancelled > this.#heap.length / 2) this.#sweep();
    };
  }

  /** When the earliest is due; undefined if there is none. */
  next(): number | undefined {
    while (this.#heap.length > 0 && this.#heap[0]!.callback === undefined) {
      this.#pop();
      this.#cancelled--;
    }
    return this.#heap[0]?.at;
  }

  /** Removes and returns the earliest call that is due by then; undefined if there is none. */
  takeDue(now: number): (() => void) | undefined {
    const at = this.next();
    if (at === undefined || at > now) return undefined;
    const timer = this.#pop();
    const { callback } = timer;
    // From now on it cannot be cancelled.
    timer.callback = undefined;
    return callback;
  }

  #sweep(): void {
    const left = this.#heap.filter(({ callback }) => callback !== undefined);
    this.#heap = [];
    this.#cancelled = 0;
    for (const timer of left) this.#rise(timer);
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

  /** Puts a timer at the top and moves it down to its own position. */
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

/** So few cancelled calls are not worth a sweep. */
const FEW = 32;
