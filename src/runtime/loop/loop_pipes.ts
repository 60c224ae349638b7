/**
 * The standard input and output of a worker on its event loop: the control pipe and the log pipe. Deno would read and
 * write them on threads of its own. When such a thread finishes, that does not always wake a sleeping loop, so a drain
 * could be noticed seconds late.
 */

import { EAGAIN, EINTR, FIONBIO } from "../linux/abi.ts";
import type { StandardBytes, StandardPipes } from "../deno/processes.ts";
import {
  EPOLLERR,
  EPOLLET,
  EPOLLHUP,
  EPOLLIN,
  EPOLLOUT,
  type EventLoop,
  type Watcher,
} from "./event_loop.ts";
import type { WorkerLoop } from "./worker_loop.ts";
import { errno, openLibc, SocketError } from "./libc.ts";

/** Reads and writes them on the loop as soon as it exists; they must be pipes or sockets. */
export function loopPipes(loop: WorkerLoop, before: StandardBytes): StandardPipes {
  let input: Pipe | undefined;
  let output: Pipe | undefined;
  const stdin = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (loop.current !== undefined) input ??= new Pipe(STDIN, EPOLLIN, loop.current);
      const bytes = await (input ?? before).read();
      if (bytes === null) controller.close();
      else controller.enqueue(bytes);
    },
  }, { highWaterMark: 0 });
  return {
    stdin,
    write(bytes) {
      if (loop.current !== undefined) output ??= new Pipe(STDOUT, EPOLLOUT, loop.current);
      return (output ?? before).write(bytes);
    },
  };
}

/** One end of a pipe: one read, or one write, at a time. */
class Pipe implements StandardBytes, Watcher {
  readonly patient = false;
  readonly #libc = openLibc();
  readonly #descriptor: number;
  /** Resolves at the next event. */
  #event = Promise.withResolvers<void>();

  constructor(descriptor: number, events: number, loop: EventLoop) {
    this.#descriptor = descriptor;
    if (this.#libc.ioctl(descriptor, FIONBIO, YES) !== 0) throw SocketError.of(errno());
    loop.watch(descriptor, this, (events | EPOLLERR | EPOLLHUP | EPOLLET) >>> 0);
  }

  ready(): void {
    this.#event.resolve();
    this.#event = Promise.withResolvers();
  }

  /** The next bytes, or null at the end. */
  async read(): Promise<Uint8Array | null> {
    const space = new Uint8Array(READ_BYTES);
    for (;;) {
      const event = this.#event.promise;
      const bytes = this.#libc.read(this.#descriptor, space, space.length);
      if (bytes > 0) return space.subarray(0, bytes);
      if (bytes === 0) return null;
      await this.#untilRetry(event);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      const event = this.#event.promise;
      const rest = bytes.subarray(sent) as Uint8Array<ArrayBuffer>;
      const taken = this.#libc.write(this.#descriptor, rest, rest.length);
      if (taken >= 0) sent += taken;
      else await this.#untilRetry(event);
    }
  }

  /** After a failed call: resolves when it is worth another try. */
  #untilRetry(event: Promise<void>): Promise<void> | undefined {
    const error = errno();
    if (error === EAGAIN) return event;
    if (error !== EINTR) throw SocketError.of(error);
  }
}

const STDIN = 0;
const STDOUT = 1;
/** The capacity of a pipe. */
const READ_BYTES = 64 << 10;
const YES = new Int32Array([1]);
