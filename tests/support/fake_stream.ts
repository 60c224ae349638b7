/** A connection in memory whose other end is the test: what arrives, when it stalls and how it fails. */

import type { PeerErrorKind } from "../../src/errors.ts";
import type { SocketPair, Stream, TlsStream } from "../../src/runtime/runtime.ts";

/** What a platform throws, as {@linkcode FakeNetwork.peerError} understands it. */
export class NativeError extends Error {
  override readonly name = "NativeError";
  readonly kind: PeerErrorKind;

  constructor(kind: PeerErrorKind, message: string = kind) {
    super(message);
    this.kind = kind;
  }
}

/** A connection between addresses of the documentation's network (RFC 5737), the peer's port as given. */
export function pairOf(peerPort: number): SocketPair {
  return {
    local: { host: "192.0.2.1", port: 8443 },
    peer: { host: "198.51.100.7", port: peerPort },
  };
}

/** One side of a connection. */
export class FakeStream implements Stream, TlsStream {
  readonly pair: SocketPair;
  /** Everything written. */
  readonly #written: Uint8Array[] = [];
  readonly #arrived: (Uint8Array | null | Error)[] = [];
  #reader: { into: Uint8Array; settle: PromiseWithResolvers<number | null> } | undefined;
  #writer: { bytes: Uint8Array; settle: PromiseWithResolvers<number> } | undefined;
  #handshake = Promise.withResolvers<void>();
  #writeFault: Error | undefined;
  #holding = false;
  /** Octets that one read gives at most, and that one write takes at most. */
  longestRead = Infinity;
  longestWrite = Infinity;
  /** Whether a write that waits has taken its octets, which are the caller's again. */
  takesAtOnce = false;
  /** Octets the peer has not acknowledged, as the kernel would tell. */
  unacknowledged = 0;
  writeEnded = false;
  closed = false;
  wasReset = false;
  /** Octets that reads have given so far. */
  taken = 0;

  constructor(pair: SocketPair = pairOf(40_000)) {
    this.pair = pair;
    this.#handshake.promise.catch(() => {});
  }

  /** The peer sends. */
  deliver(data: string | Uint8Array): void {
    this.#arrive(typeof data === "string" ? new TextEncoder().encode(data) : data);
  }

  /** The peer ends in order. */
  end(): void {
    this.#arrive(null);
  }

  /** The peer ends otherwise. */
  fail(error: Error): void {
    this.#arrive(error);
  }

  /** From now on the peer takes nothing. */
  hold(): void {
    this.#holding = true;
  }

  /** The peer takes again. */
  release(): void {
    this.#holding = false;
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer !== undefined) writer.settle.resolve(this.#accept(writer.bytes));
  }

  /** Writes fail from now on, one that waits too. */
  failWrites(error: Error): void {
    this.#writeFault = error;
    this.#writer?.settle.reject(error);
    this.#writer = undefined;
  }

  reset(): void {
    if (this.wasReset || this.closed) return;
    this.wasReset = true;
    this.failWrites(new NativeError("reset"));
    this.#handshake.reject(new NativeError("reset"));
    this.#arrived.length = 0;
    this.fail(new NativeError("reset"));
  }

  /** The handshake succeeds. */
  completeHandshake(): void {
    this.#handshake.resolve();
  }

  /** The handshake fails. */
  failHandshake(error: Error): void {
    this.#handshake.reject(error);
  }

  /** What was written so far. */
  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }

  get bytes(): Uint8Array {
    return Uint8Array.from(this.#written.flatMap((part) => [...part]));
  }

  /** Whether a read is waiting, and how large its buffer is. */
  get waitingRead(): number | undefined {
    return this.#reader?.into.length;
  }

  /** Where a waiting read would put its octets. */
  get waitingBuffer(): Uint8Array | undefined {
    return this.#reader?.into;
  }

  get waitingWrite(): number | undefined {
    return this.#writer?.bytes.length;
  }

  unsent(): number {
    return this.closed || this.wasReset ? 0 : this.unacknowledged;
  }

  handshake(): Promise<void> {
    return this.#handshake.promise;
  }

  read(into: Uint8Array): Promise<number | null> {
    if (this.#reader !== undefined) throw new Error("two reads at once");
    if (this.closed) return Promise.reject(new Error("read after close"));
    const settle = Promise.withResolvers<number | null>();
    this.#reader = { into, settle };
    this.#give();
    return settle.promise;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#writer !== undefined) throw new Error("two writes at once");
    if (bytes.length === 0) throw new Error("a write of nothing");
    if (this.closed || this.writeEnded) return Promise.reject(new Error("write after the end"));
    if (this.#writeFault !== undefined) return Promise.reject(this.#writeFault);
    if (!this.#holding) return Promise.resolve(this.#accept(bytes));
    const taken = this.takesAtOnce ? bytes.slice() : bytes;
    this.#writer = { bytes: taken, settle: Promise.withResolvers() };
    return this.#writer.settle.promise;
  }

  closeWrite(): Promise<void> {
    if (this.#writeFault !== undefined) return Promise.reject(this.#writeFault);
    this.writeEnded = true;
    return Promise.resolve();
  }

  close(): void {
    if (this.closed) return;
    this.closed = true;
    const [reader, writer] = [this.#reader, this.#writer];
    this.#reader = this.#writer = undefined;
    reader?.settle.reject(new NativeError("gone"));
    writer?.settle.reject(new NativeError("gone"));
  }

  #arrive(what: Uint8Array | null | Error): void {
    this.#arrived.push(what);
    this.#give();
  }

  #give(): void {
    const [next] = this.#arrived;
    const reader = this.#reader;
    if (next === undefined || reader === undefined) return;
    this.#reader = undefined;
    if (next === null) return reader.settle.resolve(null);
    if (next instanceof Error) return reader.settle.reject(next);
    const count = Math.min(next.length, reader.into.length, this.longestRead);
    reader.into.set(next.subarray(0, count));
    this.taken += count;
    if (count < next.length) this.#arrived[0] = next.subarray(count);
    else this.#arrived.shift();
    reader.settle.resolve(count);
  }

  #accept(bytes: Uint8Array): number {
    const count = Math.min(bytes.length, this.longestWrite);
    this.#written.push(bytes.slice(0, count));
    return count;
  }
}
