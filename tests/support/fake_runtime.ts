/** A platform in memory: whatever the parts of stud ask of one, a test decides. */

import type { Cancellation } from "../../src/runtime/cancellation.ts";
import { PeerError, StartupError } from "../../src/errors.ts";
import type { OpenSsl } from "../../src/runtime/openssl.ts";
import type { StreamTls } from "../../src/runtime/stream_tls.ts";
import type {
  Endpoint,
  Files,
  FileStatus,
  HttpAnswer,
  HttpRequest,
  HttpServer,
  HttpServerOptions,
  Kernel,
  ListenerOptions,
  ListenOptions,
  Network,
  Privileges,
  Runtime,
  Sandbox,
  SocketAddress,
  Steering,
  Stream,
  StreamListener,
  TlsDialOptions,
  TlsLibraryName,
  TlsListenOptions,
  TlsStream,
  TlsStreamListener,
} from "../../src/runtime/runtime.ts";
import { FakeProcesses } from "./fake_processes.ts";
import { FakeService } from "./fake_service.ts";
import { type FakeStream, NativeError } from "./fake_stream.ts";
import { ManualClock } from "./manual_clock.ts";

/** A whole platform: root on Linux with two CPUs, unless a test says otherwise. */
export class FakeRuntime implements Runtime {
  readonly version = "Fake 1.0";
  platform = "linux";
  tlsLibraries: readonly TlsLibraryName[] = ["openssl", "rustls"];
  readonly clock = new ManualClock();
  readonly network = new FakeNetwork();
  readonly files = new FakeFiles();
  readonly processes = new FakeProcesses();
  readonly service = new FakeService();
  /** What happened, in order, as far as order matters. */
  readonly events: string[] = [];
  kernel: FakeKernel | undefined = new FakeKernel(this.events);
  /** The OpenSSL of this machine; it has none unless a test gives it one. */
  openSsl: OpenSsl | undefined;
  /** Its own TLS, likewise. */
  streamTls: StreamTls | undefined;
  /** The environment. */
  readonly variables = new Map<string, string>();

  constructor() {
    this.network.events = this.events;
    const { listeners, plainListeners } = this.network;
    this.kernel!.listening = () => [...listeners, ...plainListeners];
  }

  openOpenSsl(): OpenSsl {
    if (this.openSsl === undefined) throw new StartupError("no OpenSSL here");
    return this.openSsl;
  }

  openStreamTls(): StreamTls {
    if (this.streamTls === undefined) throw new StartupError("no TLS here");
    return this.streamTls;
  }

  variable(name: string): string | undefined {
    return this.variables.get(name);
  }
}

/** Sockets. */
export class FakeNetwork implements Network {
  /** Host names and their addresses; an address is its own. */
  readonly names = new Map<string, string[]>();
  /** Hosts that this machine does not have. */
  readonly absent = new Set<string>();
  /** `HOST:PORT` that others listen on. */
  readonly inUse = new Set<string>();
  readonly probed: SocketAddress[] = [];
  /** Ports that the system chooses for 0, in this order; then others. */
  readonly choices: number[] = [];
  readonly listeners: FakeListener<TlsListenOptions>[] = [];
  /** Those that know nothing of TLS. */
  readonly plainListeners: FakeListener[] = [];
  readonly dialed: Endpoint[] = [];
  /** How a connection to the backend goes. */
  answer: (endpoint: Endpoint, cancellation: Cancellation) => Promise<Stream> = () =>
    Promise.reject(new NativeError("refused"));
  /** How one with TLS goes; its handshake may still fail. */
  answerTls: (endpoint: Endpoint, options: TlsDialOptions) => Promise<TlsStream> = () =>
    Promise.reject(new NativeError("refused"));
  /** Whom this process was told to trust. */
  trusted: "machine" | "none" | undefined;
  events: string[] = [];

  listen(options: ListenOptions): Promise<StreamListener> {
    return this.#listen(options, this.plainListeners);
  }

  listenTls(options: TlsListenOptions): Promise<TlsStreamListener> {
    return this.#listen(options, this.listeners);
  }

  dial(endpoint: Endpoint, cancellation: Cancellation): Promise<Stream> {
    this.dialed.push(endpoint);
    return this.answer(endpoint, cancellation);
  }

  dialTls(
    endpoint: Endpoint,
    options: TlsDialOptions,
    _cancellation: Cancellation,
  ): Promise<TlsStream> {
    this.dialed.push(endpoint);
    return this.answerTls(endpoint, options);
  }

  trust(authorities: "machine" | "none"): void {
    this.trusted = authorities;
  }

  probe(address: SocketAddress): Promise<number | undefined> {
    this.probed.push(address);
    if (this.inUse.has(`${address.host}:${address.port}`)) return inUse();
    if (this.absent.has(address.host)) return Promise.resolve(undefined);
    if (address.port !== 0) return Promise.resolve(address.port);
    return Promise.resolve(this.choices.shift() ?? 50_000 + this.probed.length);
  }

  /** `HOST:PORT` that are kept for this process. */
  readonly reserved: string[] = [];

  reserve({ host, port }: SocketAddress): Promise<{ close(): void } | undefined> {
    const name = `${host}:${port}`;
    if (this.inUse.has(name)) return Promise.resolve(undefined);
    this.reserved.push(name);
    return Promise.resolve({
      close: () => void this.reserved.splice(this.reserved.indexOf(name), 1),
    });
  }

  /** net.ipv6.bindv6only of this machine is 0. */
  dualStack = true;

  takesIpv4OnIpv6(): Promise<boolean> {
    return Promise.resolve(this.dualStack);
  }

  lookup(host: string): Promise<string[]> {
    if (/^[0-9.]+$|:/.test(host)) return Promise.resolve([host]);
    const found = this.names.get(host);
    return found ? Promise.resolve(found) : Promise.reject(new Error("ENOTFOUND"));
  }

  /** Every question to a web server, and how it is answered. */
  readonly requests: HttpRequest[] = [];
  respond: (request: HttpRequest) => Promise<HttpAnswer> = () =>
    Promise.reject(new Error("connection refused"));

  serveHttp({ address }: HttpServerOptions): Promise<HttpServer> {
    const isThere = () => Promise.resolve(true);
    return Promise.resolve({ address, isThere, close: () => Promise.resolve() });
  }

  request(request: HttpRequest): Promise<HttpAnswer> {
    this.requests.push(request);
    return this.respond(request);
  }

  peerError(error: unknown, party: PeerError["party"]): PeerError {
    if (error instanceof PeerError) return error;
    const kind = error instanceof NativeError ? error.kind : "other";
    return new PeerError(party, kind, (error as Error).message, { cause: error });
  }

  #listen<Options extends ListenOptions>(
    options: Options,
    listeners: FakeListener<Options>[],
  ): Promise<FakeListener<Options>> {
    if (this.inUse.has(`${options.host}:${options.port}`)) return inUse();
    this.events.push(`listen ${options.host}:${options.port}`);
    const listener = new FakeListener(options);
    listeners.push(listener);
    return Promise.resolve(listener);
  }
}

function inUse(): Promise<never> {
  return Promise.reject(new StartupError("in use"));
}

/** A listening socket whose clients the test sends. */
export class FakeListener<Options extends ListenOptions = ListenOptions>
  implements StreamListener, TlsStreamListener {
  readonly address: SocketAddress;
  readonly options: Options;
  readonly #waiting: (FakeStream | Error)[] = [];
  #acceptor: PromiseWithResolvers<FakeStream> | undefined;
  closed = false;

  constructor(options: Options) {
    this.options = options;
    this.address = { host: options.host, port: options.port };
  }

  /** A client comes, or the next accept fails. */
  arrive(client: FakeStream | Error): void {
    this.#waiting.push(client);
    this.#give();
  }

  accept(): Promise<FakeStream> {
    if (this.closed) return Promise.reject(new Error("closed"));
    this.#acceptor = Promise.withResolvers();
    const { promise } = this.#acceptor;
    this.#give();
    return promise;
  }

  close(): void {
    this.closed = true;
    this.#acceptor?.reject(new Error("closed"));
    this.#acceptor = undefined;
  }

  #give(): void {
    const acceptor = this.#acceptor;
    if (acceptor === undefined || this.#waiting.length === 0) return;
    this.#acceptor = undefined;
    const next = this.#waiting.shift()!;
    if (next instanceof Error) acceptor.reject(next);
    else acceptor.resolve(next);
  }
}

/** Files by path. */
export class FakeFiles implements Files {
  readonly texts = new Map<string, string>();
  /** Files that are not text. */
  readonly bytes = new Map<string, Uint8Array>();
  readonly directories = new Set<string>();
  /** Permission bits; files without an entry are their owner's alone. */
  readonly modes = new Map<string, number>();

  readText(path: string): Promise<string> {
    const text = this.texts.get(path);
    return text === undefined
      ? Promise.reject(new StartupError(`${path}: no such file`))
      : Promise.resolve(text);
  }

  readBeginning(path: string): Promise<string> {
    return this.readText(path);
  }

  readBytes(path: string): Promise<Uint8Array> {
    const bytes = this.bytes.get(path);
    if (bytes !== undefined) return Promise.resolve(bytes);
    return this.readText(path).then((text) => new TextEncoder().encode(text));
  }

  list(directory: string): Promise<string[] | undefined> {
    const start = directory.endsWith("/") ? directory : `${directory}/`;
    const names = [...this.texts.keys(), ...this.bytes.keys()]
      .filter((path) => path.startsWith(start)).map((path) => path.slice(start.length))
      .filter((name) => !name.includes("/"));
    const exists = names.length > 0 || this.directories.has(directory);
    return Promise.resolve(exists ? names : undefined);
  }

  mode(path: string): Promise<number | undefined> {
    return Promise.resolve(this.modes.get(path) ?? 0o600);
  }

  isDirectory(path: string): Promise<boolean> {
    return Promise.resolve(this.directories.has(path));
  }

  /** Writes into directories that exist. */
  replace(path: string, bytes: Uint8Array, mode: number): Promise<void> {
    if (!this.directories.has(path.slice(0, path.lastIndexOf("/")))) {
      return Promise.reject(new StartupError(`${path}: no such file`));
    }
    this.bytes.set(path, bytes);
    this.modes.set(path, mode);
    return Promise.resolve();
  }

  async status(path: string): Promise<FileStatus | undefined> {
    const stamp = await this.stamp(path);
    if (stamp === undefined) return undefined;
    const isDirectory = this.directories.has(path);
    const others = { isFile: !isDirectory, isNamedPipe: false, isDevice: false };
    return { stamp, mode: await this.mode(path), isDirectory, ...others, size: stamp.length };
  }

  /** The content stands for itself. */
  async stamp(path: string): Promise<string | undefined> {
    if (this.directories.has(path)) return (await this.list(path))?.sort().join(" ");
    return this.texts.get(path) ?? this.bytes.get(path)?.join();
  }
}

/** The kernel, as far as listening sockets and the process are concerned. */
export class FakeKernel implements Kernel {
  readonly tuned: { address: SocketAddress; options: ListenerOptions }[] = [];
  readonly steered: { address: SocketAddress; steering: Steering | undefined }[] = [];
  /** Every socket that has ever listened. */
  listening: () => readonly FakeListener[] = () => [];
  readonly #events: string[];

  constructor(events: string[]) {
    this.#events = events;
  }

  tuneListener(address: SocketAddress, options: ListenerOptions): void {
    this.tuned.push({ address, options });
  }

  steer(address: SocketAddress, steering: Steering | undefined): void {
    this.steered.push({ address, steering });
  }

  /** Named by their order. */
  listeners({ host, port }: SocketAddress): string[] {
    return this.listening().flatMap(({ address, closed }, index) =>
      !closed && address.host === host && address.port === port ? [String(index)] : []
    );
  }

  acceptSilent(sockets: readonly string[]): void {
    for (const name of sockets) this.#events.push(`accept silent ${name}`);
  }

  ignoreNewConnections(sockets: readonly string[]): void {
    for (const name of sockets) this.#events.push(`overlook ${name}`);
  }

  dropPrivileges(privileges: Privileges): void {
    this.#events.push(`drop ${privileges.chroot} ${privileges.uid} ${privileges.gid}`);
  }

  /** What it refuses of a sandbox. */
  refuses: readonly string[] = [];

  confine(sandbox: Sandbox): readonly string[] {
    this.#events.push(`confine ${JSON.stringify(sandbox)}`);
    return this.refuses;
  }

  pinToCpu(index: number): number {
    this.#events.push(`pin ${index}`);
    return index;
  }

  returnMemory(): void {
    this.#events.push("return memory");
  }

  raiseDescriptorLimit(): number {
    this.#events.push("raise");
    return 1_024;
  }
}
