/**
 * Reads what a worker writes, to its end: messages on one stream, the runtime's own words on the other and in between.
 * A worker is not trusted. Its output is limited in length and rate, and a stream that fails counts as ended. The end
 * of its process ends the reading, though another process may hold the streams open.
 */

import { LineReader, type LineReaderOptions, LineTooLongError } from "../control/line_reader.ts";
import { MAX_LINE, type WorkerEvent } from "../control/messages.ts";
import { ProtocolError } from "../control/shapes.ts";
import { parseWorkerMessage, type RawAnswer } from "../control/worker_messages.ts";
import { type ChildProcess, type Clock, pause } from "../runtime/runtime.ts";
import { Allowance } from "./allowance.ts";

/** Receives what was read. */
export interface OutputListener {
  /** A well-formed message. Throws {@linkcode ProtocolError} if it may not come now. */
  receive(message: WorkerEvent | RawAnswer): void;
  /** A line that is no message, from its output or its errors. It is not escaped. */
  text(line: string, from: "output" | "errors"): void;
  /** The worker has broken the protocol: nothing more is read. Called at most once. */
  broken(breach: string): void;
}

/** Reads what a worker writes. Resolves, never rejects, once it has ended and all has been read. */
export async function readWorkerOutput(
  child: Pick<ChildProcess, "output" | "errors" | "ended">,
  clock: Clock,
  listener: OutputListener,
): Promise<void> {
  const reading = new Reading(clock, listener);
  const messages = reading.read(child.output, { limit: MAX_LINE }, (line) => {
    const message = parseWorkerMessage(line);
    if (message === undefined) listener.text(line, "output");
    else listener.receive(message);
  });
  const errors = reading.read(
    child.errors,
    { limit: ERROR_PIECE, inPieces: true },
    (line) => listener.text(line, "errors"),
  );
  let alive = true;
  let cancel = () => {};
  messages.then(() => {
    // Without its output it could still serve, but the supervisor could not tell whether it is well.
    if (alive) cancel = clock.after(END_LIMIT, () => reading.break("it closed its output"));
  });
  await child.ended.catch(() => {});
  alive = false;
  cancel();
  const all = Promise.all([messages, errors]);
  await Promise.race([
    all,
    new Promise<void>((resolve) => {
      const stop = clock.after(END_LIMIT, resolve);
      all.then(stop, stop);
    }),
  ]);
  reading.stop();
}

/** The streams of one worker. */
class Reading {
  readonly #clock: Clock;
  readonly #listener: OutputListener;
  readonly #readers = new Set<LineReader>();
  #isOver = false;

  constructor(clock: Clock, listener: OutputListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  /** Reads a stream to its end, no faster than a worker may write. Never rejects. */
  async read(
    stream: ReadableStream<Uint8Array>,
    options: LineReaderOptions,
    take: (line: string) => void,
  ): Promise<void> {
    const allowance = new Allowance(this.#clock, BYTES_A_SECOND, BYTES_AT_ONCE);
    const reader = new LineReader(stream, options);
    this.#readers.add(reader);
    try {
      for (let line; (line = await reader.line()) !== undefined && !this.#isOver;) {
        take(line);
        if (this.#isOver) break;
        const wait = allowance.take(line.length + LINE_COST);
        if (wait > SHORTEST_PAUSE) await pause(this.#clock, wait);
      }
    } catch (error) {
      const isBreach = error instanceof ProtocolError || error instanceof LineTooLongError;
      this.break(
        isBreach ? error.message : `its output cannot be read: ${(error as Error).message}`,
      );
    } finally {
      this.#readers.delete(reader);
      reader.close().catch(() => {});
    }
  }

  /** Ends the reading because the protocol is broken. */
  break(breach: string): void {
    if (this.#isOver) return;
    this.stop();
    this.#listener.broken(breach);
  }

  /** Ends the reading. */
  stop(): void {
    this.#isOver = true;
    for (const reader of this.#readers) reader.close().catch(() => {});
  }
}

/**
 * How fast a worker's stream is read, per second and in a burst; a faster writer is held up by the pipe. It is enough
 * for more than 20,000 lines of the access log a second.
 */
const BYTES_A_SECOND = 16 << 20;
const BYTES_AT_ONCE = 16 << 20;
/** Bytes added to each line's own: the cost of handling it. */
const LINE_COST = 256;
/** Milliseconds. */
const SHORTEST_PAUSE = 20;
/** Max bytes of a line of the runtime's own words; longer ones are split. */
const ERROR_PIECE = 900;
/** Milliseconds between the end of a worker's output and that of its process, in either order. */
const END_LIMIT = 5_000;
