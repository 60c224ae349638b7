/**
 * A set of small integers that finds the lowest number not in it, as the kernel does for descriptors. The time hardly
 * depends on the size of the set.
 */

/** A set of descriptors. */
export class DescriptorBits {
  #words = new Uint32Array(32);
  /** All numbers below this one are in the set. */
  #full = 0;
  #end = 0;

  /** One more than the highest number that has ever been in the set. */
  get end(): number {
    return this.#end;
  }

  has(number: number): boolean {
    return ((this.#words[number >> 5] ?? 0) & (1 << (number & 31))) !== 0;
  }

  add(number: number): void {
    const word = number >> 5;
    while (word >= this.#words.length) this.#grow();
    this.#words[word]! |= 1 << (number & 31);
    this.#end = Math.max(this.#end, number + 1);
    if (number === this.#full) this.#full++;
  }

  delete(number: number): void {
    if (!this.has(number)) return;
    this.#words[number >> 5]! &= ~(1 << (number & 31));
    this.#full = Math.min(this.#full, number);
  }

  /** The lowest number, starting at `from`, that is not in the set. */
  firstAbsent(from: number): number {
    const start = Math.max(from, this.#full);
    let word = start >> 5;
    // Bits below the start count as set.
    let bits = (this.#words[word] ?? 0) | ((1 << (start & 31)) - 1);
    // A word holds 32 numbers: skipping 20,000 descriptors takes less time than a system call.
    while (bits === -1) bits = (this.#words[++word] ?? 0) | 0;
    const found = word * 32 + 31 - Math.clz32(~bits & -~bits);
    if (from <= this.#full) this.#full = found;
    return found;
  }

  /** The highest number, up to `from`, that is in the set; -1 if there is none. */
  lastPresent(from: number): number {
    if (from < 0) return -1;
    let word = Math.min(from >> 5, this.#words.length - 1);
    // Bits above count as not set.
    const above = from >> 5 === word ? 31 - (from & 31) : 0;
    let bits = this.#words[word]! & (0xffffffff >>> above);
    while (bits === 0 && --word >= 0) bits = this.#words[word]!;
    return word < 0 ? -1 : word * 32 + 31 - Math.clz32(bits);
  }

  #grow(): void {
    const larger = new Uint32Array(2 * this.#words.length);
    larger.set(this.#words);
    this.#words = larger;
  }
}
