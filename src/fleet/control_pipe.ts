/**
 * The pipe to one worker, as its supervisor writes it. Whoever writes never waits; a worker that takes nothing any more is
 * noticed by what waits for it. Private keys are overwritten once they are in the pipe.
 */

import type { StateFrame } from "../control/packed_configuration.ts";

/** A request as it is written. */
export type Frame = Pick<StateFrame, "line"> & Partial<StateFrame>;

/** Writes whole requests. */
export class ControlPipe {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onUnread: (breach: string) => void;
  /** Requests that have not been taken yet. */
  #untaken = 0;
  #isClosed = false;

  /** `onUnread` is called when too many requests wait. */
  constructor(control: WritableStream<Uint8Array>, onUnread: (breach: string) => void) {
    this.#writer = control.getWriter();
    this.#onUnread = onUnread;
  }

  /** Writes a request, after those before it. */
  write({ line, keys }: Frame): void {
    if (this.#isClosed) return void keys?.fill(0);
    this.#untaken++;
    let written: Promise<unknown> = Promise.resolve();
    // A failed write means that the worker is gone, and its end is noticed anyway.
    for (const bytes of line) written = this.#writer.write(bytes).catch(() => {});
    if (keys?.length) written = this.#writer.write(keys).catch(() => {});
    written.then(() => {
      this.#untaken--;
      keys?.fill(0);
    });
    if (this.#untaken > MAX_UNTAKEN) {
      this.#onUnread(`it did not read the last ${MAX_UNTAKEN} messages`);
    }
  }

  /** Takes no more; the worker sees the end of the pipe once it has read what is in it. */
  close(): void {
    this.#isClosed = true;
    this.#writer.close().catch(() => {});
  }

  /** Takes no more, and leaves the pipe open: the worker is being killed. */
  stop(): void {
    this.#isClosed = true;
  }
}

/** Requests that may wait for a worker. */
const MAX_UNTAKEN = 1_000;
