/**
 * Clients that leave at every point of a connection's life and in every way there is, in processes of their
 * own (see client_processes.ts).
 */

import { closeQuietly, writeAll } from "./backend.ts";
import { realClientHello } from "./client_hello.ts";
import { runClients } from "./client_processes.ts";
import { eachOf } from "./crowd.ts";
import { connectRaw } from "./raw_client.ts";
import { resetConnection } from "./reset.ts";
import type { Site } from "./site.ts";
import { connectTls, echoOnce, receive, receiveText, send } from "./tls_client.ts";
import { Wire } from "./wire.ts";

/** Makes so many connections, 40 at a time. Those that end in order must get their echo. */
export async function leave(site: Site, connections: number): Promise<void> {
  await runClients(import.meta.url, site, connections, MAX_PER_PROCESS);
}

/** What clients need to know. */
interface Target {
  readonly port: number;
  readonly certificate: string;
  readonly hello: Uint8Array;
}

/** Ways to live and leave; `fraction` says where in it. */
const LIVES: readonly ((target: Target, fraction: number) => Promise<unknown>)[] = [
  ({ port, certificate }) => echoOnce(port, { certificate }),
  ({ port }, fraction) => leaveRaw(port, new Uint8Array(), fraction),
  ({ port, hello }, fraction) => leaveRaw(port, partOf(hello, fraction), fraction),
  // After the server's flight: it cannot be finished, since nobody has the keys.
  ({ port, hello }, fraction) => leaveRaw(port, hello, fraction, true),
  ({ port, certificate }) => leaveTls(port, { certificate }, new Uint8Array()),
  ({ port, certificate }, fraction) => leaveTls(port, { certificate }, partOf(PLENTY, fraction)),
  (target, fraction) => leaveWire(target, fraction, (wire) => wire.endWithFin()),
  (target, fraction) => leaveWire(target, fraction, (wire) => Promise.resolve(wire.reset())),
];

/** Sends octets that are no whole handshake and leaves, by FIN or by RST. */
async function leaveRaw(
  port: number,
  bytes: Uint8Array,
  fraction: number,
  answered = false,
): Promise<void> {
  const conn = await connectRaw(port);
  try {
    await writeAll(conn, bytes);
    if (answered) await conn.read(new Uint8Array(5));
    if (fraction < 0.5) resetConnection(conn);
    else await receiveAfterFin(conn);
  } finally {
    closeQuietly(conn);
  }
}

async function receiveAfterFin(conn: Deno.TcpConn): Promise<void> {
  await conn.closeWrite();
  await receive(conn);
}

/** Finishes the handshake, sends something that is echoed, and closes (close_notify) without reading it. */
async function leaveTls(
  port: number,
  trusted: { readonly certificate: string },
  bytes: Uint8Array,
): Promise<void> {
  using conn = await connectTls(port, trusted);
  await writeAll(conn, bytes);
}

/** Leaves in the middle of a transfer, in a way that TLS libraries do not offer. */
async function leaveWire(
  { port, certificate }: Target,
  fraction: number,
  end: (wire: Wire) => Promise<void>,
): Promise<void> {
  await using wire = new Wire(port);
  using client = await connectTls(wire.port, { certificate });
  await send(client, "echo");
  await receiveText(client, 4);
  const writing = writeAll(client, partOf(PLENTY, fraction)).catch(() => {});
  if (fraction < 0.5) await receiveText(client, Math.ceil(fraction * 1_000));
  await end(wire);
  await writing;
}

function partOf(bytes: Uint8Array, fraction: number): Uint8Array {
  return bytes.subarray(0, Math.ceil(fraction * bytes.length));
}

const MAX_PER_PROCESS = 4_000;
const PLENTY = new Uint8Array(64 << 10);

if (import.meta.main) {
  const [port, pemPath, count] = Deno.args;
  const certificate = await Deno.readTextFile(pemPath!);
  const target = { port: Number(port), certificate, hello: await realClientHello() };
  await eachOf(Number(count), 40, (index) => {
    // Each life at evenly spread points: irrational steps never repeat.
    const fraction = (index * Math.SQRT2) % 1;
    return LIVES[index % LIVES.length]!(target, fraction);
  });
  // Clients that this runtime is still closing in the background need not be waited for.
  Deno.exit(0);
}
