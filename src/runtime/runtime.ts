/**
 * The platform as the rest of stud sees it: sockets, files, processes, clock and the kernel's finer controls. The
 * implementations are beside this file. Only the entry points name one; all other code gets it as an argument. Native
 * errors become stud's own errors here and nowhere else.
 */

import type { Cancellation } from "./cancellation.ts";
import type { SocketSettings, TlsLibraryName } from "../config/settings.ts";
import type { PeerError } from "../errors.ts";
import type { KeyBytes } from "../x509/key_bytes.ts";
import type { HttpAnswer, HttpQuestion } from "../wire/http.ts";
import type { SocketAddress } from "../wire/preface.ts";
import type { Files } from "./files.ts";
import type { HttpServer, HttpServerOptions } from "./http_server.ts";
import type { OpenSsl } from "./openssl.ts";
import type { OtherProcesses } from "./other_process.ts";
import type { Service } from "./service.ts";
import type { StreamTls } from "./stream_tls.ts";
import type { Stream, StreamListener, TlsStream, TlsStreamListener } from "./streams.ts";

export type * from "./http_server.ts";
export type { Files, FileStatus, ReadFile } from "./files.ts";
export type { Agreement } from "./agreement.ts";
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
  /** The TLS engines that can be selected on this platform. The first is the default if it is usable. */
  readonly tlsLibraries: readonly TlsLibraryName[];
  /** The kernel's finer controls, on Linux where the process has permission to use them; undefined elsewhere. */
  readonly kernel: Kernel | undefined;
  /**
   * The host's OpenSSL; the same object each time. Throws {@linkcode StartupError} that says what is missing. It runs
   * foreign code in this process, so a supervisor does not use it.
   */
  openOpenSsl(): OpenSsl;
  /** The platform's own TLS for accepted connections. Throws {@linkcode StartupError} where it has none. */
  openStreamTls(): StreamTls;
  /** A variable of this process's environment. Undefined if it is not set, or if this process may not read it. */
  variable(name: string): string | undefined;
}

/** The address of a backend, after every name has been resolved. */
export type Endpoint =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  | { readonly kind: "unix"; readonly path: string };

/** An address to listen on. */
export interface ListenAddress extends SocketAddress {
  /** The inherited descriptor of a socket that already listens there; it is used instead of a new socket. */
  readonly descriptor?: number;
}

/** Where to listen, and how. */
export interface ListenOptions extends ListenAddress {
  /** Share the port with other processes of this program. */
  readonly reusePort: boolean;
  /**
   * Number of sockets to open on the address, with `reusePort` (default 1). Only an event loop of stud's own opens
   * more than one; others ignore it. An inherited socket is the only one.
   */
  readonly listeners?: number | undefined;
  /** For platforms that need them when the socket is opened; elsewhere {@linkcode Kernel.tuneListener} sets them. */
  readonly sockets?: Partial<SocketSettings>;
  /** Connections accepted on this socket are forwarded over the platform's own TLS ({@linkcode Network.dialTls}). */
  readonly besideTls?: boolean;
}

/** What a TLS listening socket of the platform's own library needs. */
export interface TlsListenOptions extends ListenOptions {
  /** PEM text: the leaf first, then its chain. */
  readonly certificateChain: string;
  /** PEM text. A key given as bytes exists as text only for as long as the library needs it. */
  readonly privateKey: string | KeyBytes;
}

/** What the platform's own library needs to begin TLS with a server. */
export interface TlsDialOptions {
  /** The DNS name or IP address that the certificate must be for. A DNS name is also sent as SNI. */
  readonly name: string;
  /** PEM text of authorities to trust in addition to those of {@linkcode Network.trust}. */
  readonly authorities: string | undefined;
  /** The protocols to offer (RFC 7301), in order of preference. */
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
   * Connects, with Nagle's algorithm off on TCP. Returns the stream itself, not a promise, if nothing has to be waited
   * for. Throws or rejects with the platform's own error.
   */
  dial(endpoint: Endpoint, cancellation: Cancellation): Stream | Promise<Stream>;
  /**
   * Connects over TCP as {@linkcode Network.dial} does, and begins TLS with the platform's own library; the handshake
   * is still to be done. Rejects with {@linkcode StartupError} where that library cannot do this.
   */
  dialTls(
    endpoint: Endpoint,
    options: TlsDialOptions,
    cancellation: Cancellation,
  ): Promise<TlsStream>;
  /**
   * Sets which authorities {@linkcode Network.dialTls} trusts in this process, in addition to those passed to it: the
   * machine's, or none. Call it before the first `dialTls`, and only in stud's own processes, because it applies to the
   * whole process.
   */
  trust(authorities: "machine" | "none"): void;
  /**
   * Binds the address exclusively for a moment, which also detects a port that other processes share. Returns the port:
   * the requested one, or the system's choice for 0. Undefined if this machine does not have the address. Rejects with
   * {@linkcode StartupError}.
   */
  probe(address: SocketAddress): Promise<number | undefined>;
  /**
   * Reserves a port, until closed, for processes of this user that share it, even while none of them listens.
   * Undefined, or missing, where that is not possible.
   */
  reserve?(address: SocketAddress): Promise<{ close(): void } | undefined>;
  /** Whether a socket that listens on every IPv6 address (::) also accepts IPv4 clients. */
  takesIpv4OnIpv6(): Promise<boolean>;
  /** Resolves a host name (getaddrinfo(3)); an address resolves to itself. Rejects when there is no address. */
  lookup(host: string): Promise<string[]>;
  /**
   * Sends a request to a web server, http or https, on a separate connection and reads the whole answer, whatever its
   * status. Rejects with an error whose message is the reason in an operator's words.
   */
  request(request: HttpRequest): Promise<HttpAnswer>;
  /**
   * Serves HTTP/1.1, without TLS. Rejects with {@linkcode StartupError} naming the address when it cannot listen, or
   * when the platform's server lacks the limits that it needs.
   */
  serveHttp(options: HttpServerOptions): Promise<HttpServer>;
  /** Turns a native error of a stream into stud's own. */
  peerError(error: unknown, party: PeerError["party"]): PeerError;
}

/** A request to a web server, with limits for the time and the size of the answer. */
export interface HttpRequest extends HttpQuestion {
  /** Path of a unix socket to connect to, whatever the URL's host is. Only for `http:`. */
  readonly socketPath?: string;
  /** Milliseconds for connecting to each of the server's addresses. */
  readonly connectTimeout: number;
  /** Milliseconds for the whole exchange. */
  readonly timeout: number;
  /** Max bytes of the whole answer. */
  readonly limit: number;
  readonly cancellation: Cancellation;
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
  /** The worker gets this process's whole environment, not only what workers are known to need. */
  readonly wholeEnvironment?: boolean;
}

/**
 * Signals from an operator, and SIGURG, which a successor sends. Signals that a platform does not have never arrive.
 */
export type SignalName = "SIGTERM" | "SIGINT" | "SIGQUIT" | "SIGHUP" | "SIGURG" | "SIGUSR2";

/** Where {@linkcode Processes.write} writes. */
export type StandardStream = "stdout" | "stderr";

/** This process and the ones it starts. */
export interface Processes {
  /** The arguments this program was started with. */
  readonly args: readonly string[];
  /** The name it was called by, without folders; the name of a symbolic link where the platform reports it. */
  readonly programName: string;
  readonly pid: number;
  /** The user id, or undefined on Windows. */
  readonly uid: number | undefined;
  /** CPUs this process may use. */
  readonly cpus: number;
  /** Whether standard output is a terminal, so that an operator may be watching. */
  readonly onTerminal: boolean;
  readonly stdin: ReadableStream<Uint8Array>;
  /** Writes all bytes without blocking the event loop. Rejects when the reader is gone. */
  write(stream: StandardStream, bytes: Uint8Array): Promise<void>;
  /** Starts this program again as a worker. Throws {@linkcode StartupError}. */
  startWorker(options?: WorkerStart): ChildProcess;
  /**
   * Starts `count` processes now, for the next calls of {@linkcode Processes.startWorker}; those calls also report
   * errors. Processes that are never used end with this process.
   */
  expectWorkers?(count: number, options?: WorkerStart): void;
  /** Keeps processes other than root's from reading this process's memory, which holds private keys. */
  hideMemory?(): void;
  /**
   * Workers started from now on begin without the privileges that no worker needs. This cannot be undone, and applies
   * to every other program that this process starts.
   */
  limitWorkers?(): void;
  /** Runs a program to its end and returns what it printed, or undefined if there is no such program. */
  capture(program: string, args: readonly string[]): Promise<string | undefined>;
  onSignal(name: SignalName, handler: () => void): void;
  /** Handles errors that nothing else caught. Without a handler, one unhandled rejection ends the process. */
  onUncaught(handler: (error: unknown) => void): void;
  /** Processes that this one did not start; undefined where they cannot be told apart. It needs Linux and Deno. */
  readonly others?: OtherProcesses | undefined;
  /** Ends this process; only the entry point calls it. */
  exit(code: number): never;
  /** An unconnected unix datagram socket (unix(7)) for sending to a path. Throws the platform's error. */
  openDatagram(): DatagramSender;
}

/** Sends datagrams to unix sockets by path. */
export interface DatagramSender {
  send(bytes: Uint8Array, path: string): Promise<void>;
  close(): void;
}

/** Time. Everything is in milliseconds and monotonic, unless it says otherwise. */
export interface Clock {
  now(): number;
  /** The wall-clock date, which an operator may change at any time. */
  date(): Date;
  /** Calls back once; the returned function cancels it. */
  after(milliseconds: number, callback: () => void): () => void;
  /** Resolves after one turn of the event loop, so that everything else that is ready runs first. */
  turn(): Promise<void>;
}

/** Resolves after this many milliseconds. */
export function pause(clock: Clock, milliseconds: number): Promise<void> {
  return new Promise((resolve) => clock.after(milliseconds, resolve));
}

/** Socket options for a listening socket, inherited by every connection it accepts (tcp(7)). */
export interface ListenerOptions {
  readonly sockets: SocketSettings;
  /** Also accept clients that have not sent anything yet: in some protocols the server speaks first. */
  readonly silentClients?: boolean;
}

/**
 * Which sockets of a group (SO_REUSEPORT) get the new connections of its port. A socket joins the end of its group when
 * it begins to listen.
 */
export interface Steering {
  /** The index in the group, from 0, of the first of them. */
  readonly first: number;
  /** The number of these sockets; at least one. */
  readonly count: number;
  /**
   * All connections of a client IP address, from any port, go to the same socket. With `network`, all connections of an
   * IPv6 /64 network do.
   */
  readonly byClient: boolean | "network";
}

/** The user, group and root directory that a worker switches to. */
export interface Privileges {
  readonly chroot: string | undefined;
  readonly uid: number | undefined;
  readonly gid: number | undefined;
}

/** What a worker is still allowed to do while it serves. */
export interface Sandbox {
  /** It connects to unix sockets. */
  readonly unixSockets: boolean;
  /**
   * A library that the operator has configured uses a token or another device: its files, its sockets and the device.
   */
  readonly token: boolean;
}

/** What Linux offers by system calls, beyond the runtime's own interface. */
export interface Kernel {
  /**
   * Sets TCP_NODELAY, keepalive, TCP_DEFER_ACCEPT, the backlog and the other options on a listening socket of this
   * process. Throws {@linkcode StartupError}.
   */
  tuneListener(address: SocketAddress, options: ListenerOptions): void;
  /**
   * Makes the kernel choose in this way among the sockets that share this port (SO_REUSEPORT), one of which must belong
   * to this process. Undefined restores the kernel's own choice. The last call wins, whichever process makes it. Throws
   * {@linkcode StartupError} if the kernel refuses or this process does not listen there.
   */
  steer(address: SocketAddress, steering: Steering | undefined): void;
  /** Names of this process's listening sockets on an address. A name is never used for another socket. */
  listeners(address: SocketAddress): string[];
  /**
   * Makes listening sockets hand out clients that have not sent anything yet: clients held back by TCP_DEFER_ACCEPT
   * (tcp(7)) are not counted as waiting. The names are those of {@linkcode Kernel.listeners}. Never throws.
   */
  acceptSilent(sockets: readonly string[]): void;
  /**
   * Makes listening sockets ignore new connections from now on, so that no connection is lost when the sockets are
   * closed. Connections under way can still be accepted; the other clients try again a second later. The names are
   * those of {@linkcode Kernel.listeners}. Throws {@linkcode StartupError} if the kernel refuses.
   */
  ignoreNewConnections(sockets: readonly string[]): void;
  /**
   * Releases every open file and directory, where possible; then sets chroot, no supplementary groups, gid and uid, for
   * every thread. Throws {@linkcode StartupError}.
   */
  dropPrivileges(privileges: Privileges): void;
  /**
   * Sets whether processes other than root's are kept from this one's memory: no tracing, no core dump (prctl(2),
   * PR_SET_DUMPABLE). {@linkcode Kernel.dropPrivileges} may change it.
   */
  hideMemory?(hidden: boolean): void;
  /**
   * Permanently removes from this process what serving does not need: new files, programs and processes, capabilities,
   * and the greater part of the system calls. Returns one text for each thing that the kernel refuses; never throws.
   * Undefined where the platform cannot do this.
   */
  confine?(sandbox: Sandbox): readonly string[];
  /**
   * Pins this process to the n-th CPU it may use, modulo their count; returns the CPU's number, or undefined
   * where that cannot be done.
   */
  pinToCpu(index: number): number | undefined;
  /** Makes the C library return large blocks to the system as soon as they are free (mallopt(3)). */
  returnMemory(): void;
  /**
   * Collects garbage now and makes the C library return free memory (malloc_trim(3)), as far as each can be requested.
   * It blocks everything: it takes milliseconds for each 10 MiB in use.
   */
  releaseMemory?(): void;
  /** The same for a process that is idle at the moment; its heap also shrinks to what is in use. */
  compactMemory?(): Promise<void>;
  /** Raises the soft limit of open descriptors to the hard limit and returns it; 0 if it is unknown. */
  raiseDescriptorLimit(): number;
}
