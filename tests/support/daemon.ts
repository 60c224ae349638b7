/** A stud that has gone to the background: found by its pidfile, and ended with the test. */

import { eventually } from "./eventually.ts";
import { runStud, type StudEnvironment, type StudResult } from "./stud.ts";

/** What such a stud keeps, in a directory of its own. Use it with `await using`. */
export class DaemonSite implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
  readonly #pids = new Set<number>();

  /** Runs the command, in that directory, until it returns. */
  async start(args: string[], stdin?: string, how?: StudEnvironment): Promise<StudResult> {
    const result = await runStud(
      ["--daemon", "-p", this.path("pid"), "--dbg-listen", this.path("ports"), ...args],
      stdin,
      how,
    );
    if (result.code === 0) this.#pids.add(this.pid);
    return result;
  }

  /** The path of a file in the directory. */
  path(name: string): string {
    return `${this.folder}/${name}`;
  }

  /** What a file in the directory holds. */
  read(name: string): string {
    return Deno.readTextFileSync(this.path(name));
  }

  /** What the pidfile says. */
  get pid(): number {
    return Number(this.read("pid"));
  }

  /** The port of the first frontend. */
  get port(): number {
    return Number(this.read("ports").split("\n")[0]!.split(":")[1]);
  }

  /** Ends it in order, and waits until it is gone. */
  async stop(signal: Deno.Signal = "SIGTERM"): Promise<void> {
    for (const pid of this.#pids) {
      if (isAlive(pid)) Deno.kill(pid, signal);
      await eventually(`the end of process ${pid}`, () => !isAlive(pid));
      this.#pids.delete(pid);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop("SIGINT");
    Deno.removeSync(this.folder, { recursive: true });
  }
}

/** Whether there is such a process, and it is not only waiting to be asked for its status. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}
