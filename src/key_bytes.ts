/**
 * A private key as bytes, which, unlike text, can be overwritten. There is one object for a key in a process, however
 * many certificates and configurations name it.
 */

/** The PEM text of a private key. */
export class KeyBytes {
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  /** The bytes are this object's from now on. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** The text's bytes, for reading only and not to be kept. Undefined once they have been overwritten. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#bytes;
  }

  /** Overwrites them: a library has the key in a form of its own. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  /** Has the same bytes again. They are this object's from now on. */
  refill(bytes: Uint8Array<ArrayBuffer>): void {
    this.wipe();
    this.#bytes = bytes;
  }
}
