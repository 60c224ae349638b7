/**
 * Starts and ends the processes of the benchmark. Each one is tracked until it is gone. It is ended by its id, with its
 * descendants, even if the run fails. With taskset(1) and at least two processors, proxies run on the first and
 * everything else on the others, so that they do not disturb each other.
 */

import { descendants } from "./usage.ts";

/** How to start a process. */
export interface StartOptions {
  /** For messages. */
  readonly name: string;
  readonly command: readonly string[];
  /** Which processors it may use. */
  readonly side: Side;
  /** Standard input and output are used by `writeLine` and `nextLine`; otherwise the output is kept for messages. */
  readonly conversation?: boolean;
  readonly cwd?: string;
}

/** The proxy's processor, those for everything else, or any. */
export type Side = "proxy" | "load" | "any";

/** A process started by this module. */
export interface Child {
  readonly pid: number;
  /** True until it has exited by itself or been ended by `end`. */
  readonly running: boolean;
  /** The last part of its output, except for conversations. */
  readonly output: string;
  writeLine(line: string): Promise<void>;
  /** Its next line; throws if it exits or takes more than so many seconds. */
  nextLine(seconds: number): Promise<string>;
  /** Its status once it has exited by itself and `output` is complete; throws after so many seconds. */
  finished(seconds: number): Promise<number>;
  /** Kills it with all its descendants, and waits until it is gone. */
  end(): Promise<void>;
}

/** Starts a process. Throws if the program does not exist, and after `endAll`. */
export function start(options: StartOptions): Child {
  if (ending) throw new Error("interrupted");
  return new StartedProcess(options);
}

/** Ends everything that is still running. After that nothing can be started. */
export async function endAll(): Promise<void> {
  ending = true;
  await Promise.all([...alive].map((child) => child.end()));
}

/** One sentence about which processors are used for what. */
export function pinning(): string {
  return processors
    ? `proxy on processor ${processors.proxy}, clients and backend on ${processors.load}`
    : "nothing is pinned to a processor";
}

class StartedProcess implements Child {
  readonly #name: string;
  readonly #child: Deno.ChildProcess;
  readonly #gone: Promise<void>;
  readonly #kept: Promise<void>[] = [];
  readonly #input: WritableStreamDefaultWriter<Uint8Array> | undefined;
  readonly #lines: ReadableStreamDefaultReader<string> | undefined;
  running = true;
  output = "";

  constructor({ name, command, side, conversation = false, cwd }: StartOptions) {
    const pinned = processors && side !== "any"
      ? ["taskset", "-c", processors[side], ...command]
      : command;
    const [program, ...args] = pinned as [string, ...string[]];
    this.#name = name;
    this.#child = new Deno.Command(program, {
      args,
      ...(cwd === undefined ? {} : { cwd }),
      stdin: conversation ? "piped" : "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    alive.add(this);
    this.#gone = this.#child.status.then(() => {
      this.running = false;
      alive.delete(this);
    });
    this.#kept.push(this.#keep(this.#child.stderr));
    if (conversation) {
      this.#input = this.#child.stdin.getWriter();
      this.#lines = lines(this.#child.stdout).getReader();
    } else {
      this.#kept.push(this.#keep(this.#child.stdout));
    }
  }

  get pid(): number {
    return this.#child.pid;
  }

  async writeLine(line: string): Promise<void> {
    await this.#input?.write(new TextEncoder().encode(line + "\n"));
  }

  async nextLine(seconds: number): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.#name}: silent for ${seconds} s`)),
        seconds * 1000,
      );
    });
    try {
      const next = await Promise.race([this.#lines?.read(), late]);
      if (next?.value === undefined) throw new Error(`${this.#name} ended: ${this.output}`);
      return next.value;
    } finally {
      clearTimeout(timer);
    }
  }

  async finished(seconds: number): Promise<number> {
    const timer = setTimeout(() => kill(this.pid), seconds * 1000);
    const { code, signal } = await this.#child.status;
    clearTimeout(timer);
    await Promise.all(this.#kept);
    if (signal !== null) throw new Error(`${this.#name} ended by ${signal}: ${this.output}`);
    return code;
  }

  async end(): Promise<void> {
    if (!this.running) return;
    // The root first, so that a supervisor does not replace workers that are killed with it.
    for (const pid of [this.pid, ...descendants(this.pid)]) kill(pid);
    await this.#gone;
    await this.#input?.close().catch(() => {});
    await this.#lines?.cancel().catch(() => {});
  }

  async #keep(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    for await (const part of stream) {
      this.output = (this.output + decoder.decode(part, { stream: true })).slice(-2000);
    }
  }
}

function lines(bytes: ReadableStream<Uint8Array>): ReadableStream<string> {
  let partial = "";
  return bytes.pipeThrough(new TextDecoderStream() as TransformStream<Uint8Array, string>)
    .pipeThrough(
      new TransformStream({
        transform(text, controller) {
          const parts = (partial + text).split("\n");
          partial = parts.pop() ?? "";
          for (const line of parts) controller.enqueue(line);
        },
      }),
    );
}

function kill(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch {
    // It had already exited.
  }
}

/** Lists for `taskset -c`, from the processors this process may use. */
function splitProcessors(): { proxy: string; load: string } | undefined {
  const status = Deno.readTextFileSync("/proc/self/status");
  const allowed = /Cpus_allowed_list:\s*(\S+)/.exec(status)?.[1] ?? "";
  const all = allowed.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  const [proxy, ...others] = all;
  if (proxy === undefined || others.length === 0 || !hasTaskset()) return undefined;
  return { proxy: String(proxy), load: others.join(",") };
}

function hasTaskset(): boolean {
  try {
    return new Deno.Command("taskset", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

const alive = new Set<Child>();
let ending = false;
const processors = splitProcessors();
