/** The service part of a platform in memory. */

import { StartupError } from "../../src/errors.ts";
import type { LogHandle, Service } from "../../src/runtime/runtime.ts";

/** Log files that a test decides on. */
export class FakeService implements Service {
  /** What files hold, by number: a path may come to name another one. */
  readonly logs: FakeLog[] = [];
  /** Which file a path names now. */
  readonly paths = new Map<string, FakeLog>();
  /** Why no log can be opened. */
  refusal: string | undefined;

  openLog(path: string): Promise<LogHandle> {
    if (this.refusal !== undefined) return Promise.reject(new StartupError(this.refusal));
    let log = this.paths.get(path);
    if (log === undefined) {
      log = new FakeLog();
      this.logs.push(log);
      this.paths.set(path, log);
    }
    const file = log;
    return Promise.resolve({
      append: (octets) => file.append(new TextDecoder().decode(octets)),
      isCurrent: () => Promise.resolve(this.paths.get(path) === file),
      close: () => Promise.resolve(void file.closed++),
    });
  }
}

/** A file that lines go to. */
export class FakeLog {
  text = "";
  closed = 0;
  /** How many octets the disk still takes. */
  room = Infinity;

  append(text: string): Promise<void> {
    const written = text.slice(0, this.room);
    this.room -= written.length;
    this.text += written;
    return written === text ? Promise.resolve() : Promise.reject(new Error("disk full"));
  }
}
