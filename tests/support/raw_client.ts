/** Clients that send octets of the test's choice instead of speaking TLS. */

import { closeQuietly, writeAll } from "./backend.ts";
import { receive, type Received } from "./tls_client.ts";

/** Connects by TCP, each write a segment of its own. */
export async function connectRaw(port: number): Promise<Deno.TcpConn> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  conn.setNoDelay(true);
  return conn;
}

/** Sends octets, with `fin` ends its sending side, and reads until stud ends the connection. */
export async function answerTo(
  port: number,
  bytes: Uint8Array,
  { fin = false }: { fin?: boolean } = {},
): Promise<Received> {
  const conn = await connectRaw(port);
  try {
    await writeAll(conn, bytes);
    if (fin) await conn.closeWrite();
  } catch {
    // Stud has ended the connection before it got everything.
  }
  const received = await receive(conn);
  closeQuietly(conn);
  return received;
}

/** The number of the fatal alert that octets from stud end with, or undefined. RFC 8446 section 6. */
export function alertIn({ bytes }: Received): number | undefined {
  const [type, , , , length, level, description] = bytes.subarray(-7);
  return type === 21 && length === 2 && level === 2 ? description : undefined;
}
