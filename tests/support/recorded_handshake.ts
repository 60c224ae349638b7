/** What a real client sends from its first octet to its last, taken down between it and stud. */

import { closeQuietly, writeAll } from "./backend.ts";
import { join } from "./client_hello.ts";
import type { Site } from "./site.ts";
import { ToolProcess } from "./tool_process.ts";

/**
 * Has OpenSSL's client connect through stud, send a line, wait for its echo and close in order. Returns the
 * TLS records it sent, headers included, in their order.
 */
export async function recordHandshake(site: Site, args: readonly string[]): Promise<Uint8Array[]> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await using openssl = new ToolProcess("openssl", [
    ...["s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", ...args],
  ]);
  const recorded = record(await listener.accept(), site.port);
  await openssl.write("hello\n");
  await openssl.output(/^hello$/m);
  await openssl.write("Q\n");
  await openssl.ended();
  return recordsIn(await recorded);
}

/** Cuts octets into TLS records (RFC 8446 section 5.1). */
export function recordsIn(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + (bytes[at + 3]! << 8) + bytes[at + 4]!;
    records.push(bytes.slice(at, end));
    at = end;
  }
  return records;
}

/** Relays a client to a port until both have ended and returns what the client sent. */
async function record(client: Deno.Conn, port: number): Promise<Uint8Array> {
  const server = await Deno.connect({ hostname: "127.0.0.1", port });
  const sent: Uint8Array[] = [];
  await Promise.all([
    forward(client, server, (bytes) => sent.push(bytes.slice())),
    forward(server, client, () => {}),
  ]);
  for (const conn of [client, server]) closeQuietly(conn);
  return join(sent);
}

async function forward(
  from: Deno.Conn,
  to: Deno.Conn,
  take: (bytes: Uint8Array) => void,
): Promise<void> {
  const bytes = new Uint8Array(16 << 10);
  try {
    for (let count; (count = await from.read(bytes)) !== null;) {
      take(bytes.subarray(0, count));
      await writeAll(to, bytes.subarray(0, count));
    }
    await to.closeWrite();
  } catch {
    // A client that quits does not wait for stud's end.
  }
}
