/**
 * A backend inside the test's process: connections are taken one by one and driven by the test, or all of
 * them are served by one handler.
 */

import { pause, within } from "./eventually.ts";

/** Serves one connection. What it throws is kept in {@linkcode Backend.faults}. */
export type ServeBackend = (conn: Deno.Conn) => Promise<void>;

/** An address of this machine. */
export interface TcpPlace {
  readonly hostname: string;
  readonly port: number;
}

/** A listening backend. Use it with `await using`. */
export class Backend implements AsyncDisposable {
  readonly #listener: Deno.Listener;
  readonly #open = new Set<Deno.Conn>();
  readonly #served = new Set<Promise<void>>();
  #serving: Promise<void> = Promise.resolve();
  #closed = false;
  #serves = false;
  /** Of the backend's own connection, which is not served: where it comes from, and whether it has been accepted. */
  #last: { port: PromiseWithResolvers<number>; taken: PromiseWithResolvers<void> } | undefined;
  /** Connections accepted so far. */
  accepted = 0;
  /** What handlers threw. */
  readonly faults: unknown[] = [];

  private constructor(listener: Deno.Listener) {
    this.#listener = listener;
  }

  /** Listens on a port of 127.0.0.1, on a unix socket, or where it is told to. */
  static listen(where: string | TcpPlace = { hostname: "127.0.0.1", port: 0 }): Backend {
    return new Backend(
      typeof where === "string"
        ? Deno.listen({ transport: "unix", path: where })
        : Deno.listen(where),
    );
  }

  /** Listens on a port of 127.0.0.1 for TLS. */
  static listenTls(
    { certificate: cert, key }: { readonly certificate: string; readonly key: string },
    alpnProtocols: string[] = [],
  ): Backend {
    return new Backend(
      Deno.listenTls({ hostname: "127.0.0.1", port: 0, cert, key, alpnProtocols }),
    );
  }

  /** Listens and serves every connection. */
  static serve(serve: ServeBackend, where?: string | TcpPlace): Backend {
    const backend = Backend.listen(where);
    backend.#serves = true;
    backend.#serving = backend.#serveAll(serve);
    return backend;
  }

  /** As `--backend` takes it. */
  get address(): string {
    const { addr } = this.#listener;
    if (addr.transport === "unix") return addr.path;
    const { hostname, port } = addr as Deno.NetAddr;
    return `${hostname},${port}`;
  }

  /** How many connections are being served now. */
  get open(): number {
    return this.#open.size;
  }

  /** The next connection, for the test to drive; the backend closes it at its end. */
  async accept(): Promise<Deno.Conn> {
    const conn = await within(10_000, "a connection to the backend", this.#listener.accept());
    this.accepted++;
    this.#open.add(conn);
    return conn;
  }

  /** Ends the connections that have come; resolves when none is left. */
  async endAll(): Promise<void> {
    await this.#takeAll();
    for (const conn of this.#open) closeQuietly(conn);
    // Those of handlers end with them; those of the test were its own.
    await Promise.all(this.#served);
    this.#open.clear();
  }

  /** Waits until those are accepted that still wait for it: a connection of its own comes after them. */
  async #takeAll(): Promise<void> {
    const { addr } = this.#listener;
    if (!this.#serves || this.#closed || addr.transport !== "tcp") return;
    const { hostname, port } = addr;
    const last = { port: Promise.withResolvers<number>(), taken: Promise.withResolvers<void>() };
    this.#last = last;
    const conn = await Deno.connect({ hostname, port });
    last.port.resolve((conn.localAddr as Deno.NetAddr).port);
    try {
      await within(10_000, "the backend accepts", last.taken.promise);
    } finally {
      this.#last = undefined;
      closeQuietly(conn);
    }
  }

  /** Whether this is the connection that comes after all others. */
  async #isLast({ remoteAddr }: Deno.Conn): Promise<boolean> {
    const last = this.#last;
    if (last === undefined || await last.port.promise !== (remoteAddr as Deno.NetAddr).port) {
      return false;
    }
    last.taken.resolve();
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#listener.close();
    for (const conn of this.#open) closeQuietly(conn);
    await this.#serving;
  }

  async #serveAll(serve: ServeBackend): Promise<void> {
    while (!this.#closed) {
      let conn: Deno.Conn;
      try {
        conn = await this.#listener.accept();
      } catch (error) {
        // A connection that was reset before it was accepted is no reason to stop.
        if (!this.#closed) this.faults.push(error);
        await pause(1);
        continue;
      }
      if (await this.#isLast(conn)) {
        closeQuietly(conn);
        continue;
      }
      this.accepted++;
      this.#open.add(conn);
      const ended = this.#serveOne(serve, conn).then(() => void this.#served.delete(ended));
      this.#served.add(ended);
    }
    await Promise.all(this.#served);
  }

  async #serveOne(serve: ServeBackend, conn: Deno.Conn): Promise<void> {
    try {
      await serve(conn);
    } catch (error) {
      this.faults.push(error);
    }
    closeQuietly(conn);
    this.#open.delete(conn);
  }
}

/** Sends back what it receives, until the client ends. */
export async function echo(conn: Deno.Conn): Promise<void> {
  const bytes = new Uint8Array(16 << 10);
  for (let count; (count = await conn.read(bytes)) !== null;) {
    await writeAll(conn, bytes.subarray(0, count));
  }
  await conn.closeWrite();
}

/** Writes all octets. */
export async function writeAll(
  to: { write(bytes: Uint8Array): Promise<number> | number },
  bytes: Uint8Array,
): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await to.write(bytes.subarray(sent));
}

/** Closes a connection that may be closed already. */
export function closeQuietly(conn: { close(): void }): void {
  try {
    conn.close();
  } catch {
    // Already closed.
  }
}
