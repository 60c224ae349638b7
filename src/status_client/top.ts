/** `stud top`: the status as a live view, refreshed each second, for a terminal or as plain text for anything else. */

import type { Endpoint, Runtime, Terminal } from "../runtime/runtime.ts";
import type { ConnectionsStatus, Status } from "../status/status.ts";
import { fetchConnections, fetchStatus } from "./fetch_status.ts";
import { screenLines, SORT_KEYS, type Sorting } from "./screen.ts";

/** Shows it until `q`, Ctrl-C, a signal, or until its reader is gone. Returns the exit code. */
export async function watchStatus(
  target: Endpoint,
  runtime: Runtime,
  stop: Promise<unknown>,
): Promise<number> {
  // The first answer shows whether there is anything to watch, before the terminal changes.
  const first = await look(target, runtime);
  const terminal = await runtime.service.openTerminal();
  const view = new View(runtime, terminal);
  stop.then(() => view.end());
  try {
    for (let seen: Seen | string = first; !view.isOver;) {
      await view.show(seen);
      await view.pause();
      if (!view.isOver) seen = await look(target, runtime).catch(({ message }: Error) => message);
    }
  } finally {
    await view.close();
  }
  return 0;
}

/** What is shown. */
interface Seen {
  readonly status: Status;
  readonly connections: ConnectionsStatus;
}

async function look(target: Endpoint, runtime: Runtime): Promise<Seen> {
  const [{ status }, connections] = await Promise.all([
    fetchStatus(target, runtime),
    fetchConnections(target, MAX_CONNECTIONS, runtime),
  ]);
  return { status, connections };
}

class View {
  readonly #runtime: Runtime;
  readonly #terminal: Terminal | undefined;
  #sorting: Sorting = "bytes";
  #wake: () => void = () => {};
  #last: Seen | undefined;
  isOver = false;

  constructor(runtime: Runtime, terminal: Terminal | undefined) {
    this.#runtime = runtime;
    this.#terminal = terminal;
    if (terminal === undefined) return;
    terminal.onKey = (key) => this.#press(key);
    // The alternate screen without a cursor (xterm control sequences).
    void this.#write("\x1b[?1049h\x1b[?25l");
  }

  /** Shows what was seen, or why nothing could be seen above what was last. */
  async show(seen: Seen | string): Promise<void> {
    if (typeof seen !== "string") this.#last = seen;
    const { status, connections } = this.#last!;
    const width = this.#terminal?.columns ?? PLAIN_WIDTH;
    const trouble = typeof seen === "string" ? seen : undefined;
    const lines = screenLines({ status, connections, trouble, sorting: this.#sorting, width });
    if (this.#terminal === undefined) return await this.#write(`${lines.join("\n")}\n\n`);
    const visible = lines.slice(0, this.#terminal.rows - 1).map((line) => `${line}\x1b[K`);
    visible[0] = `\x1b[7m${visible[0]}\x1b[0m`;
    await this.#write(`\x1b[H${visible.join("\r\n")}\x1b[J`);
  }

  /** Waits for a second, or for a key. */
  async pause(): Promise<void> {
    if (this.isOver) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#runtime.clock.after(PERIOD, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends {@linkcode watchStatus}. */
  end(): void {
    this.isOver = true;
    this.#wake();
  }

  /** Gives the terminal back. */
  async close(): Promise<void> {
    if (this.#terminal === undefined) return;
    await this.#write("\x1b[?25h\x1b[?1049l");
    this.#terminal.close();
  }

  #press(key: string): void {
    if (key === "q" || key === "\x03" || key === "\x04") return this.end();
    const sorting = SORT_KEYS[key];
    if (sorting === undefined) return;
    this.#sorting = sorting;
    this.#wake();
  }

  async #write(text: string): Promise<void> {
    try {
      await this.#runtime.processes.write("stdout", new TextEncoder().encode(text));
    } catch {
      // Its reader has gone.
      this.end();
    }
  }
}

/** Milliseconds. */
const PERIOD = 1_000;
/** Characters of a line where there is no terminal. */
const PLAIN_WIDTH = 120;
const MAX_CONNECTIONS = 200;
