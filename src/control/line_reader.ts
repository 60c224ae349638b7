/**
 * Splits a byte stream into lines and counted bytes, whatever pieces it arrives in. It keeps only what belongs to
 * the current line, and copies it: a peer that sends single bytes could otherwise fill the memory with the
 * stream's own buffers.
 */

/** A line is longer than allowed. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";
}

/** Options of a {@linkcode LineReader}. */
export interface LineReaderOptions {
  /** Max bytes of a line, not counting the line feed. Default: no limit. */
  readonly limit?: number;
  /** A longer line is not an error, but is returned in pieces of that many bytes. */
  readonly inPieces?: boolean;
}

/** Reads a stream. Only one call may be in progress at a time. */
export class LineReader {
  readonly #stream: ReadableStreamDefaultReader<Uint8Array>;
  readonly #limit: number;
  readonly #inPieces: boolean;
  /** Received bytes not yet processed. */
  #chunk: Uint8Array = EMPTY;
  /** The start of a line, and how much of the buffer it fills. */
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
   * The next line without its line feed; undefined at the end of the stream. A last line may lack the line feed.
   * Bytes that are not UTF-8 become U+FFFD. Rejects with {@linkcode LineTooLongError}, or as the stream does.
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
   * The next `count` bytes, in a new buffer. The original bytes are overwritten, because they may be secret.
   * Undefined if the stream ends before.
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

  /** Stops reading: a pending read sees the end of the stream. */
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

  /** Joins the kept start of the line and this piece. */
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
/** A buffer larger than this is not kept for the next line. */
const LARGE = 64 << 10;
