/**
 * The platform as the rest of stud sees it: sockets, files, processes, clock and the kernel's finer
 * controls. Implementations live beside this file and are named only by the entry points; everything else
 * is handed one. Native errors are turned into stud's own here and nowhere else.
 */

import type { Abandonment } from "../abandonment.ts";
import type { SocketSettings, TlsLibraryName } from "../config/settings.ts";
import type { PeerError } from "../errors.ts";
import type { KeyBytes } from "../key_bytes.ts";
import type { HttpAnswer, HttpQuestion } from "../wire/http.ts";
import type { SocketAddress } from "../wire/preface.ts";
import type { OpenSsl } from "./openssl.ts";
import type { OtherProcesses } from "./other_process.ts";
import type { Service } from "./service.ts";
import type { StreamTls } from "./stream_tls.ts";
import type { Stream, StreamListener, TlsStream, TlsStreamListener } from "./streams.ts";

export type * from "./other_process.ts";
export type * from "./service.ts";
export type * from "./streams.ts";
export type { HttpAnswer, SocketAddress, TlsLibraryName };

/** Everything a platform provides. */
export interface Runtime {
  /** What stud runs on, for the operator: `Deno 2.9.6`. */
  readonly version: string;
  /** `linux`, `darwin` or `windows`. */
  readonly platform: string;
  readonly network: Network;
  readonly files: Files;
  readonly processes: Processes;
  readonly service: Service;
  readonly clock: Clock;
  /** The TLS engines that can be asked for on this platform; the first is for no special wishes, if it is usable. */
  readonly tlsLibraries: readonly TlsLibraryName[];
  /** Where the platform reaches the kernel's finer controls: on Linux, if it may; undefined elsewhere. */
  readonly kernel: Kernel | undefined;
  /**
   * The host's OpenSSL; the same object each time. Throws {@linkcode StartupError} that says what is missing.
   * It runs foreign code in this process: a supervisor does without.
   */
  openOpenSsl(): OpenSsl;
  /** The platform's own TLS for accepted connections. Throws {@linkcode StartupError} where it has none. */
  openStreamTls(): StreamTls;
}

/** Where a backend is, after every name has been looked up. */
export type Endpoint =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** An address to listen on. */
export interface ListenAddress extends SocketAddress {
  /** The inherited descriptor of a socket that listens there already: it is served instead of a new one. */
  readonly descriptor?: number;
}

/** Where to listen, and how. */
export interface ListenOptions extends ListenAddress {
  /** Share the port with other processes of this program. */
  readonly reusePort: boolean;
  /** For platforms that must know them at once; {@linkcode Kernel.tuneListener} sets them elsewhere. */
  readonly sockets?: Partial<SocketSettings>;
  /** What comes in by this socket goes on by the platform's own TLS ({@linkcode Network.dialTls}). */
  readonly besideTls?: boolean;
}

/** What a TLS listening socket of the platform's own library needs. */
export interface TlsListenOptions extends ListenOptions {
  /** PEM text: the leaf first, then its chain. */
  readonly certificateChain: string;
  /** PEM text; one that comes as bytes is nowhere longer as text than the library needs it. */
  readonly privateKey: string | KeyBytes;
}

/** What the platform's own library needs to begin TLS with somebody. */
export interface TlsDialOptions {
  /** The DNS name or IP address that the certificate must be for; SNI asks for the former. */
  readonly name: string;
  /** PEM text of authorities to trust besides those of {@linkcode Network.trust}. */
  readonly authorities: string | undefined;
  /** To offer (RFC 7301), by preference. */
  readonly alpnProtocols: readonly string[];
}

/** Sockets. */
export interface Network {
  /** Rejects with {@linkcode StartupError} naming the address when it cannot listen. */
  listen(options: ListenOptions): Promise<StreamListener>;
  /**
   * Rejects with {@linkcode StartupError} naming the address when it cannot listen, or when the platform's
   * own library cannot listen by itself.
   */
  listenTls(options: TlsListenOptions): Promise<TlsStreamListener>;
  /**
   * Connects, without Nagle's delay on TCP: at once where nothing has to be waited for. Throws or rejects with the
   * platform's own error.
   */
  dial(endpoint: Endpoint, abandonment: Abandonment): Stream | Promise<Stream>;
  /**
   * Connects as {@linkcode Network.dial} does, over TCP, and begins TLS by the platform's own library; the
   * handshake is still to be done. Rejects with {@linkcode StartupError} where that library cannot.
   */
  dialTls(
    endpoint: Endpoint,
    options: TlsDialOptions,
    abandonment: Abandonment,
  ): Promise<TlsStream>;
  /**
   * Settles for this whole process whom {@linkcode Network.dialTls} trusts besides the authorities that it is
   * given: those of this machine, or nobody. To be called before its first use; it is for processes of stud's
   * own, as it holds for everything in them.
   */
  trust(whom: "machine" | "nobody"): void;
  /**
   * Binds the address alone for a moment, so that a port which others share is noticed too, and tells the
   * port it got (the one asked for, or the system's choice for 0). Undefined where this machine has no such
   * address. Rejects with {@linkcode StartupError}.
   */
  probe(address: SocketAddress): Promise<number | undefined>;
  /**
   * Keeps a port for processes of this user that share it, whether one of them listens or not, until it is closed.
   * Undefined, or missing, where that is not possible.
   */
  reserve?(address: SocketAddress): Promise<{ close(): void } | undefined>;
  /** Whether a socket for every IPv6 address (::) takes IPv4 clients too. */
  takesIpv4OnIpv6(): Promise<boolean>;
  /** Looks a host name up (getaddrinfo(3)); an address is its own answer. Rejects when there is none. */
  lookup(host: string): Promise<string[]>;
  /**
   * Asks a web server, http or https, by a connection of its own and takes the whole answer, whatever its
   * status. Rejects with an error whose message is the reason in an operator's words.
   */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /** Turns a native error of a stream into stud's. */
  peerError(error: unknown, party: PeerError["party"]): PeerError;
}

/** A question to a web server, and how long and how much an answer may be. */
export interface HttpRequest extends HttpQuestion {
  /** Milliseconds for a connection to each of the server's addresses. */
  readonly connectTimeout: number;
  /** Milliseconds for everything. */
  readonly timeout: number;
  /** Octets of the whole answer. */
  readonly limit: number;
  readonly abandonment: Abandonment;
}

/** Files, read and written whole. */
export interface Files {
  /**
   * Rejects with {@linkcode StartupError}: path, cause and nothing else. What has no end is an error: more bytes than the
   * limit, which is 64 MiB by default and 1 MiB for a device, or a named pipe.
   */
  readText(path: string, limit?: number): Promise<string>;
  /** Rejects as {@linkcode Files.readText} does. */
  readOctets(path: string, limit?: number): Promise<Uint8Array>;
  /**
   * The names of the files in a directory, in no order; those of symbolic links too, unless they lead to
   * something else than a file. Undefined if there is no such directory. Rejects with
   * {@linkcode StartupError}: path, cause and nothing else.
   */
  list(directory: string): Promise<string[] | undefined>;
  /** The permission bits of chmod(2), or undefined on Windows. Rejects as `readText` does. */
  mode(path: string): Promise<number | undefined>;
  /** False too where it cannot be seen. */
  isDirectory(path: string): Promise<boolean>;
  /**
   * What changes whenever a file or directory is replaced or written to, links followed (device, inode, size
   * and time of stat(2)); undefined where nothing is, or where it cannot be seen.
   */
  stamp(path: string): Promise<string | undefined>;
  /**
   * Puts a file with these permission bits into the place of what is there, if anything: whoever reads the
   * path finds all of the old octets or all of the new. Rejects as `readText` does.
   */
  replace(path: string, octets: Uint8Array, mode: number): Promise<void>;
}

/** How a child process ended. */
export interface ProcessEnd {
  readonly code: number;
  /** For example `SIGKILL`, or null when it ended by itself. */
  readonly signal: string | null;
}

/** A worker process as its supervisor sees it. */
export interface ChildProcess {
  readonly pid: number;
  /** The worker's standard input: the control pipe. Closing it tells the worker to drain and end. */
  readonly control: WritableStream<Uint8Array>;
  readonly output: ReadableStream<Uint8Array>;
  readonly errors: ReadableStream<Uint8Array>;
  readonly ended: Promise<ProcessEnd>;
  /** SIGKILL; quiet if it has already ended. */
  kill(): void;
}

/** How a worker is started. */
export interface WorkerStart {
  /** It gets all of this process's environment instead of what workers are known to need. */
  readonly wholeEnvironment?: boolean;
}

/** Signals that an operator sends, and SIGURG, which a successor does. Those a platform lacks never arrive. */
export type SignalName = "SIGTERM" | "SIGINT" | "SIGQUIT" | "SIGHUP" | "SIGURG" | "SIGUSR2";

/** Where {@linkcode Processes.write} sends octets. */
export type StandardStream = "stdout" | "stderr";

/** This process and the ones it starts. */
export interface Processes {
  /** The arguments this program was started with. */
  readonly args: readonly string[];
  /** What it was called by, without folders; a link's own name where the platform tells it. */
  readonly programName: string;
  readonly pid: number;
  /** The user id, or undefined on Windows. */
  readonly uid: number | undefined;
  /** CPUs this process may use. */
  readonly cpus: number;
  /** Whether somebody may be watching: standard output is a terminal. */
  readonly onTerminal: boolean;
  readonly stdin: ReadableStream<Uint8Array>;
  /** Writes all octets without blocking the event loop. Rejects when nobody can read them any more. */
  write(stream: StandardStream, octets: Uint8Array): Promise<void>;
  /** Starts this program again as a worker. Throws {@linkcode StartupError}. */
  startWorker(options?: WorkerStart): ChildProcess;
  /**
   * Starts so many processes now, for the next calls of {@linkcode Processes.startWorker}, which also tell what
   * went wrong. Those that are never asked for end with this process.
   */
  expectWorkers?(count: number, options?: WorkerStart): void;
  /** Keeps other processes, root's aside, from the memory of this one, which holds private keys. */
  hideMemory?(): void;
  /**
   * Has the workers that are started from now on begin without the rights that no worker needs. It cannot be taken
   * back, and holds for every other program that this process starts.
   */
  limitWorkers?(): void;
  /** Runs a program to its end and returns what it printed, or undefined if there is no such program. */
  capture(program: string, args: readonly string[]): Promise<string | undefined>;
  onSignal(name: SignalName, handler: () => void): void;
  /** Catches what nothing else caught; without a handler one rejection ends the process. */
  onUncaught(handler: (error: unknown) => void): void;
  /** The processes that others have started; undefined where they cannot be told apart: it takes Linux and Deno. */
  readonly others?: OtherProcesses | undefined;
  /** Ends this process; only the entry point calls it. */
  exit(code: number): never;
  /** An unconnected unix datagram socket (unix(7)) for sending to a path. Throws the platform's error. */
  openDatagram(): DatagramSender;
}

/** Sends datagrams to unix sockets by path. */
export interface DatagramSender {
  send(octets: Uint8Array, path: string): Promise<void>;
  close(): void;
}

/** Time. Everything is in milliseconds and monotonic, unless it says otherwise. */
export interface Clock {
  now(): number;
  /** The date, which an operator may set at any time. */
  date(): Date;
  /** Calls back once; the returned function cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Resolves after one turn of the event loop: whatever else is ready goes first. */
  turn(): Promise<void>;
}

/** Resolves after so many milliseconds. */
export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => clock.after(milliseconds, resolve));
}

/** Socket options for a listening socket, inherited by every connection it accepts (tcp(7)). */
export interface ListenerOptions {
  readonly sockets: SocketSettings;
  /** Accept clients before they have said anything too: in some protocols the server speaks first. */
  readonly silentClients?: boolean;
}

/**
 * Which sockets of a group (SO_REUSEPORT) get the new connections of its port. Sockets join the end of their
 * group when they begin to listen.
 */
export interface Steering {
  /** The place in the group, from 0, of the first of them. */
  readonly first: number;
  /** How many they are; at least one. */
  readonly count: number;
  /**
   * All connections of a client (of an IP address, whatever its ports) go to the same one; `network`: of an IPv6
   * network of 64 bits.
   */
  readonly byClient: boolean | "network";
}

/** Whom a worker becomes. */
export interface Privileges {
  readonly chroot: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** How much a worker that serves is still allowed. */
export interface Sandbox {
  /** It connects to unix sockets. */
  readonly unixSockets: boolean;
  /** A library of the operator's drives a token or a device, by its files, sockets and device. */
  readonly token: boolean;
}

/** What Linux offers beyond the runtime's own interface, by system calls. */
export interface Kernel {
  /**
   * TCP_NODELAY, keepalive, TCP_DEFER_ACCEPT or not, the backlog and whatever else the options say on a listening
   * socket of this process. Throws {@linkcode StartupError}.
   */
  tuneListener(address: SocketAddress, options: ListenerOptions): void;
  /**
   * Has the kernel choose among the sockets that share this port (SO_REUSEPORT), one of this process among
   * them, in this way; undefined: in its own. The last call counts, whoever of the processes makes it. Throws
   * {@linkcode StartupError} if the kernel refuses or nobody listens there.
   */
  steer(address: SocketAddress, steering: Steering | undefined): void;
  /** Names of this process's listening sockets on an address, no two of which are ever the same. */
  listeners(address: SocketAddress): string[];
  /**
   * Has listening sockets give out clients although they have said nothing yet, which those held back by
   * TCP_DEFER_ACCEPT (tcp(7)) are not seen waiting for. Names as {@linkcode Kernel.listeners} tells them.
   * Never throws.
   */
  acceptSilent(sockets: readonly string[]): void;
  /**
   * Has listening sockets overlook new connections from now on, so that none is lost when they are closed:
   * those under way come to be accepted, others are tried again by their clients a second later. Names as
   * {@linkcode Kernel.listeners} tells them. Throws {@linkcode StartupError} if the kernel refuses.
   */
  overlook(sockets: readonly string[]): void;
  /**
   * Where that can be done, lets go of every file and directory that is open; then chroot, no supplementary groups,
   * gid, uid, for every thread. Throws {@linkcode StartupError}.
   */
  dropPrivileges(privileges: Privileges): void;
  /**
   * Whether other processes, root's aside, are kept from this one's memory: no tracing, no core (prctl(2),
   * PR_SET_DUMPABLE). {@linkcode Kernel.dropPrivileges} may change it.
   */
  hideMemory?(hidden: boolean): void;
  /**
   * Takes from this process, for good, what it does not need to serve: new files, programs and processes,
   * capabilities, and most system calls. Tells what the kernel refuses, one text each, and throws nothing.
   * Undefined where the platform cannot.
   */
  confine?(sandbox: Sandbox): readonly string[];
  /**
   * Pins this process to the n-th CPU it may use, modulo their count; returns the CPU's number, or undefined
   * where that cannot be done.
   */
  pinToCpu(index: number): number | undefined;
  /** Has the C library give large blocks back to the system as soon as they are free (mallopt(3)). */
  returnMemory(): void;
  /**
   * Collects garbage at once and has the C library give back what is free (malloc_trim(3)), as far as either can be
   * asked for. Everything waits meanwhile: it takes milliseconds for each 10 MiB that are in use.
   */
  releaseMemory?(): void;
  /** The same in a process that does nothing else for the moment; its heap shrinks to what is in use as well. */
  compactMemory?(): Promise<void>;
  /** Raises the soft limit of open descriptors to the hard one and returns it; 0 if it is unknown. */
  raiseDescriptorLimit(): number;
}
