/**
 * Starts stud for end-to-end tests, from the source or from whatever `STUD_BIN` names, with the TLS library
 * that `STUD_TLS_LIBRARY` names, and ends it again. A test that fails shows the command, its status and
 * everything it printed.
 */

import type { Backend } from "./backend.ts";
import { openSockets } from "./descriptors.ts";
import { eventually } from "./eventually.ts";
import type { TlsLibraryName } from "../../src/config/settings.ts";

/**
 * The command that starts stud: `STUD_BIN` (words), else under this Deno the bundle of the source that scripts/test.ts
 * has made for a run of the tests (`STUD_BUNDLE`), or the source.
 */
export function studCommand(): string[] {
  const bin = Deno.env.get("STUD_BIN");
  if (bin !== undefined && bin !== "") return bin.split(" ");
  const bundle = Deno.env.get("STUD_BUNDLE");
  return bundle === undefined || bundle === "" ? sourceCommand() : startedFrom(bundle);
}

/** The command that starts stud from its source. */
export function sourceCommand(): string[] {
  return startedFrom(new URL("../../mod.ts", import.meta.url).pathname);
}

function startedFrom(entry: string): string[] {
  return [Deno.execPath(), "run", "--quiet", "-A", "--unstable-net", entry];
}

/**
 * The TLS library that a stud of the tests uses unless a test asks for another: `STUD_TLS_LIBRARY`, or what stud
 * takes by itself.
 */
export const TLS_LIBRARY = requestedLibrary() ??
  (Deno.build.os === "linux" ? "openssl" : "rustls");

/**
 * What the TLS libraries rightly do differently: the value for the one that is tested. Node's is an OpenSSL
 * too, and does as that does unless a test knows otherwise.
 */
export function byLibrary<Value>(values: ByLibrary<Value>): Value {
  if (TLS_LIBRARY === "node" && "node" in values) return values.node!;
  return values[TLS_LIBRARY === "node" ? "openssl" : TLS_LIBRARY];
}

/** A value for each library; without `node` that of `openssl` is its. */
export interface ByLibrary<Value> {
  readonly rustls: Value;
  readonly openssl: Value;
  readonly node?: Value;
}

/** Has stud use an engine that can do everything it may be asked for: the host's OpenSSL, or Node's own. */
export const BY_OPENSSL = `--tls-library=${
  byLibrary({ rustls: "openssl", openssl: "openssl", node: "node" })
}`;

/** Arguments that leave the choice of the library to stud and its other options, whatever is tested. */
export const BY_ITS_OPTIONS: readonly string[] = requestedLibrary() === undefined
  ? []
  : ["--tls-library=auto"];

/** What a finished run of stud gave. */
export interface StudResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** How stud is started otherwise than by its plain command. */
export interface StudEnvironment {
  /** A command that runs the command after it in its own process, such as `setpriv` or `env`. */
  readonly prefix?: readonly string[];
  /** Default: {@linkcode studCommand}. */
  readonly command?: readonly string[];
}

/** Runs stud to its end: for options that print and exit, and for start errors. */
export async function runStud(
  args: string[],
  stdin?: string,
  { prefix = [], command = studCommand() }: StudEnvironment = {},
): Promise<StudResult> {
  const [program, ...rest] = [...prefix, ...command];
  const child = new Deno.Command(program!, {
    args: [...rest, ...withLibrary(args)],
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1" },
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  // One that serves although it should not must not hold up the tests for ever.
  const timer = setTimeout(() => child.kill("SIGKILL"), 30_000);
  const { code, stdout, stderr } = await child.output();
  clearTimeout(timer);
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

/** A running stud. Use it with `await using`, so that it ends with the test. */
export class Stud implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #command: readonly string[];
  readonly #waiting = new Set<() => void>();
  readonly #readers: Promise<unknown>;
  #ports: readonly number[] = [];
  #forgotten = "";
  /** Of each worker, before the test. */
  #sockets: ReadonlyMap<number, number> = new Map();
  stdout = "";
  stderr = "";
  status: Deno.CommandStatus | undefined;

  private constructor(child: Deno.ChildProcess, command: readonly string[]) {
    this.#child = child;
    this.#command = command;
    this.#readers = Promise.all([
      this.#collect(child.stdout, (text) => this.stdout += text),
      this.#collect(child.stderr, (text) => this.stderr += text),
      child.status.then((status) => {
        this.status = status;
        this.#wake();
      }),
    ]);
  }

  /** Starts stud and waits until it serves. */
  static async start(
    args: string[],
    env: Record<string, string> = {},
    how: StudEnvironment = {},
  ): Promise<Stud> {
    const stud = Stud.spawn(args, env, how);
    try {
      await stud.output(/workers? serves? on /, START_DEADLINE);
      return stud;
    } catch (error) {
      // Its pipes would be leaks of this test and of those after it.
      await stud[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts stud and does not wait. */
  static spawn(
    args: string[],
    env: Record<string, string> = {},
    { prefix = [], command = studCommand() }: StudEnvironment = {},
  ): Stud {
    const [program, ...rest] = [...prefix, ...command];
    const child = new Deno.Command(program!, {
      args: [...rest, ...withLibrary(args)],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      env: { NO_COLOR: "1", ...env },
    }).spawn();
    return new Stud(child, [...command, ...withLibrary(args)]);
  }

  get pid(): number {
    return this.#child.pid;
  }

  /** The port of the first frontend, from the log line that says where stud serves. */
  get port(): number {
    return this.ports[0]!;
  }

  /** The ports of its frontends, as named at its start, in the order of their options. */
  get ports(): readonly number[] {
    if (this.#ports.length > 0) return this.#ports;
    const [, places = ""] = /serves? on (.*?), backend /.exec(this.stdout) ?? [];
    this.#ports = [...places.matchAll(/:(\d+)(?= and |$)/g)].map(([, port]) => Number(port));
    if (this.#ports.length === 0) throw new Error(`stud does not serve\n${this.report()}`);
    return this.#ports;
  }

  /** Drops what was printed so far, so that the next test of a stud that is shared waits for lines of its own. */
  forget(): void {
    void this.ports;
    this.#forgotten += this.stdout + this.stderr;
    this.stdout = this.stderr = "";
    this.#sockets = socketsOf(this);
  }

  /**
   * After a test of a stud that is shared, whose clients have left: waits until the workers hold no more sockets than
   * before it, so that a connection to the backend that they were about to make is none of the next test's. It does not
   * insist, because that is not what the test is about.
   */
  async quiet(): Promise<void> {
    const isQuiet = () => {
      const now = socketsOf(this);
      return [...this.#sockets].every(([pid, before]) => (now.get(pid) ?? 0) <= before);
    };
    await eventually("quiet", isQuiet, 5_000).catch(() => {});
  }

  /** Process ids of the workers that live now. Linux only. */
  workers(): number[] {
    const children = `/proc/${this.pid}/task/${this.pid}/children`;
    return Deno.readTextFileSync(children).trim().split(" ").filter((pid) => pid !== "").map(
      Number,
    );
  }

  signal(name: Deno.Signal): void {
    this.#child.kill(name);
  }

  /** Waits until everything printed so far, on both streams, matches; fails after `limit` milliseconds. */
  async output(pattern: RegExp, limit = 15_000): Promise<void> {
    const matches = () => pattern.test(this.stdout) || pattern.test(this.stderr);
    await this.#until(matches, limit, `no output like ${pattern}`);
  }

  /** Everything printed since the start, what tests that share it have dropped too. */
  get history(): string {
    return this.#forgotten + this.stdout + this.stderr;
  }

  /** Like `output`, for the history. */
  async everOutput(pattern: RegExp): Promise<void> {
    const matches = () => pattern.test(this.history);
    await this.#until(matches, 15_000, `never any output like ${pattern}\n${this.#forgotten}`);
  }

  /** Waits until stud has ended and returns its status. */
  async ended(limit = 15_000): Promise<Deno.CommandStatus> {
    await this.#until(() => this.status !== undefined, limit, "stud has not ended", true);
    await this.#readers;
    return this.status!;
  }

  /** What to show when a test fails. */
  report(): string {
    const status = this.status === undefined ? "running" : `exit ${this.status.code}`;
    return [
      `command: ${this.#command.join(" ")}`,
      `status: ${status}`,
      `stdout:\n${this.stdout}`,
      `stderr:\n${this.stderr}`,
    ].join("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      if (this.status === undefined) this.#child.kill("SIGINT");
    } catch {
      // Already gone.
    }
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), 5_000);
    await this.#readers;
    clearTimeout(timer);
  }

  async #until(
    done: () => boolean,
    limit: number,
    failure: string,
    evenAfterEnd = false,
  ): Promise<void> {
    const deadline = Date.now() + limit;
    while (!done()) {
      const left = deadline - Date.now();
      if (left <= 0 || (this.status !== undefined && !evenAfterEnd)) {
        await Promise.race([this.#readers, new Promise((resolve) => setTimeout(resolve, 200))]);
        if (done()) return;
        throw new Error(`${failure}\n${this.report()}`);
      }
      await this.#change(left);
    }
  }

  /** Resolves when something was printed or stud ended, or after a while. */
  #change(limit: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, limit);
      this.#waiting.add(wake);
    });
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake();
  }

  async #collect(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of stream) {
      take(decoder.decode(bytes, { stream: true }));
      this.#wake();
    }
  }
}

/** The arguments of a test, and the library before them unless they name one, or a file that may. */
export function withLibrary(args: readonly string[]): readonly string[] {
  const library = requestedLibrary();
  const chosen = args.some((arg) => /^(--(tls-library|config)\b|(status|top)$)/.test(arg));
  return library === undefined || chosen ? args : [`--tls-library=${library}`, ...args];
}

/** Milliseconds until a stud that starts beside much other work has hung. */
const START_DEADLINE = 60_000;

function requestedLibrary(): TlsLibraryName | undefined {
  const name = Deno.env.get("STUD_TLS_LIBRARY") || undefined;
  const library = (["rustls", "openssl", "node"] as const).find((each) => each === name);
  if (name === library) return library;
  throw new Error(`STUD_TLS_LIBRARY is rustls, openssl or node, not ${name}`);
}

/**
 * After a test of studs that are shared, in front of this backend: ends its connections, also those that were still on
 * their way to the backend.
 */
export async function endShared(backend: Backend, ...studs: readonly Stud[]): Promise<void> {
  await backend.endAll();
  for (const stud of studs) await stud.quiet();
  await backend.endAll();
}

/** How many sockets each worker has open; empty where that cannot be seen. */
function socketsOf(stud: Stud): ReadonlyMap<number, number> {
  try {
    return new Map(stud.workers().map((pid) => [pid, openSockets(pid)]));
  } catch {
    return new Map();
  }
}
