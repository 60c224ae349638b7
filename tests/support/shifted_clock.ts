/** Programs that run at another date than the rest of the machine, by libfaketime. */

/** The environment of a program whose date is so many milliseconds ahead. Its timers run as ever. */
export function clockAhead(milliseconds: number): Record<string, string> {
  return { ...preload(), FAKETIME: offset(milliseconds) };
}

/** A clock that a test sets while programs run by it. Use it with `using`. */
export class ShiftedClock implements Disposable {
  readonly #file = Deno.makeTempFileSync({ prefix: "stud-test-" });

  constructor(milliseconds: number) {
    this.set(milliseconds);
  }

  /** The environment of the programs. */
  get env(): Record<string, string> {
    return { ...preload(), FAKETIME_TIMESTAMP_FILE: this.#file, FAKETIME_NO_CACHE: "1" };
  }

  /** How far the clock is ahead from now on. */
  set(milliseconds: number): void {
    // The programs read it all the time, so it must never be seen half written.
    const next = `${this.#file}.next`;
    Deno.writeTextFileSync(next, offset(milliseconds));
    Deno.renameSync(next, this.#file);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#file);
  }
}

/** The library, or undefined where it is not installed: the Debian package libfaketime has it. */
export function faketimeLibrary(): string | undefined {
  return FOLDERS.map((folder) => `${folder}/faketime/libfaketime.so.1`).find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

function preload(): Record<string, string> {
  return { LD_PRELOAD: faketimeLibrary()!, DONT_FAKE_MONOTONIC: "1" };
}

/** As libfaketime takes it: seconds with a sign. */
function offset(milliseconds: number): string {
  return `${milliseconds < 0 ? "-" : "+"}${Math.round(Math.abs(milliseconds) / 1_000)}`;
}

/** Where Debian puts libraries of a machine's own kind, and where others do. */
const FOLDERS = [`/usr/lib/${Deno.build.arch}-linux-gnu`, "/usr/lib64", "/usr/lib"];
