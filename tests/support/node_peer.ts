/** Peers of stud on Node's own streams, for tests that run under Node: nothing in them is stud's. */

import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { Duplex, SocketPair } from "../../src/runtime/runtime.ts";

/** One end of a connection. Over TLS an end looks the same with close_notify and without. */
export class NodePeer implements Duplex {
  readonly pair: SocketPair;
  readonly #raw: Socket;
  readonly #socket: Socket;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #left: Uint8Array | undefined;

  /** `socket` is the raw one, or the TLS socket over it. */
  constructor(raw: Socket, socket = raw) {
    this.#raw = raw;
    this.#socket = socket;
    // Reads and writes tell of errors; without a listener they would end the process.
    for (const each of [raw, socket]) each.on("error", () => {});
    this.#chunks = socket.iterator({ destroyOnReturn: false });
    this.pair = {
      local: { host: raw.localAddress ?? "", port: raw.localPort ?? 0 },
      peer: { host: raw.remoteAddress ?? "", port: raw.remotePort ?? 0 },
    };
  }

  static async connect(port: number, host = "127.0.0.1"): Promise<NodePeer> {
    return new NodePeer(await connected(port, host));
  }

  /** Connects to a port of 127.0.0.1, trusts that certificate alone, and completes the handshake. */
  static async connectTls(
    port: number,
    certificate: string,
    options: ConnectionOptions = {},
  ): Promise<NodePeer> {
    const socket = await connected(port, "127.0.0.1");
    const tls = connectTls({ ...options, socket, host: "127.0.0.1", ca: certificate });
    await once(tls, "secureConnect");
    return new NodePeer(socket, tls);
  }

  async read(into: Uint8Array): Promise<number | null> {
    const bytes = this.#left ?? (await this.#chunks.next()).value as Uint8Array | undefined;
    if (bytes === undefined) return null;
    const count = Math.min(bytes.length, into.length);
    into.set(bytes.subarray(0, count));
    this.#left = count < bytes.length ? bytes.subarray(count) : undefined;
    return count;
  }

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#socket.write(bytes, (error) => error ? reject(error) : resolve(bytes.length));
    });
  }

  closeWrite(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#socket.end((error?: Error | null) => error ? reject(error) : resolve());
    });
  }

  /** A bare FIN, over TLS without close_notify. */
  cut(): void {
    this.#raw.end();
  }

  reset(): void {
    this.#raw.resetAndDestroy();
  }

  /** Nobody asks. */
  unsent(): number {
    return 0;
  }

  close(): void {
    this.#socket.destroy();
    this.#raw.destroy();
  }
}

/** Takes the connections of what is tested. Use it with `await using`. */
export class NodeAcceptor implements AsyncDisposable {
  readonly #server: Server;
  readonly #peers: NodePeer[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  /** Listens on a port of an address, or on a unix socket. */
  static async listen(
    at: { host: string } | { path: string } = { host: "127.0.0.1" },
  ): Promise<NodeAcceptor> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
    server.listen("path" in at ? at : { ...at, port: 0 });
    await once(server, "listening");
    return new NodeAcceptor(server);
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" ? address?.port ?? 0 : 0;
  }

  /** The next connection; call it before that is made. */
  async accept(): Promise<NodePeer> {
    const [socket] = await once(this.#server, "connection") as [Socket];
    const peer = new NodePeer(socket);
    this.#peers.push(peer);
    return peer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const peer of this.#peers) peer.close();
    const closed = once(this.#server, "close");
    this.#server.close();
    await closed;
  }
}

async function connected(port: number, host: string): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true, noDelay: true });
  await once(socket, "connect");
  return socket;
}
