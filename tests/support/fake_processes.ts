/** This process and its children in memory. */

import type { WorkerRequest } from "../../src/control/messages.ts";
import { StartupError } from "../../src/errors.ts";
import { FakeOthers } from "./fake_others.ts";
import type {
  ChildProcess,
  DatagramSender,
  ProcessEnd,
  Processes,
  SignalName,
  StandardStream,
} from "../../src/runtime/runtime.ts";

/** A process with standard streams, signals and children that a test drives. */
export class FakeProcesses implements Processes {
  args: readonly string[] = [];
  programName = "stud";
  pid = 4711;
  uid: number | undefined = 0;
  cpus = 2;
  onTerminal = false;
  readonly children: FakeChild[] = [];
  /** Called for each worker that is started. */
  onStart: (child: FakeChild) => void = () => {};
  /** How many starts of a worker fail from now on. */
  failingStarts = 0;
  /** What programs print, by their command line. */
  readonly outputs = new Map<string, string>();
  /** How writing goes; by default at once. */
  writing: (stream: StandardStream, text: string) => Promise<void> = () => Promise.resolve();
  readonly datagrams = new FakeDatagrams();
  readonly #written: Record<StandardStream, string> = { stdout: "", stderr: "" };
  readonly #handlers = new Map<SignalName, () => void>();
  readonly #input = pipe();
  uncaught: ((error: unknown) => void) | undefined;
  others: FakeOthers | undefined = new FakeOthers();

  get stdin(): ReadableStream<Uint8Array> {
    return this.#input.readable;
  }

  /** Somebody writes to standard input. */
  input(text: string): void {
    this.#input.write(text);
  }

  /** Somebody closes standard input. */
  endInput(): void {
    this.#input.end();
  }

  get stdout(): string {
    return this.#written.stdout;
  }

  get stderr(): string {
    return this.#written.stderr;
  }

  async write(stream: StandardStream, octets: Uint8Array): Promise<void> {
    const text = new TextDecoder().decode(octets);
    await this.writing(stream, text);
    this.#written[stream] += text;
  }

  startWorker(): FakeChild {
    if (this.failingStarts > 0) {
      this.failingStarts--;
      throw new StartupError("cannot start a worker process: no memory");
    }
    const child = new FakeChild(5_000 + this.children.length);
    this.children.push(child);
    this.onStart(child);
    return child;
  }

  capture(program: string, args: readonly string[]): Promise<string | undefined> {
    return Promise.resolve(this.outputs.get([program, ...args].join(" ")));
  }

  onSignal(name: SignalName, handler: () => void): void {
    this.#handlers.set(name, handler);
  }

  /** Sends this process a signal. */
  raise(name: SignalName): void {
    this.#handlers.get(name)!();
  }

  onUncaught(handler: (error: unknown) => void): void {
    this.uncaught = handler;
  }

  exit(code: number): never {
    throw new Error(`this process would have ended with ${code}`);
  }

  openDatagram(): DatagramSender {
    return this.datagrams.open();
  }
}

/** A message of a worker, whatever else it holds. */
export interface Said {
  readonly type: string;
  readonly [field: string]: unknown;
}

/** A child process: the test is its program. */
export class FakeChild implements ChildProcess {
  readonly pid: number;
  readonly control: WritableStream<Uint8Array>;
  readonly ended: Promise<ProcessEnd>;
  readonly #output = pipe();
  readonly #errors = pipe();
  readonly #end = Promise.withResolvers<ProcessEnd>();
  /** What it was told, all of it. */
  heard = "";
  /** The messages it was sent, whole. */
  readonly messages: WorkerRequest[] = [];
  /** Called for each message that it is sent. */
  onTold: (message: WorkerRequest) => void = () => {};

  constructor(pid: number) {
    this.pid = pid;
    this.ended = this.#end.promise;
    const decoder = new TextDecoder();
    let rest = new Uint8Array(0);
    this.control = new WritableStream({
      write: (bytes) => {
        this.heard += decoder.decode(bytes, { stream: true });
        rest = new Uint8Array([...rest, ...bytes]);
        for (let next; (next = firstMessage(rest)) !== undefined;) {
          rest = next.rest;
          this.messages.push(next.message);
          this.onTold(next.message);
        }
      },
    });
  }

  get output(): ReadableStream<Uint8Array> {
    return this.#output.readable;
  }

  get errors(): ReadableStream<Uint8Array> {
    return this.#errors.readable;
  }

  /** The messages it was sent, by type. */
  get told(): string[] {
    return this.messages.map(({ type }) => type);
  }

  /** It sends a message, or whatever else. */
  say(message: Said | string | Uint8Array): void {
    const isRaw = typeof message === "string" || message instanceof Uint8Array;
    this.#output.write(isRaw ? message : `${JSON.stringify(message)}\n`);
  }

  /** It answers a request, or the last one of this type. */
  answer(request: WorkerRequest | WorkerRequest["type"], fields: object = {}): void {
    const asked = typeof request === "string"
      ? this.messages.findLast(({ type }) => type === request)!
      : request;
    this.say({ type: "answer", id: asked.id, ...fields });
  }

  /** The last request without its id. */
  get last(): unknown {
    const { id: _, ...last } = this.messages.at(-1)!;
    return last;
  }

  /** It closes its output, and lives on. */
  closeOutput(): void {
    this.#output.end();
  }

  /** Its process ends, and somebody else holds its streams open. */
  endAlone(end: Partial<ProcessEnd> = {}): void {
    this.#end.resolve({ code: 0, signal: null, ...end });
  }

  /** It writes to standard error. */
  complain(text: string | Uint8Array): void {
    this.#errors.write(text);
  }

  /** It ends. */
  end(end: Partial<ProcessEnd> = {}): void {
    this.#output.end();
    this.#errors.end();
    this.#end.resolve({ code: 0, signal: null, ...end });
  }

  kill(): void {
    this.end({ code: 137, signal: "SIGKILL" });
  }
}

/** Datagram sockets and what was sent through them. */
export class FakeDatagrams {
  readonly sent: string[] = [];
  opened = 0;
  closed = 0;
  /** How sending goes; by default at once. */
  sending: () => Promise<void> = () => Promise.resolve();

  open(): DatagramSender {
    this.opened++;
    return {
      send: async (octets, path) => {
        await this.sending();
        this.sent.push(`${path} ${new TextDecoder().decode(octets)}`);
      },
      close: () => void this.closed++,
    };
  }
}

/** The first message of what a supervisor has written, as soon as it is whole with what follows its line. */
function firstMessage(
  bytes: Uint8Array,
): { message: WorkerRequest; rest: Uint8Array<ArrayBuffer> } | undefined {
  const line = lineAt(bytes, 0);
  if (line === undefined) return undefined;
  const { followers = 0, ...message } = JSON.parse(line.text);
  const certificates: object[] = [];
  let { end } = line;
  while (certificates.length < followers) {
    const own = lineAt(bytes, end);
    if (own === undefined) return undefined;
    const certificate = JSON.parse(own.text);
    certificates.push(certificate);
    end = own.end + certificate.chain + (certificate.keyBytes ?? 0);
  }
  if (bytes.length < end) return undefined;
  const whole = followers === 0 ? message : { ...message, certificates };
  return { message: whole, rest: bytes.slice(end) };
}

function lineAt(bytes: Uint8Array, start: number): { text: string; end: number } | undefined {
  const end = bytes.indexOf(LINE_FEED, start);
  if (end < 0) return undefined;
  return { text: new TextDecoder().decode(bytes.subarray(start, end)), end: end + 1 };
}

const LINE_FEED = 0x0a;
const encoder = new TextEncoder();

/** A byte stream that text is written to. It may be ended more than once. */
function pipe() {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  let open = true;
  const readable = new ReadableStream<Uint8Array>({
    start: (given) => void (controller = given),
    // Whoever writes on, or ends, is heard no more.
    cancel: () => void (open = false),
  });
  return {
    readable,
    write: (content: string | Uint8Array) => {
      if (open) controller.enqueue(typeof content === "string" ? encoder.encode(content) : content);
    },
    end: () => {
      if (open) controller.close();
      open = false;
    },
  };
}
