/** The service part of a platform in memory. */

import { StartupError } from "../../src/errors.ts";
import type {
  Daemon,
  HeldPidFile,
  LogHandle,
  PidFile,
  Service,
  SocketAddress,
  Starter,
} from "../../src/runtime/runtime.ts";

/** Log files, variables, sockets and a service manager that a test decides on. */
export class FakeService implements Service {
  readonly variables = new Map<string, string>();
  /** What descriptors listen on. */
  readonly inherited = new Map<number, SocketAddress>();
  readonly shared: number[] = [];
  /** What the service manager has heard. */
  readonly notified: string[] = [];
  notifying: () => Promise<void> = () => Promise.resolve();
  /** What files hold, by number: a path may come to name another one. */
  readonly logs: FakeLog[] = [];
  /** Which file a path names now. */
  readonly paths = new Map<string, FakeLog>();
  /** Why no log can be opened. */
  refusal: string | undefined;
  daemon: Daemon | undefined;
  /** What startDaemon() was given. */
  handover: string | undefined;
  starter: Starter | undefined;

  /** What is where. */
  readonly kinds = new Map<string, "file" | "socket">();

  kindOf(path: string): Promise<"file" | "socket" | undefined> {
    return Promise.resolve(this.kinds.get(path));
  }

  openTerminal(): Promise<undefined> {
    return Promise.resolve(undefined);
  }

  absolute(path: string): string {
    return path.startsWith("/") ? path : `/home/${path}`;
  }

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
      append: (bytes) => file.append(new TextDecoder().decode(bytes)),
      isCurrent: () => Promise.resolve(this.paths.get(path) === file),
      close: () => Promise.resolve(void file.closed++),
    });
  }

  checkLog(): Promise<void> {
    return this.refusal === undefined
      ? Promise.resolve()
      : Promise.reject(new StartupError(this.refusal));
  }

  /** What is wrong with a pidfile, and what another process holds. */
  readonly pidFiles = new Map<string, StartupError | HeldPidFile>();

  checkPidFile(path: string): Promise<HeldPidFile | undefined> {
    const found = this.pidFiles.get(path);
    return found instanceof StartupError ? Promise.reject(found) : Promise.resolve(found);
  }

  writeText(): Promise<void> {
    return Promise.resolve();
  }

  claimPidFile(): Promise<PidFile> {
    return Promise.resolve({ release: () => Promise.resolve() });
  }

  takeVariable(name: string): string | undefined {
    const value = this.variables.get(name);
    this.variables.delete(name);
    return value;
  }

  startDaemon(handover: string): Promise<Daemon> {
    this.handover = handover;
    return Promise.resolve(this.daemon!);
  }

  joinStarter(): Promise<Starter | undefined> {
    return Promise.resolve(this.starter);
  }

  async notify(socket: string, text: string): Promise<void> {
    await this.notifying();
    this.notified.push(`${socket} ${text.replaceAll("\n", " ")}`);
  }

  monotonicMicroseconds(): bigint {
    return 123_456n;
  }

  listeningAddress(descriptor: number): Promise<SocketAddress | undefined> {
    return Promise.resolve(this.inherited.get(descriptor));
  }

  shareWithWorkers(descriptors: readonly number[]): void {
    this.shared.push(...descriptors);
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
