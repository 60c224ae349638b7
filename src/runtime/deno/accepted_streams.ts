/**
 * Connections that Deno accepts, as the streams of `node:stream` that a server of `node:net` would give. Before 2.9 that
 * server pauses longer and longer, up to a second, after each client that has reset before it was accepted: a burst of
 * them would keep everybody else out for minutes. And on a unix socket it accepts no more after 512 connections, however
 * many of them have ended.
 */

import { Buffer } from "node:buffer";
import { Duplex } from "node:stream";
import { clock } from "../clock.ts";
import type { HttpServerAddress, StreamAcceptor } from "../http_server.ts";
import { pause } from "../runtime.ts";

/** Accepts connections on an address, whose port may be 0. Throws Deno's errors, with the codes of errno(3). */
export function acceptStreams(
  address: HttpServerAddress,
  onStream: (stream: Duplex) => void,
): StreamAcceptor {
  const listener: Deno.Listener = "path" in address
    ? Deno.listen({ transport: "unix", path: address.path })
    : Deno.listen({ hostname: address.host, port: address.port });
  let isClosed = false;
  const accept = async () => {
    while (!isClosed) {
      try {
        onStream(new ConnectionStream(await listener.accept()));
      } catch (error) {
        if (!isClosed) await pause(clock, isShortage(error) ? SHORTAGE_PAUSE : 0);
      }
    }
  };
  void accept();
  return {
    port: (listener.addr as Partial<Deno.NetAddr>).port,
    close() {
      isClosed = true;
      listener.close();
    },
  };
}

class ConnectionStream extends Duplex {
  readonly #conn: Deno.Conn;

  constructor(conn: Deno.Conn) {
    super({ allowHalfOpen: false });
    this.#conn = conn;
  }

  override async _read(): Promise<void> {
    const space = new Uint8Array(READ_BYTES);
    try {
      const length = await this.#conn.read(space);
      this.push(length === null ? null : Buffer.from(space.subarray(0, length)));
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  override async _write(
    bytes: Uint8Array,
    _encoding: string,
    done: (error?: Error) => void,
  ): Promise<void> {
    let fault: Error | undefined;
    try {
      for (let at = 0; at < bytes.length;) at += await this.#conn.write(bytes.subarray(at));
    } catch (error) {
      fault = error as Error;
    }
    done(fault);
  }

  override async _final(done: (error?: Error) => void): Promise<void> {
    // A client that is gone need not be told.
    await this.#conn.closeWrite().catch(() => {});
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    try {
      this.#conn.close();
    } catch {
      // It is closed.
    }
    done(error);
  }
}

/** Whether accepting fails for want of descriptors or memory, not because of a client. */
function isShortage(error: unknown): boolean {
  return SHORTAGES.has((error as { code?: string }).code ?? "");
}

/** accept(2). */
const SHORTAGES = new Set(["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM"]);
/** Milliseconds. */
const SHORTAGE_PAUSE = 100;
/** Requests are short. */
const READ_BYTES = 4_096;
