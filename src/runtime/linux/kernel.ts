/**
 * Linux system calls that no JavaScript runtime offers, through the C library: socket options on listening sockets,
 * privileges, CPU pinning. No descriptor number leaves this file.
 *
 * A runtime does not expose the descriptors of its sockets. Those of listening sockets are found by walking over all
 * descriptors and comparing addresses, when sockets are opened and at a reload.
 */

import { IPPROTO_TCP, RLIMIT_NOFILE, SO_ACCEPTCONN, SOL_SOCKET, TCP_NODELAY } from "./abi.ts";
import { collectGarbage } from "../collect_garbage.ts";
import { StartupError } from "../../errors.ts";
import { formatSocketAddress, parseIpAddress } from "../../wire/ip_address.ts";
import { filterProgram, SOCK_FPROG_BYTES } from "./filter_program.ts";
import { OpenDescriptors } from "./open_descriptors.ts";
import { replaceOpenFiles } from "./open_files.ts";
import { confine, hideMemory } from "./sandbox.ts";
import { ipOf, portOf, SOCKADDR_BYTES } from "./socket_address.ts";
import { ignoringProgram, steeringProgram } from "./steering.ts";
import type {
  Kernel,
  ListenerOptions,
  Privileges,
  Sandbox,
  SocketAddress,
  Steering,
} from "../runtime.ts";

const SYMBOLS = {
  __errno_location: { parameters: [], result: "pointer" },
  chdir: { parameters: ["buffer"], result: "i32" },
  chroot: { parameters: ["buffer"], result: "i32" },
  getrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
  mallopt: { parameters: ["i32", "i32"], result: "i32" },
  malloc_trim: { parameters: ["usize"], result: "i32" },
  sched_getaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  setgid: { parameters: ["u32"], result: "i32" },
  setgroups: { parameters: ["usize", "buffer"], result: "i32" },
  setrlimit: { parameters: ["i32", "buffer"], result: "i32" },
  setsockopt: { parameters: ["i32", "i32", "i32", "buffer", "u32"], result: "i32" },
  setuid: { parameters: ["u32"], result: "i32" },
} as const;

type Libc = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Opens the C library, or returns undefined where foreign functions are not allowed. */
export function openLinuxKernel(): Kernel | undefined {
  try {
    return new LinuxKernel(Deno.dlopen("libc.so.6", SYMBOLS).symbols);
  } catch {
    return undefined;
  }
}

class LinuxKernel implements Kernel {
  readonly #libc: Libc;
  readonly #sockets: OpenSockets;

  constructor(libc: Libc) {
    this.#libc = libc;
    this.#sockets = new OpenSockets(libc);
  }

  tuneListener(address: SocketAddress, { sockets, silentClients }: ListenerOptions): void {
    const { backlog, keepalive, receiveBuffer, sendBuffer, tcpFastOpen } = sockets;
    for (const fd of this.#listening(address)) {
      // Without TCP_NODELAY a full TLS 1.2 handshake waits 40 ms for a delayed acknowledgement.
      this.#setOption(fd, IPPROTO_TCP, TCP_NODELAY, 1);
      this.#setOption(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
      this.#setOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, keepalive);
      this.#setOption(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, silentClients ? 0 : 1);
      // listen(2) on a socket that already listens only changes its backlog.
      this.#libc.listen(fd, backlog);
      // The window scale depends on these when a client's SYN arrives, so it is not too late to set them here.
      if (receiveBuffer) this.#setOption(fd, SOL_SOCKET, SO_RCVBUF, receiveBuffer);
      if (sendBuffer) this.#setOption(fd, SOL_SOCKET, SO_SNDBUF, sendBuffer);
      if (tcpFastOpen) this.#setOption(fd, IPPROTO_TCP, TCP_FASTOPEN, backlog);
    }
  }

  steer(address: SocketAddress, steering: Steering | undefined): void {
    const what = `cannot steer clients on ${formatSocketAddress(address)}`;
    const program = steering && filterProgram(steeringProgram(steering));
    let steered = false;
    for (const fd of this.#listening(address)) {
      // A group has one program, so one of its sockets is enough.
      if (program === undefined) this.#detach(fd);
      else this.#attach(fd, SO_ATTACH_REUSEPORT_CBPF, program, what);
      steered = true;
      break;
    }
    if (!steered) throw new StartupError(`${what}: nothing listens there`);
  }

  listeners(address: SocketAddress): string[] {
    return [...this.#listening(address)].map((fd) => this.#cookie(fd));
  }

  acceptSilent(sockets: readonly string[]): void {
    const no = new Int32Array(1);
    for (const fd of this.#named(sockets)) {
      this.#libc.setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, no, 4);
    }
  }

  ignoreNewConnections(sockets: readonly string[]): void {
    const program = filterProgram(ignoringProgram());
    for (const fd of this.#named(sockets)) {
      this.#attach(fd, SO_ATTACH_FILTER, program, "cannot close a listening socket gently");
    }
  }

  /** The listening sockets with these names. */
  *#named(sockets: readonly string[]): Generator<number> {
    const wanted = new Set(sockets);
    for (const fd of this.#allListening()) if (wanted.has(this.#cookie(fd))) yield fd;
  }

  dropPrivileges({ chroot, uid, gid }: Privileges): void {
    this.#dropFiles();
    if (chroot !== undefined) {
      this.#must(this.#libc.chroot(cString(chroot)), `cannot change the root to ${chroot}`);
      this.#must(this.#libc.chdir(cString("/")), `cannot enter the new root ${chroot}`);
    }
    if (gid === undefined && uid === undefined) return;
    this.#must(this.#libc.setgroups(0n, null), "cannot drop supplementary groups");
    // glibc changes the identity of every thread at once (nptl(7)).
    if (gid !== undefined) this.#must(this.#libc.setgid(gid), `cannot become group ${gid}`);
    if (uid !== undefined) this.#must(this.#libc.setuid(uid), `cannot become user ${uid}`);
  }

  #dropFiles(): void {
    try {
      replaceOpenFiles(this.#sockets.descriptors);
    } catch (error) {
      const { message: reason } = error as Error;
      throw new StartupError(`cannot replace open files: ${reason}`, { cause: error });
    }
  }

  hideMemory(hidden: boolean): void {
    hideMemory(hidden);
  }

  confine(sandbox: Sandbox): string[] {
    return confine(sandbox);
  }

  pinToCpu(index: number): number {
    const allowed = new Uint8Array(CPU_SET_BYTES);
    this.#libc.sched_getaffinity(0, BigInt(allowed.length), allowed);
    const cpus = [...allowed].flatMap((byte, at) =>
      BITS.filter((bit) => byte & (1 << bit)).map((bit) => at * 8 + bit)
    );
    const cpu = cpus[index % cpus.length] ?? 0;
    const wanted = new Uint8Array(CPU_SET_BYTES);
    wanted[cpu >> 3] = 1 << (cpu & 7);
    // Only this thread: it does all the relaying, and the collector's helper threads may use idle CPUs.
    const result = this.#libc.sched_setaffinity(0, BigInt(wanted.length), wanted);
    this.#must(result, `cannot pin to CPU ${cpu}`);
    return cpu;
  }

  returnMemory(): void {
    this.#libc.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK);
  }

  releaseMemory(): void {
    // Workers are started with V8's --expose-gc.
    (globalThis as { gc?: () => void }).gc?.();
    this.#libc.malloc_trim(0n);
  }

  async compactMemory(): Promise<void> {
    await collectGarbage();
    this.#libc.malloc_trim(0n);
  }

  raiseDescriptorLimit(): number {
    const limits = new BigUint64Array(2);
    if (this.#libc.getrlimit(RLIMIT_NOFILE, limits) !== 0) return 0;
    const [soft = 0n, hard = 0n] = limits;
    limits[0] = hard;
    const raised = soft < hard && this.#libc.setrlimit(RLIMIT_NOFILE, limits) === 0;
    return Number(raised ? hard : soft);
  }

  /** The listening sockets of this process on an address. */
  *#listening(address: SocketAddress): Generator<number> {
    const local = addressKey(address);
    for (const fd of this.#allListening()) if (this.#sockets.localKey(fd) === local) yield fd;
  }

  *#allListening(): Generator<number> {
    for (const fd of this.#sockets.descriptors) {
      if (this.#option(fd, SOL_SOCKET, SO_ACCEPTCONN) !== 1) continue;
      this.#sockets.descriptors.mark(fd);
      yield fd;
    }
  }

  #attach(fd: number, option: number, program: Uint8Array<ArrayBuffer>, what: string): void {
    this.#must(this.#libc.setsockopt(fd, SOL_SOCKET, option, program, SOCK_FPROG_BYTES), what);
  }

  /** If there is nothing to detach, that is fine too. */
  #detach(fd: number): void {
    this.#libc.setsockopt(fd, SOL_SOCKET, SO_DETACH_REUSEPORT_BPF, new Int32Array(1), 4);
  }

  /** A number that is never used for another socket (SO_COOKIE), unlike a descriptor. */
  #cookie(fd: number): string {
    const cookie = new BigUint64Array(1);
    this.#libc.getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, new Uint32Array([8]));
    return cookie[0]!.toString();
  }

  #option(fd: number, level: number, name: number): number {
    const value = new Int32Array(1);
    const length = new Uint32Array([4]);
    return this.#libc.getsockopt(fd, level, name, value, length) === 0 ? value[0] ?? 0 : -1;
  }

  #setOption(fd: number, level: number, name: number, value: number): void {
    const result = this.#libc.setsockopt(fd, level, name, new Int32Array([value]), 4);
    this.#must(result, `cannot set socket option ${name}`);
  }

  #must(result: number, what: string): void {
    if (result === 0) return;
    const location = this.#libc.__errno_location();
    const errno = location === null ? 0 : new Deno.UnsafePointerView(location).getInt32();
    throw new StartupError(`${what}: ${ERRNO_TEXT[errno] ?? `errno ${errno}`}`);
  }
}

/** The descriptors of this process. */
class OpenSockets {
  readonly #libc: Libc;
  /** All of them, of any kind. */
  readonly descriptors = new OpenDescriptors();
  readonly #address = new Uint8Array(SOCKADDR_BYTES);
  readonly #length = new Uint32Array(1);

  constructor(libc: Libc) {
    this.#libc = libc;
  }

  /** A socket's own address; undefined if it has none, or not an IP address. */
  localKey(fd: number): string | undefined {
    this.#length[0] = SOCKADDR_BYTES;
    if (this.#libc.getsockname(fd, this.#address, this.#length) !== 0) return undefined;
    const host = ipOf(this.#address);
    return host && `${host.join(".")}:${portOf(this.#address)}`;
  }
}

function addressKey(address: SocketAddress): string {
  return `${parseIpAddress(address.host).join(".")}:${address.port}`;
}

function cString(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${text}\0`));
}

// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const TCP_KEEPIDLE = 4;
const TCP_DEFER_ACCEPT = 9;
const TCP_FASTOPEN = 23;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_KEEPALIVE = 9;
const SO_ATTACH_FILTER = 26;
const SO_ATTACH_REUSEPORT_CBPF = 51;
const SO_COOKIE = 57;
const SO_DETACH_REUSEPORT_BPF = 68;
const M_MMAP_THRESHOLD = -3;
/** Bytes; glibc's own initial value, which it would raise step by step to 32 MiB. */
const LARGE_BLOCK = 128 << 10;
/** sizeof(cpu_set_t): 1024 CPUs. */
const CPU_SET_BYTES = 128;
const BITS = [0, 1, 2, 3, 4, 5, 6, 7];
const ERRNO_TEXT: Readonly<Record<number, string>> = {
  1: "operation not permitted (this needs root)",
  2: "no such file or directory",
  13: "permission denied",
  20: "not a directory",
  22: "invalid argument",
};
