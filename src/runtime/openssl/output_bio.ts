/**
 * Memory BIOs into which sessions write their ciphertext, shared by all sessions of the process. A session keeps one
 * only until its bytes have been sent, so no connection owns a write buffer. There are as many BIOs as writes in
 * progress.
 */

import type { SslOutput } from "../openssl.ts";
import type { Pointer } from "./memory.ts";
import type { Libraries } from "./symbols.ts";

/** One memory BIO whose memory is visible to JavaScript. */
export class OutputBio implements SslOutput {
  readonly pointer: Pointer;
  readonly #pool: OutputBios;
  readonly #crypto: Libraries["crypto"];
  readonly #address = new BigUint64Array(1);
  #known = 0n;
  #memory = new Uint8Array();
  /** The number of bytes to send. */
  length = 0;

  /** `capacity` is the number of bytes that it takes without being moved. */
  constructor(pool: OutputBios, crypto: Libraries["crypto"], capacity: number) {
    this.#pool = pool;
    this.#crypto = crypto;
    this.pointer = crypto.BIO_new(crypto.BIO_s_mem())!;
    // After it has grown once, its memory does not move: BIO_CTRL_INFO then always returns the same address.
    crypto.BIO_write(this.pointer, new Uint8Array(capacity), capacity);
    this.measure();
    this.#skip();
  }

  /** Reads how much output there is. Call it after each use of a session. */
  measure(): number {
    this.length = Number(
      this.#crypto.BIO_ctrl(this.pointer, BIO_CTRL_INFO, 0n, this.#address),
    );
    if (
      this.length > 0 && (this.#address[0] !== this.#known || this.length > this.#memory.length)
    ) {
      this.#known = this.#address[0]!;
      const start = Deno.UnsafePointer.create(this.#known)!;
      this.#memory = new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(start, this.length));
    }
    return this.length;
  }

  get bytes(): Uint8Array {
    return this.#memory.subarray(0, this.length);
  }

  release(): void {
    this.#skip();
    this.#pool.give(this);
  }

  /** An idle session keeps the BIO for its whole life, but must not keep its memory. */
  free(): void {
    const empty = this.#crypto.BUF_MEM_new();
    this.#crypto.BIO_ctrl_address(this.pointer, BIO_C_SET_BUF_MEM, BIO_CLOSE, empty);
    this.#crypto.BIO_free(this.pointer);
  }

  /** BIO_CTRL_RESET would clear the whole memory each time; seeking to the end does not. */
  #skip(): void {
    this.#crypto.BIO_ctrl(this.pointer, BIO_C_FILE_SEEK, BigInt(this.length), null);
    this.length = 0;
  }
}

/** BIOs of one capacity that are not being sent from. */
export class OutputBios {
  readonly #crypto: Libraries["crypto"];
  readonly #capacity: number;
  readonly #max: number;
  readonly #free: OutputBio[] = [];

  /** Keeps up to `max` spare ones. */
  constructor(crypto: Libraries["crypto"], capacity: number, max: number) {
    this.#crypto = crypto;
    this.#capacity = capacity;
    this.#max = max;
  }

  /** The BIO to write to next; it stays here until it is taken. */
  top(): OutputBio {
    const last = this.#free.at(-1);
    if (last !== undefined) return last;
    const fresh = new OutputBio(this, this.#crypto, this.#capacity);
    this.#free.push(fresh);
    return fresh;
  }

  /** Takes the BIO that {@linkcode OutputBios.top} returned: its bytes are about to be sent. */
  take(): void {
    this.#free.pop();
  }

  give(bio: OutputBio): void {
    if (this.#free.length < this.#max) this.#free.push(bio);
    else bio.free();
  }
}

/** Bytes: a record, or a flight of a handshake. */
export const SMALL_OUTPUT = 20 << 10;
/** Bytes: eight records and an alert. */
export const LARGE_OUTPUT = (128 << 10) + (4 << 10);
const BIO_CTRL_INFO = 3;
const BIO_C_SET_BUF_MEM = 114;
const BIO_CLOSE = 1n;
const BIO_C_FILE_SEEK = 128;
