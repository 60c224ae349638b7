/** Runs the programs that tests drive: clients that come and go, and servers that stay for a test. */

import { eventually, within } from "./eventually.ts";
import { toolPath } from "./tools.ts";

/** A running program. Use it with `await using`: what is still there at the end of the test is killed. */
export class ToolProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #readers: Promise<unknown>;
  readonly #command: string;
  stdout = "";
  stderr = "";
  status: Deno.CommandStatus | undefined;

  /** Starts a program that `testWith` has found. */
  constructor(name: string, args: readonly string[]) {
    this.#command = [name, ...args].join(" ");
    this.#child = new Deno.Command(toolPath(name)!, {
      args: [...args],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#input.closed.catch(() => {});
    this.#readers = Promise.all([
      collect(this.#child.stdout, (text) => this.stdout += text),
      collect(this.#child.stderr, (text) => this.stderr += text),
      this.#child.status.then((status) => this.status = status),
    ]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** Writes to its standard input, which stays open. */
  async write(text: string): Promise<void> {
    await this.#input.write(new TextEncoder().encode(text));
  }

  /** Ends its standard input. */
  async closeInput(): Promise<void> {
    await this.#input.close().catch(() => {});
  }

  /** Waits until what it printed, on either stream, matches. */
  async output(pattern: RegExp): Promise<void> {
    const matches = () => pattern.test(this.stdout) || pattern.test(this.stderr);
    await eventually(`output like ${pattern}`, matches, 15_000, () => this.report());
  }

  /** Waits until it has ended and returns its exit code. */
  async ended(): Promise<number> {
    await within(20_000, `the end of ${this.#command}`, this.#readers);
    return this.status!.code;
  }

  /** What to show when a test fails. */
  report(): string {
    const { stdout, stderr } = this;
    return `command: ${this.#command}\nstatus: ${this.status?.code}\n${stdout}\n${stderr}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.status === undefined) this.#child.kill("SIGKILL");
    await this.closeInput();
    await this.#readers;
  }
}

/** Runs a program to its end. */
export async function runTool(name: string, args: readonly string[]): Promise<ToolProcess> {
  await using tool = new ToolProcess(name, args);
  await tool.closeInput();
  await tool.ended();
  return tool;
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  take: (text: string) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of stream) take(decoder.decode(bytes, { stream: true }));
}
