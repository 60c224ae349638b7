/**
 * Takes a byte stream apart into lines and counted bytes, whatever pieces it comes in. It keeps what it has been given
 * of one line and no more: not the stream's own buffers, of which a peer that sends single bytes could fill a memory.
 */

/** A line went on for longer than it may. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

/** What is particular to a {@linkcode LineReader}. */
export interface LineReaderOptions {
  /** Bytes of a line at most, the line feed not counted. Default: any number. */
  readonly limit?: number;
  /** A longer line is not an error: it comes in pieces of that many bytes. */
  readonly inPieces?: boolean;
}

/** Reads a stream. One call at a time. */
export class LineReader {
  readonly #stream: ReadableStreamDefaultReader<Uint8Array>;
  readonly #limit: number;
  readonly #inPieces: boolean;
  /** What has come and has not been looked at. */
  #chunk: Uint8Array = EMPTY;
  /** The beginning of a line, and how much of the buffer that is. */
  #begun: Uint8Array = EMPTY;
  #length = 0;

  constructor(
    stream: ReadableStream<Uint8Array>,
    { limit = Infinity, inPieces = false }: LineReaderOptions = {},
  ) {
    this.#stream = stream.getReader();
    this.#limit = limit;
    this.#inPieces = inPieces;
  }

  /**
   * The next line, without its line feed, or undefined at the end of the stream. A last line without one is a line too.
   * What is not UTF-8 becomes U+FFFD. Rejects with {@linkcode LineTooLongError}, or as the stream does.
   */
  async line(): Promise<string | undefined> {
    for (;;) {
      const end = this.#chunk.indexOf(LINE_FEED);
      const piece = end < 0 ? this.#chunk : this.#chunk.subarray(0, end);
      if (this.#length + piece.length > this.#limit) return this.#tooLong();
      this.#chunk = end < 0 ? EMPTY : this.#chunk.subarray(end + 1);
      if (end >= 0) return this.#finish(piece);
      this.#keep(piece);
      if (!await this.#more()) return this.#length === 0 ? undefined : this.#finish(EMPTY);
    }
  }

  /**
   * The next so many bytes in a buffer of their own. Where they came from is overwritten: they may be secret. Undefined
   * if the stream ends before.
   */
  async bytes(count: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const bytes = new Uint8Array(count);
    for (let filled = 0; filled < count;) {
      if (this.#chunk.length === 0 && !await this.#more()) return undefined;
      const part = this.#chunk.subarray(0, count - filled);
      bytes.set(part, filled);
      part.fill(0);
      filled += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return bytes;
  }

  /** Reads no more: a read that is under way comes to the end of the stream. */
  async close(): Promise<void> {
    await this.#stream.cancel();
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#stream.read();
    if (!done) this.#chunk = value;
    return !done;
  }

  #tooLong(): string {
    if (!this.#inPieces) throw new LineTooLongError(`a line of more than ${this.#limit} bytes`);
    const missing = this.#limit - this.#length;
    const piece = this.#chunk.subarray(0, missing);
    this.#chunk = this.#chunk.subarray(missing);
    return this.#finish(piece);
  }

  /** The line of what has been kept and this. */
  #finish(piece: Uint8Array): string {
    if (this.#length === 0) return decoder.decode(piece);
    this.#keep(piece);
    const line = decoder.decode(this.#begun.subarray(0, this.#length));
    this.#length = 0;
    if (this.#begun.length > LARGE) this.#begun = EMPTY;
    return line;
  }

  #keep(piece: Uint8Array): void {
    const length = this.#length + piece.length;
    if (length > this.#begun.length) {
      const larger = new Uint8Array(Math.max(length, Math.min(2 * length, this.#limit)));
      larger.set(this.#begun.subarray(0, this.#length));
      this.#begun = larger;
    }
    this.#begun.set(piece, this.#length);
    this.#length = length;
  }
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const EMPTY = new Uint8Array(0);
const LINE_FEED = 0x0a;
/** A buffer of more bytes is not kept for the next line. */
const LARGE = 64 << 10;
