/**
 * An echoing backend in a process of its own: for tests that would run out of descriptors with all three
 * parties' connections in two processes, and for those that kill a backend.
 */

import { Backend, echo } from "./backend.ts";

/** A running one. Use it with `await using`. */
export class EchoProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  /** As `--backend` takes it. */
  readonly address: string;

  private constructor(child: Deno.ChildProcess, address: string) {
    this.#child = child;
    this.address = address;
  }

  /** Starts it and waits until it listens. */
  static async start(): Promise<EchoProcess> {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "-A", import.meta.url],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    await reader.cancel();
    return new EchoProcess(child, new TextDecoder().decode(value).trim());
  }

  /** Ends it as the kernel does when memory runs out. */
  kill(): void {
    this.#child.kill("SIGKILL");
  }

  /** Stops it: it takes nothing any more, and its connections stay open. */
  freeze(): void {
    this.#child.kill("SIGSTOP");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.kill();
    } catch {
      // Already gone.
    }
    await this.#child.status;
  }
}

if (import.meta.main) {
  const backend = Backend.serve(echo);
  console.log(backend.address);
}
