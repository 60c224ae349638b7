/**
 * A process whose event loop is our own and sleeps until something happens, as in a worker: for tests that the
 * runtime's own work goes on meanwhile. What it does is its argument.
 */

import { createDenoNetwork } from "../../src/runtime/deno/network.ts";
import { EventLoop } from "../../src/runtime/loop/event_loop.ts";
import { createLoopNetwork } from "../../src/runtime/loop/loop_network.ts";

/** What it can be asked to do; each says `done` at its end. */
export type LoopTask = keyof typeof TASKS;

/** A running one. Use it with `await using`. */
export class LoopProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor(task: LoopTask) {
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", "-A", "--unstable-net", import.meta.url, task],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#lines = linesOf(this.#child.stdout);
    this.#input = this.#child.stdin.getWriter();
  }

  /** Its next line. */
  async line(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("it ended");
    return value;
  }

  /** Sends it a line. */
  async send(line: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(`${line}\n`));
  }

  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Its exit code. */
  async code(): Promise<number> {
    return (await this.#child.status).code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch {
      // Already gone.
    }
    await this.#child.status;
    await this.#input.abort().catch(() => {});
    // To the end, lest the pipe stays open.
    while (!(await this.#lines.next()).done);
  }
}

async function* linesOf(from: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of from.pipeThrough(new TextDecoderStream() as Decoder)) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}

type Decoder = ReadableWritablePair<string, Uint8Array>;

const ROUNDS = 20;

const TASKS = {
  async files() {
    for (let round = 0; round < ROUNDS; round++) await Deno.readTextFile("/proc/self/status");
  },
  async children() {
    for (let round = 0; round < 5; round++) await new Deno.Command("true").output();
  },
  async names() {
    for (let round = 0; round < 5; round++) await Deno.resolveDns("localhost", "A").catch(() => {});
  },
  async input() {
    for await (const line of linesOf(Deno.stdin.readable)) {
      if (line === "end") return;
      console.log(line);
    }
  },
  async signals() {
    const { promise, resolve } = Promise.withResolvers<void>();
    Deno.addSignalListener("SIGHUP", resolve);
    console.log("ready");
    await promise;
  },
  rejection() {
    Promise.reject(new Error("nobody handles this"));
    return new Promise<void>(() => {});
  },
  /** Out of descriptors, until some are free again. */
  async descriptors() {
    const open: Deno.FsFile[] = [];
    console.log(listener!.address.port);
    try {
      for (;;) open.push(Deno.openSync("/dev/null"));
    } catch {
      // That was the last one.
    }
    const why = await listener!.accept().then(() => "accepted", (error) => error.kind);
    for (const each of open) each.close();
    console.log(why);
    await listener!.accept();
  },
};

let listener: Awaited<ReturnType<ReturnType<typeof createLoopNetwork>["listen"]>> | undefined;

if (import.meta.main) {
  const loop = new EventLoop();
  const network = createLoopNetwork(() => loop, createDenoNetwork());
  // The loop has something to wait for: nobody ever comes, but where clients are the task.
  listener = await network.listen({ host: "127.0.0.1", port: 0, reusePort: false });
  const task = TASKS[Deno.args[0] as LoopTask];
  // Begun from within the loop, which sleeps as soon as this returns.
  loop.after(50, () =>
    void task().then(() => {
      console.log("done");
    }));
}
