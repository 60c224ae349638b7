/** What a connection is to its relay once its session has agreed, whichever side of the handshake is ours: the session's stream. */

import type { Duplex } from "../../runtime/runtime.ts";
import type { SessionStream } from "./session_stream.ts";

/** Plaintext through a session; see {@linkcode Duplex}. */
export abstract class OverSession implements Duplex {
  protected readonly secured: SessionStream;

  constructor(secured: SessionStream) {
    this.secured = secured;
  }

  get lends(): boolean {
    return this.secured.lends;
  }

  get takesAtOnce(): boolean {
    return this.secured.takesAtOnce;
  }

  get gone(): boolean {
    return this.secured.gone;
  }

  lendNow(most: number): Uint8Array | null | undefined {
    return this.secured.lendNow(most);
  }

  whenReadable(ready: () => void): void {
    this.secured.whenReadable(ready);
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.secured.read(into);
  }

  write(octets: Uint8Array): Promise<number> | number {
    return this.secured.write(octets);
  }

  room(): number {
    return this.secured.room();
  }

  closeWrite(): Promise<void> | void {
    return this.secured.closeWrite();
  }

  unsent(): number {
    return this.secured.unsent();
  }

  reset(): void {
    this.secured.reset();
  }

  close(): void {
    this.secured.close();
  }
}
