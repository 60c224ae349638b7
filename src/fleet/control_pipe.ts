/**
 * The supervisor's end of the pipe to one worker. Writers never wait. A worker that stops reading is noticed by the
 * code that waits for its answer. Private keys are overwritten once they are in the pipe.
 */

import { certificateChunks, type StateFrame } from "../control/packed_configuration.ts";

/** A request as it is written. */
export type Frame = Pick<StateFrame, "line"> & Partial<StateFrame>;

/** Writes whole requests. */
export class ControlPipe {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onUnread: (breach: string) => void;
  readonly #onRead: () => void;
  /** Requests that the worker has not taken yet. */
  #untaken = 0;
  #written: Promise<void> = Promise.resolve();
  #isClosed = false;

  /** `onUnread` is called when too many requests wait, `onRead` when the worker has taken more than a pipe holds. */
  constructor(
    control: WritableStream<Uint8Array>,
    { onUnread, onRead }: {
      readonly onUnread: (breach: string) => void;
      readonly onRead: () => void;
    },
  ) {
    this.#writer = control.getWriter();
    this.#onUnread = onUnread;
    this.#onRead = onRead;
  }

  /** Writes a request, after those before it. */
  write(frame: Frame): void {
    if (this.#isClosed) return;
    this.#untaken++;
    // A failed write means that the worker is gone; its end is noticed elsewhere.
    this.#written = this.#written.then(() => this.#write(frame)).catch(() => {}).then(() => {
      this.#untaken--;
    });
    if (this.#untaken > MAX_UNTAKEN) {
      this.#onUnread(`it did not read the last ${MAX_UNTAKEN} messages`);
    }
  }

  async #write({ line, certificates = [] }: Frame): Promise<void> {
    await this.#writer.write(encoder.encode(line));
    for (const chunk of certificateChunks(certificates)) {
      await this.#writer.write(chunk);
      this.#onRead();
    }
  }

  /** Accepts no more requests; the worker sees the end of the pipe once it has read what is in it. */
  close(): void {
    this.#isClosed = true;
    this.#writer.close().catch(() => {});
  }

  /** Accepts no more requests, and leaves the pipe open: the worker is being killed. */
  stop(): void {
    this.#isClosed = true;
  }
}

const encoder = new TextEncoder();

/** Requests that may wait for a worker. */
const MAX_UNTAKEN = 1_000;
