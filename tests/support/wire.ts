/**
 * The wire between a client and stud, as a relay of raw octets that the test can cut, hold up or chop: what
 * TLS libraries never do by themselves.
 */

import { closeQuietly, writeAll } from "./backend.ts";
import { join } from "./client_hello.ts";
import { pause } from "./eventually.ts";
import { resetConnection } from "./reset.ts";

/** How octets from the client travel. */
export interface WireOptions {
  /** Cuts the client's first octets before these offsets; each piece travels alone. */
  readonly cuts?: (length: number) => readonly number[];
  /** Octets that go to stud in front of the client's first ones. They count for the cuts. */
  readonly before?: Uint8Array;
  /** Instead of the first client of a port of its own. */
  readonly client?: Promise<Deno.Conn>;
}

/** One client's wire to stud. Clients connect to `port`. */
export class Wire implements AsyncDisposable {
  readonly #listener: Deno.Listener | undefined;
  readonly #options: WireOptions;
  readonly #running: Promise<void>;
  #client: Deno.TcpConn | undefined;
  #stud: Deno.TcpConn | undefined;
  #holding = false;
  #alter: ((record: Uint8Array) => void) | undefined;
  #cut = false;
  #halving: "request" | "answer" | undefined;
  #over = false;

  constructor(studPort: number, options: WireOptions = {}) {
    this.#options = options;
    if (options.client === undefined) {
      this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    }
    this.#running = this.#run(studPort).catch(() => {});
  }

  get port(): number {
    return (this.#listener!.addr as Deno.NetAddr).port;
  }

  /** Takes nothing more from stud: its send queue fills up, as with a client that does not read. */
  hold(): void {
    this.#holding = true;
  }

  /** Has a function alter the next record that the client sends, the header with it. */
  alterRecord(change: (record: Uint8Array) => void): void {
    this.#alter = change;
  }

  /** Ends the client's sending direction by a bare FIN. What stud sends still arrives. */
  async endWithFin(): Promise<void> {
    this.#cut = true;
    await this.#stud!.closeWrite();
  }

  /** The same for what comes from the other side. */
  async endAnswerWithFin(): Promise<void> {
    await this.#client!.closeWrite();
  }

  /** The next octets of one direction are not whole: half of them, and a bare FIN. */
  endWithin(direction: "request" | "answer"): void {
    this.#halving = direction;
  }

  /** Resets stud's side, as a client that crashed. */
  reset(): void {
    this.#cut = true;
    resetConnection(this.#stud!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#listener !== undefined) closeQuietly(this.#listener);
    this.#over = this.#holding = true;
    for (const conn of [this.#client, this.#stud]) if (conn !== undefined) closeQuietly(conn);
    await this.#running;
  }

  async #run(studPort: number): Promise<void> {
    const client = this.#options.client ?? this.#listener!.accept();
    this.#client = await client as Deno.TcpConn;
    this.#stud = await Deno.connect({ hostname: "127.0.0.1", port: studPort });
    this.#stud.setNoDelay(true);
    await Promise.all([
      // A reset on one side becomes one on the other.
      this.#runUp(this.#client, this.#stud).catch(() => this.#resetQuietly(this.#stud!)),
      this.#runDown(this.#stud, this.#client).catch(() => this.#resetQuietly(this.#client!)),
    ]);
  }

  async #runUp(client: Deno.TcpConn, stud: Deno.TcpConn): Promise<void> {
    const bytes = new Uint8Array(64 << 10);
    const { cuts, before = new Uint8Array() } = this.#options;
    let first = cuts !== undefined || before.length > 0;
    for (let count; (count = await client.read(bytes)) !== null;) {
      if (this.#cut) continue;
      if (this.#halving === "request") {
        this.#cut = true;
        await endHalfWay(stud, bytes.subarray(0, count));
        continue;
      }
      this.#alter?.(bytes.subarray(0, 5 + (bytes[3]! << 8) + bytes[4]!));
      this.#alter = undefined;
      if (first) await this.#inPieces(join([before, bytes.subarray(0, count)]), stud);
      else await writeAll(stud, bytes.subarray(0, count));
      first = false;
    }
    if (!this.#cut) await stud.closeWrite();
  }

  async #inPieces(bytes: Uint8Array, stud: Deno.TcpConn): Promise<void> {
    const offsets = [...this.#options.cuts?.(bytes.length) ?? [], bytes.length];
    let sent = 0;
    for (const offset of offsets) {
      await writeAll(stud, bytes.subarray(sent, offset));
      sent = offset;
      // Time for stud to read this piece before the next one joins it.
      if (sent < bytes.length) await pause(1);
    }
  }

  async #runDown(stud: Deno.TcpConn, client: Deno.TcpConn): Promise<void> {
    const bytes = new Uint8Array(64 << 10);
    while (!this.#holding) {
      const count = await stud.read(bytes);
      if (count === null) return await client.closeWrite();
      if (this.#halving === "answer") return await endHalfWay(client, bytes.subarray(0, count));
      await writeAll(client, bytes.subarray(0, count));
    }
  }

  /** Not at the end: the addresses of a connection that is closed may be another one's already. */
  #resetQuietly(conn: Deno.Conn): void {
    if (this.#over) return;
    try {
      resetConnection(conn);
    } catch {
      // Already closed.
    }
  }
}

async function endHalfWay(to: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  await writeAll(to, bytes.subarray(0, bytes.length / 2));
  await to.closeWrite();
}
