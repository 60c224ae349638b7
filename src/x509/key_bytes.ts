/**
 * A private key as bytes, which, unlike text, can be overwritten. A process has one object for each key, even if many
 * certificates and configurations name it.
 */

/** The PEM text of a private key. */
export class KeyBytes {
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  /** Takes ownership of the bytes. */
  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** The bytes of the text; read them, but do not keep them. Undefined once they have been overwritten. */
  get bytes(): Uint8Array<ArrayBuffer> | undefined {
    return this.#bytes;
  }

  /** Overwrites them, once a library has the key in its own form. */
  wipe(): void {
    this.#bytes?.fill(0);
    this.#bytes = undefined;
  }

  /** Restores the same bytes and takes ownership of them. */
  refill(bytes: Uint8Array<ArrayBuffer>): void {
    this.wipe();
    this.#bytes = bytes;
  }
}
