/** How much a process grows while something happens. Linux only. */

import { residentMemory } from "./descriptors.ts";

/** Watches the resident memory of a process until it is disposed of. */
export class MemoryWatch implements Disposable {
  readonly #pid: number;
  readonly #before: number;
  readonly #timer: number;
  #peak: number;

  constructor(pid: number) {
    this.#pid = pid;
    this.#before = this.#peak = residentMemory(pid);
    this.#timer = setInterval(() => this.#look(), 25) as unknown as number;
  }

  /** MiB by which the process was larger, at most, than at the beginning. */
  get growth(): number {
    this.#look();
    return this.#peak - this.#before;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#peak = Math.max(this.#peak, residentMemory(this.#pid));
  }
}
