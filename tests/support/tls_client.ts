/** TLS clients of stud inside the test's process. */

import { writeAll } from "./backend.ts";
import { within } from "./eventually.ts";

/** What a client must trust: a PemFile has it. */
export interface Trusted {
  readonly certificate: string;
}

/** Connects to a port of 127.0.0.1 and completes the handshake. */
export async function connectTls(port: number, pem: Trusted): Promise<Deno.TlsConn> {
  const conn = await Deno.connectTls({
    hostname: "127.0.0.1",
    port,
    caCerts: [pem.certificate],
  });
  try {
    await within(15_000, "the handshake", conn.handshake());
  } catch (error) {
    conn.close();
    throw error;
  }
  return conn;
}

/** What came from a peer until its end. */
export interface Received {
  readonly bytes: Uint8Array;
  readonly text: string;
  /** `clean`: FIN, and on TLS close_notify before it; anything else is the error's text. */
  readonly end: string;
}

/** Reads to the end, of whatever kind, under a deadline. */
export function receive(
  from: { read(into: Uint8Array): number | null | Promise<number | null> },
  limit = 15_000,
): Promise<Received> {
  return within(limit, "the end of what the peer sends", readToEnd(from));
}

/** Reads exactly as many octets and returns them as text. */
export async function receiveText(
  from: { read(into: Uint8Array): number | null | Promise<number | null> },
  length: number,
): Promise<string> {
  const bytes = new Uint8Array(length);
  for (let got = 0; got < length;) {
    const count = await within(15_000, "more octets", from.read(bytes.subarray(got)));
    if (count === null) throw new Error(`ended after ${got} of ${length} octets`);
    got += count;
  }
  return new TextDecoder().decode(bytes);
}

/** Writes text. */
export function send(
  to: { write(bytes: Uint8Array): Promise<number> | number },
  text: string,
): Promise<void> {
  return writeAll(to, new TextEncoder().encode(text));
}

/** One connection that says something to an echoing backend and expects it back, with a clean end. */
export async function echoOnce(port: number, pem: Trusted, text = "hello"): Promise<void> {
  using conn = await connectTls(port, pem);
  await send(conn, text);
  await conn.closeWrite();
  const { text: answer, end } = await receive(conn);
  if (answer !== text || end !== "clean") throw new Error(`answer ${answer}, end ${end}`);
}

async function readToEnd(
  from: { read(into: Uint8Array): number | null | Promise<number | null> },
): Promise<Received> {
  const parts: Uint8Array[] = [];
  let end = "clean";
  try {
    for (;;) {
      const bytes = new Uint8Array(16 << 10);
      const count = await from.read(bytes);
      if (count === null) break;
      parts.push(bytes.subarray(0, count));
    }
  } catch (error) {
    end = String(error);
  }
  const bytes = new Uint8Array(await new Blob(parts as BlobPart[]).arrayBuffer());
  return { bytes, text: new TextDecoder().decode(bytes), end };
}
