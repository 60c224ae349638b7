/** An event loop inside a test's process, with sockets of its own and descriptors that a test makes ready. */

import { Cancellation } from "../../../../src/runtime/cancellation.ts";
import type { PeerError } from "../../../../src/errors.ts";
import { createDenoNetwork } from "../../../../src/runtime/deno/network.ts";
import { socketDescriptors } from "../../../../src/runtime/linux/descriptors.ts";
import { EventLoop } from "../../../../src/runtime/loop/event_loop.ts";
import { openLibc } from "../../../../src/runtime/loop/libc.ts";
import { createLoopNetwork } from "../../../../src/runtime/loop/loop_network.ts";
import type {
  Endpoint,
  Network,
  Stream,
  StreamListener,
  TcpStream,
} from "../../../../src/runtime/runtime.ts";
import { closeQuietly } from "../../../support/backend.ts";
import { within } from "../../../support/eventually.ts";
import { testWith } from "../../../support/tools.ts";

export const linux = { linux: true };

// Loaded by a test, they would count as leaked by it.
const libc = Deno.build.os === "linux" ? openLibc() : undefined;
if (libc !== undefined) socketDescriptors();
const more = Deno.build.os === "linux"
  ? Deno.dlopen("libc.so.6", {
    eventfd: { parameters: ["u32", "i32"], result: "i32" },
  }).symbols
  : undefined;

/** A descriptor that is ready for reading from the first (eventfd(2)), or never. */
export function descriptor({ ready }: { readonly ready: boolean }): number {
  return more!.eventfd(ready ? 1 : 0, 0);
}

/** Closes a descriptor. */
export function closeDescriptor(number: number): void {
  libc!.close(number);
}

/** Declares a test with a loop, which has nothing left to do at its end. */
export function loopTest(what: string, run: (bed: LoopBed) => Promise<void>, needs = {}): void {
  testWith({ ...linux, ...needs }, what, async () => {
    await using bed = new LoopBed();
    await run(bed);
  });
}

/** Use it with `await using`: everything opened through it is closed with it. */
export class LoopBed implements AsyncDisposable {
  readonly loop = new EventLoop({ longestSleep: 1 });
  readonly network: Network = createLoopNetwork(() => this.loop, createDenoNetwork());
  readonly #open: { close(): void }[] = [];

  /** Closes it at the end. */
  keep<Closable extends { close(): void }>(each: Closable): Closable {
    this.#open.push(each);
    return each;
  }

  /** Listens on a port of this host. */
  async listen(host = "127.0.0.1"): Promise<StreamListener> {
    return this.keep(await this.network.listen({ host, port: 0, reusePort: false }));
  }

  /** A client of the runtime's. */
  async connect(port: number, hostname = "127.0.0.1"): Promise<Deno.TcpConn> {
    return this.keep(await Deno.connect({ hostname, port }));
  }

  /** The next client of a listener. */
  async accept(listener: StreamListener): Promise<TcpStream> {
    return this.keep(await within(10_000, "a client", listener.accept()));
  }

  /** An accepted stream, and its peer, which has sent this. */
  async accepted(text = ""): Promise<{ stream: TcpStream; peer: Deno.TcpConn }> {
    const listener = await this.listen();
    const peer = await this.connect(listener.address.port);
    if (text !== "") await peer.write(new TextEncoder().encode(text));
    return { stream: await this.accept(listener), peer };
  }

  /** Connects on the loop. */
  async dial(endpoint: Endpoint, cancellation = new Cancellation()): Promise<Stream> {
    return this.keep(await this.network.dial(endpoint, cancellation));
  }

  /** The error of what must throw or reject, as stud's own. */
  async fault(failing: Promise<unknown> | (() => unknown)): Promise<PeerError> {
    try {
      await within(10_000, "an error", typeof failing === "function" ? failing() : failing);
    } catch (error) {
      return this.network.peerError(error, "client");
    }
    throw new Error("no error");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open) closeQuietly(each);
    await this.loop.turn();
  }
}
