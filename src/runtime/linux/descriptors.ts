/**
 * Finds the descriptor of a connection, which Deno does not expose. It is guessed, and the guess is verified: the
 * kernel assigns the lowest free descriptor (open(2)), so a few calls right after a connection is made find it, however
 * many others there are. Its addresses are compared again before each use, because the number may have been reused. A
 * connection that was not found is searched for once, when it must be reset, among all descriptors that belong to no
 * known connection. No descriptor number leaves this file.
 */

import { AF_UNIX, IPPROTO_TCP, SIOCOUTQ, TCP_INFO } from "./abi.ts";
import { DescriptorBits } from "./descriptor_bits.ts";
import { OpenDescriptors } from "./open_descriptors.ts";
import { familyOf, isEnd, portOf, SOCKADDR_BYTES, type SocketEnd } from "./socket_address.ts";

const SYMBOLS = {
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  fcntl: { parameters: ["i32", "i32"], result: "i32" },
  getpeername: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  getsockopt: { parameters: ["i32", "i32", "i32", "buffer", "buffer"], result: "i32" },
  ioctl: { parameters: ["i32", "usize", "buffer"], result: "i32" },
} as const;

/** The C library calls used here. */
export type SocketCalls = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

let opened: SocketDescriptors | undefined | "not yet" = "not yet";

/** The descriptors of this process; undefined if this is not Linux or foreign functions are not allowed. */
export function socketDescriptors(): SocketDescriptors | undefined {
  if (opened === "not yet") {
    const calls = openSocketCalls();
    opened = calls && new SocketDescriptors(calls, new OpenDescriptors());
  }
  return opened;
}

/** Opens the C library, or returns undefined where that is not possible. */
export function openSocketCalls(): SocketCalls | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.dlopen("libc.so.6", SYMBOLS).symbols;
  } catch {
    return undefined;
  }
}

/** A connection whose descriptor is known if the guess was right. */
export interface SocketDescriptor {
  /**
   * Sends RST and discards queued data; everything that waits on the connection fails. Nothing else ends a Deno TLS
   * connection whose handshake stalls or whose peer takes no data. False if the connection does not exist (or no longer).
   */
  reset(): boolean;
  /** Bytes that the peer has not acknowledged (tcp(7), SIOCOUTQ); 0 if the connection no longer exists. */
  unsent(): number;
  /** Whether a segment with data has arrived from the peer (tcp(7), TCP_INFO); undefined if that is unknown. */
  hasSent(): boolean | undefined;
  /** Must be called when the connection is being closed. */
  release(): void;
}

/** The descriptors of a process that belong to connections. */
export class SocketDescriptors {
  readonly #calls: SocketCalls;
  readonly #open: OpenDescriptors;
  /** Descriptors that are probably open: those of connections, and strangers. */
  readonly #taken = new DescriptorBits();
  /** Strangers: open descriptors that belonged to no connection when they were checked. */
  readonly #strangers = new DescriptorBits();
  /** Connections that were not found, by their ports. */
  readonly #unfound = new Map<number, Connection>();
  #surveyed = false;
  /** The stranger that was last checked in turn. */
  #cursor = 0;
  readonly #address = new Uint8Array(SOCKADDR_BYTES);
  readonly #length = new Uint32Array(1);
  readonly #amount = new Int32Array(1);
  readonly #info = new Uint8Array(DATA_SEGMENTS_IN + 4);

  /** `open` is all open descriptors of this process, of any kind. */
  constructor(calls: SocketCalls, open: OpenDescriptors) {
    this.#calls = calls;
    this.#open = open;
  }

  /** Records a connection that has just been made. The ends of a unix socket are undefined. */
  enter(local?: SocketEnd, peer?: SocketEnd): SocketDescriptor {
    const connection = new Connection(this, local, peer);
    if (this.#guess(connection)) return connection;
    if (connection.key !== undefined) this.#unfound.set(connection.key, connection);
    if (!this.#surveyed) this.#survey();
    return connection;
  }

  /** See {@linkcode SocketDescriptor.reset}. */
  reset(connection: Connection): boolean {
    const fd = this.#verified(connection);
    // connect(2) to AF_UNSPEC ends a TCP connection with RST, whatever the state of its queues.
    return fd !== undefined && this.#calls.connect(fd, UNSPECIFIED, UNSPECIFIED.length) === 0;
  }

  /** See {@linkcode SocketDescriptor.unsent}. */
  unsent(connection: Connection): number {
    const fd = this.#verified(connection);
    if (fd === undefined) return 0;
    return this.#calls.ioctl(fd, BigInt(SIOCOUTQ), this.#amount) === 0 ? this.#amount[0]! : 0;
  }

  /** See {@linkcode SocketDescriptor.hasSent}. */
  hasSent(connection: Connection): boolean | undefined {
    const { local } = connection;
    if (local === undefined || connection.fd === GONE) return undefined;
    // In a burst of connections it may not have been found.
    if (connection.fd === UNFOUND) this.#verified(connection);
    const { fd, peer } = connection;
    if (fd < 0) return this.#deadHaveData(local);
    const isOther = this.#ask(fd, this.#calls.getpeername) && !isEnd(this.#address, peer!);
    return isOther ? undefined : this.#hasData(fd, local);
  }

  /**
   * A connection that was reset no longer has a peer, but keeps its own address and its descriptor until it is closed.
   * Undefined if `local` is not its own address.
   */
  #hasData(fd: number, local: SocketEnd): boolean | undefined {
    if (!this.#ask(fd, this.#calls.getsockname) || !isEnd(this.#address, local)) return undefined;
    this.#length[0] = this.#info.length;
    const known = this.#calls.getsockopt(fd, IPPROTO_TCP, TCP_INFO, this.#info, this.#length) === 0;
    if (!known || this.#length[0] < this.#info.length) return undefined;
    return this.#info.subarray(DATA_SEGMENTS_IN).some((byte) => byte !== 0);
  }

  /**
   * The same for a connection that was reset before it was accepted, so that a survey has just failed to find it. It is
   * one of the strangers without a peer: false if none of them has data, otherwise undefined.
   */
  #deadHaveData(local: SocketEnd): boolean | undefined {
    let hasData: boolean | undefined;
    for (let fd = this.#strangers.end; (fd = this.#strangers.lastPresent(fd - 1)) >= 0;) {
      if (this.#ask(fd, this.#calls.getpeername)) continue;
      const one = this.#hasData(fd, local);
      // A listening socket has the same local address.
      if (one === undefined || this.#info[0] === TCP_LISTEN) continue;
      if (one) return undefined;
      hasData = false;
    }
    return hasData;
  }

  /** See {@linkcode SocketDescriptor.release}. */
  release(connection: Connection): void {
    const { fd, key } = connection;
    connection.fd = GONE;
    if (fd >= 0) this.#taken.delete(fd);
    else if (key !== undefined && this.#unfound.get(key) === connection) this.#unfound.delete(key);
  }

  /** The descriptor, if it still belongs to this connection. */
  #verified(connection: Connection): number | undefined {
    if (connection.fd === UNFOUND) {
      // Another connection that was not found may have replaced it in the map.
      this.#unfound.set(connection.key ?? 0, connection);
      this.#survey();
      if (connection.fd === UNFOUND) this.release(connection);
    }
    return connection.fd >= 0 && this.#has(connection.fd, connection) ? connection.fd : undefined;
  }

  /** Checks a few descriptors, the most likely first. */
  #guess(connection: Connection): boolean {
    let fd = -1;
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      fd = this.#taken.firstAbsent(fd + 1);
      const found = this.#look(fd, connection);
      if (found === "connection") return true;
      // The kernel assigned none above a free one: it is below, or others were closed meanwhile.
      if (found === "closed") break;
    }
    return this.#guessBelow(fd, connection) || this.#guessAbove(fd + 1, connection, MAX_TRIES) ||
      this.#guessAbove(this.#taken.end, connection, 2) || this.#guessInTurn(connection);
  }

  /** Checks below: an unknown descriptor may have been closed, most likely one just below the lowest free one. */
  #guessBelow(free: number, connection: Connection): boolean {
    for (let fd = free, tries = 0; tries < 3; tries++) {
      fd = this.#strangers.lastPresent(fd - 1);
      if (fd < 0) return false;
      if (this.#look(fd, connection) === "connection") return true;
    }
    return false;
  }

  /** Checks above: lower descriptors that were in use when the kernel chose may have been closed since. */
  #guessAbove(from: number, connection: Connection, max: number): boolean {
    for (let fd = from - 1, tries = 0; tries < max; tries++) {
      fd = this.#taken.firstAbsent(fd + 1);
      if (this.#look(fd, connection) === "connection") return true;
    }
    return false;
  }

  /** Checks strangers in turn, so that a closed one does not stay in the set forever. */
  #guessInTurn(connection: Connection): boolean {
    for (let tries = 0; tries < 3; tries++) {
      this.#cursor = this.#strangers.lastPresent(this.#cursor - 1);
      if (this.#cursor < 0) this.#cursor = this.#strangers.end;
      else if (this.#look(this.#cursor, connection) === "connection") return true;
    }
    return false;
  }

  /** Checks every descriptor that belongs to no known connection, and finds the connections not found so far. */
  #survey(): void {
    this.#surveyed = true;
    for (let fd = this.#strangers.end; (fd = this.#strangers.lastPresent(fd - 1)) >= 0;) {
      this.#look(fd);
    }
    // In a burst, hundreds may be between the known descriptors and an unknown one, and all closed by now.
    this.#open.mark(this.#taken.end);
    for (const fd of this.#open) if (!this.#taken.has(fd)) this.#look(fd);
  }

  /**
   * Determines which connection a descriptor belongs to, the wanted one or another that was not found, and records it.
   */
  #look(fd: number, wanted?: Connection): "connection" | "other" | "closed" {
    const hasPeer = this.#ask(fd, this.#calls.getpeername);
    const owner = hasPeer ? this.#ownerOf(fd, wanted) : undefined;
    if (owner !== undefined) {
      if (owner.key !== undefined) this.#unfound.delete(owner.key);
      owner.fd = fd;
      this.#taken.add(fd);
      this.#strangers.delete(fd);
      return owner === wanted ? "connection" : "other";
    }
    const open = hasPeer || this.#calls.fcntl(fd, F_GETFD) >= 0;
    for (const set of [this.#taken, this.#strangers]) {
      if (open) set.add(fd);
      else set.delete(fd);
    }
    return open ? "other" : "closed";
  }

  /** The owner of a descriptor whose peer address has just been read. */
  #ownerOf(fd: number, wanted: Connection | undefined): Connection | undefined {
    if (wanted !== undefined && this.#isFor(fd, wanted)) return wanted;
    if (this.#unfound.size === 0 || !this.#ask(fd, this.#calls.getsockname)) return undefined;
    const local = portOf(this.#address);
    if (!this.#ask(fd, this.#calls.getpeername)) return undefined;
    const candidate = this.#unfound.get(keyOf(local, portOf(this.#address)));
    return candidate !== undefined && this.#isFor(fd, candidate) ? candidate : undefined;
  }

  /** Whether a descriptor is a socket with these addresses. For a unix socket only its kind is known. */
  #has(fd: number, connection: Connection): boolean {
    return this.#ask(fd, this.#calls.getpeername) && this.#isFor(fd, connection);
  }

  /** The same, for a descriptor whose peer address has just been read. */
  #isFor(fd: number, { local, peer }: Connection): boolean {
    if (local === undefined || peer === undefined) return familyOf(this.#address) === AF_UNIX;
    return isEnd(this.#address, peer) && this.#ask(fd, this.#calls.getsockname) &&
      isEnd(this.#address, local);
  }

  #ask(fd: number, which: SocketCalls["getpeername"]): boolean {
    this.#length[0] = SOCKADDR_BYTES;
    return which(fd, this.#address, this.#length) === 0;
  }
}

/** A connection among {@linkcode SocketDescriptors}. */
class Connection implements SocketDescriptor {
  readonly #all: SocketDescriptors;
  readonly local: SocketEnd | undefined;
  readonly peer: SocketEnd | undefined;
  fd = UNFOUND;
  #reset = false;

  constructor(all: SocketDescriptors, local: SocketEnd | undefined, peer: SocketEnd | undefined) {
    this.#all = all;
    this.local = local;
    this.peer = peer;
  }

  /** Undefined for a unix socket. */
  get key(): number | undefined {
    return this.local && this.peer && keyOf(this.local.port, this.peer.port);
  }

  reset(): boolean {
    return this.#reset ||= this.peer !== undefined && this.#all.reset(this);
  }

  unsent(): number {
    return this.#reset || this.peer === undefined ? 0 : this.#all.unsent(this);
  }

  hasSent(): boolean | undefined {
    // Our own reset sets the counts to zero.
    return this.#reset ? undefined : this.#all.hasSent(this);
  }

  release(): void {
    this.#all.release(this);
  }
}

/** Both ports of a connection in one number. */
function keyOf(local: number, peer: number): number {
  return local * 0x10000 + peer;
}

/** Values of {@linkcode Connection.fd} that are not descriptors. */
const UNFOUND = -1;
const GONE = -2;
/** Max descriptors of one kind to check for a connection. The first is nearly always right. */
const MAX_TRIES = 8;
/** A struct sockaddr of family AF_UNSPEC. */
const UNSPECIFIED = new Uint8Array(16);
// Values of the Linux ABI on x86-64 and arm64 (the same on both).
const F_GETFD = 1;
/** The state, the first field of struct tcp_info. */
const TCP_LISTEN = 10;
/** The offset of tcpi_data_segs_in in it, 4 bytes long, since Linux 4.6. */
const DATA_SEGMENTS_IN = 152;
