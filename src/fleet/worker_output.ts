/**
 * What a worker writes, read to its end whatever that is: messages on one stream, the runtime's own words on the other
 * and in between. A worker is not believed: what it writes is bounded in length and rate, a stream that fails is an end
 * like another, and the end of its process ends the reading, though somebody else may hold the streams open.
 */

import { LineReader, type LineReaderOptions, LineTooLongError } from "../control/line_reader.ts";
import { MAX_LINE, type WorkerEvent } from "../control/messages.ts";
import { ProtocolError } from "../control/shapes.ts";
import { parseWorkerMessage, type RawAnswer } from "../control/worker_messages.ts";
import { type ChildProcess, type Clock, pause } from "../runtime/runtime.ts";
import { Allowance } from "./allowance.ts";

/** Who hears of it. */
export interface OutputListener {
  /** A message of the right shape. Throws {@linkcode ProtocolError} if it may not come now. */
  receive(message: WorkerEvent | RawAnswer): void;
  /** A line that is no message: of its output, or of its errors. It is not escaped. */
  text(line: string, from: "output" | "errors"): void;
  /** It has broken the protocol: nothing more is read. Called once at most. */
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
    // One that nobody hears any more can serve, and never be told from one that is well.
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

  /** Ends the reading for a reason. */
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
 * What a stream of a worker's is read at in the long run, and at once: the pipe holds up who writes more. It is more
 * than 20,000 lines of the access log a second.
 */
const BYTES_A_SECOND = 16 << 20;
const BYTES_AT_ONCE = 16 << 20;
/** Bytes that a line counts for besides its own: what it costs to look at it. */
const LINE_COST = 256;
/** Milliseconds. */
const SHORTEST_PAUSE = 20;
/** Bytes of a line of the runtime's own words; longer ones are several. */
const ERROR_PIECE = 900;
/** Milliseconds between the end of a worker's output and that of its process, in either order. */
const END_LIMIT = 5_000;
