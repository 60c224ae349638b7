/** The other processes of a machine in memory. */

import type {
  OtherProcess,
  OtherProcesses,
  ProcessView,
  SocketAddress,
} from "../../src/runtime/runtime.ts";

/** Processes by their number, as a test says. */
export class FakeOthers implements OtherProcesses {
  readonly processes = new Map<number, FakeOther>();
  /** The process that has a lock on a file. */
  readonly locks = new Map<string, number>();
  announced: readonly SocketAddress[] = [];

  /** Puts one there. */
  add(pid: number, particular: Partial<FakeOther> = {}): FakeOther {
    const process = Object.assign(new FakeOther(pid), particular);
    this.processes.set(pid, process);
    return process;
  }

  open(pid: number): Promise<FakeOther | undefined> {
    return Promise.resolve(this.processes.get(pid));
  }

  lockHolders(path: string): Promise<number[]> {
    const holder = this.locks.get(path);
    return Promise.resolve(holder === undefined ? [] : [holder]);
  }

  announce(addresses: readonly SocketAddress[]): Promise<void> {
    this.announced = addresses;
    return Promise.resolve();
  }
}

/** A process that a test describes. */
export class FakeOther implements OtherProcess {
  readonly pid: number;
  name = "stud";
  words: readonly string[] = ["stud"];
  /** Where it listens; undefined: nobody may look. */
  sockets: SocketAddress[] | undefined = [];
  offspring: ProcessView[] = [];
  announced: readonly SocketAddress[] = [];
  written: readonly string[] = [];
  /** How often it was asked to drain for a successor. */
  drainRequests = 0;
  /** The process that takes its place already. */
  rival: number | undefined;
  isClosed = false;

  constructor(pid: number) {
    this.pid = pid;
  }

  listening(): SocketAddress[] | undefined {
    return this.sockets;
  }

  children(): ProcessView[] {
    return this.offspring;
  }

  announces({ host, port }: SocketAddress): boolean {
    return this.announced.some((one) => one.host === host && one.port === port);
  }

  writesTo(path: string): boolean {
    return this.written.includes(path);
  }

  claim(): number | undefined {
    return this.rival;
  }

  requestDrain(): void {
    this.drainRequests++;
  }

  close(): void {
    this.isClosed = true;
  }
}
