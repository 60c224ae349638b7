/**
 * The wire between a client and an engine, as a relay of raw octets on the platform's own network: what goes
 * over it can be cut in pieces and looked at, and its end can be a bare FIN.
 */

import type { Network, Stream, StreamListener } from "../../src/runtime/runtime.ts";
import { writeAll } from "../support/backend.ts";
import { pause } from "../support/eventually.ts";
import { Cancellation } from "../../src/runtime/cancellation.ts";

/** One client's wire to an engine. Clients connect to `port`. Use it with `await using`. */
export class Wire implements AsyncDisposable {
  readonly #listener: StreamListener;
  readonly #running: Promise<void>;
  readonly #ends: Stream[] = [];
  #cut = false;
  /** Octets in each of the records that the engine has sent, without their headers. */
  readonly engineRecords: number[] = [];

  private constructor(listener: StreamListener, running: (wire: Wire) => Promise<void>) {
    this.#listener = listener;
    this.#running = running(this).catch(() => {});
  }

  /** A wire to a port of 127.0.0.1. With `chop`, what the client says first travels an octet at a time. */
  static async open(network: Network, port: number, { chop = false } = {}): Promise<Wire> {
    const listener = await network.listen({ host: "127.0.0.1", port: 0, reusePort: false });
    return new Wire(listener, (wire) => wire.#run(network, port, chop));
  }

  get port(): number {
    return this.#listener.address.port;
  }

  /** Ends the client's sending direction by a bare FIN. What the engine sends still arrives. */
  async endWithFin(): Promise<void> {
    this.#cut = true;
    await this.#ends[1]!.closeWrite();
  }

  /** The same for what the engine sends. */
  async endEngineWithFin(): Promise<void> {
    await this.#ends[0]!.closeWrite();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    for (const end of this.#ends) end.close();
    await this.#running;
  }

  async #run(network: Network, port: number, chop: boolean): Promise<void> {
    const client = await this.#listener.accept();
    this.#ends.push(client);
    const engine = await network.dial(
      { kind: "tcp", host: "127.0.0.1", port },
      new Cancellation(),
    );
    this.#ends.push(engine);
    await Promise.all([this.#runUp(client, engine, chop), this.#runDown(engine, client)]);
  }

  async #runUp(client: Stream, engine: Stream, chop: boolean): Promise<void> {
    const bytes = new Uint8Array(64 << 10);
    let first = chop;
    for (let count; (count = await client.read(bytes)) !== null;) {
      if (this.#cut) continue;
      const step = first ? 1 : count;
      for (let at = 0; at < count; at += step) {
        await writeAll(engine, bytes.subarray(at, at + step));
        // Time for the engine to read this piece before the next one joins it.
        if (first) await pause(1);
      }
      first = false;
    }
    if (!this.#cut) await engine.closeWrite();
  }

  async #runDown(engine: Stream, client: Stream): Promise<void> {
    const bytes = new Uint8Array(64 << 10);
    const counter = recordCounter((length) => this.engineRecords.push(length));
    for (let count; (count = await engine.read(bytes)) !== null;) {
      counter(bytes.subarray(0, count));
      await writeAll(client, bytes.subarray(0, count));
    }
    await client.closeWrite();
  }
}

/** Tells the length of each record (RFC 8446 section 5.1) in a stream of octets. */
function recordCounter(found: (length: number) => void): (bytes: Uint8Array) => void {
  const header: number[] = [];
  let left = 0;
  return (bytes) => {
    for (const byte of bytes) {
      if (left > 0) {
        left--;
        continue;
      }
      header.push(byte);
      if (header.length < 5) continue;
      left = header[3]! << 8 | header[4]!;
      header.length = 0;
      found(left);
    }
  };
}
