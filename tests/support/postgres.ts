/**
 * The first bytes of PostgreSQL, both ways, after "Frontend/Backend Protocol", "Message Formats" of its manual: a
 * stand-in for a server that lets everybody in, and for a client of version 17 that begins with TLS.
 */

import { Backend, writeAll } from "./backend.ts";
import { within } from "./eventually.ts";

/** A server that answers a StartupMessage with AuthenticationOk and ReadyForQuery, and keeps what it was asked. */
export class PostgresServer implements AsyncDisposable {
  readonly #backend = Backend.serve(async (conn) => {
    const message = await receiveMessage(conn, 0);
    const parameters = new TextDecoder().decode(message.subarray(8)).split("\0");
    this.startups.push(parameters.filter((text) => text !== ""));
    await writeAll(conn, Uint8Array.of(...AUTHENTICATION_OK, ...READY_FOR_QUERY));
    while (await conn.read(new Uint8Array(64)) !== null);
  });
  /** The parameters of each client, names and values by turns. */
  readonly startups: string[][] = [];

  get address(): string {
    return this.#backend.address;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#backend[Symbol.asyncDispose]();
  }
}

/** A database that psql 17 is to connect to, by the words of its connection string. */
export type Conninfo = Readonly<Record<string, string>>;

/** Connects as libpq 17 does with `sslnegotiation=direct`, and fails unless the server is ready. */
export async function connectDirectly(
  info: Conninfo,
  port: number,
  trusted: string,
): Promise<void> {
  if (info.sslnegotiation !== "direct") throw new Error("libpq would send SSLRequest first");
  using conn = await Deno.connectTls({
    hostname: info.host!,
    port,
    caCerts: [trusted],
    alpnProtocols: ["postgresql"],
  });
  const { alpnProtocol } = await within(10_000, "the handshake", conn.handshake());
  // libpq: "direct SSL connection was established without ALPN protocol negotiation extension".
  if (alpnProtocol !== "postgresql") throw new Error("no ALPN");
  const words = ["user", info.user!, "database", info.dbname!].map((word) => `${word}\0`).join("");
  const body = new TextEncoder().encode(`\0\x03\0\0${words}\0`);
  await writeAll(conn, Uint8Array.of(0, 0, 0, body.length + 4, ...body));
  const kinds = [(await receiveMessage(conn, 1))[0], (await receiveMessage(conn, 1))[0]];
  if (String.fromCharCode(...kinds as number[]) !== "RZ") throw new Error(`answer ${kinds}`);
}

/** One message: after so many bytes its length in 4 bytes, which count themselves, and the rest. */
async function receiveMessage(conn: Deno.Conn, before: number): Promise<Uint8Array> {
  const head = await receiveBytes(conn, before + 4);
  const length = new DataView(head.buffer).getUint32(before);
  return Uint8Array.of(...head, ...await receiveBytes(conn, length - 4));
}

async function receiveBytes(conn: Deno.Conn, count: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(count);
  for (let got = 0; got < count;) {
    const read = await within(10_000, "a message", conn.read(bytes.subarray(got)));
    if (read === null) throw new Error(`the peer ended after ${got} of ${count} bytes`);
    got += read;
  }
  return bytes;
}

const AUTHENTICATION_OK = [0x52, 0, 0, 0, 8, 0, 0, 0, 0];
const READY_FOR_QUERY = [0x5a, 0, 0, 0, 5, 0x49];
