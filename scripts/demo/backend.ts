/** The demo's backend: reads the PROXY line and an HTTP request, and answers with what it received. */

/** A listening backend. */
export interface Backend {
  readonly port: number;
  close(): void;
}

/** Finds the worker of stud that owns a TCP connection to the backend. */
export type FindWorker = (supervisor: number, port: number) => string;

/**
 * Starts the backend on a port that the system chooses. `supervisor` returns stud's process id once it runs, or
 * undefined where workers cannot be looked up.
 */
export function startBackend(
  supervisor: () => number | undefined,
  findWorker: FindWorker,
): Backend {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  serve(listener, (port) => {
    const pid = supervisor();
    return pid === undefined ? "unknown on this system" : findWorker(pid, port);
  });
  return { port: (listener.addr as Deno.NetAddr).port, close: () => listener.close() };
}

async function serve(listener: Deno.Listener, worker: (port: number) => string): Promise<void> {
  for (;;) {
    try {
      const conn = await listener.accept();
      answer(conn, worker).catch(() => {}).finally(() => conn.close());
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
    }
  }
}

async function answer(conn: Deno.Conn, worker: (port: number) => string): Promise<void> {
  const [proxyLine = "", requestLine = "", ...headers] = await readHead(conn);
  const [, family, source, , sourcePort] = proxyLine.split(" ");
  const agent = headers.find((header) => /^user-agent:/i.test(header))?.slice(11).trim();
  const page = [
    `request:      ${requestLine}`,
    `client:       ${source} port ${sourcePort} (${family}), from the PROXY line`,
    `user agent:   ${agent ?? "not told"}`,
    `relayed by:   ${worker((conn.remoteAddr as Deno.NetAddr).port)}`,
    `what arrived: ${JSON.stringify(proxyLine)}, then plain HTTP`,
    "",
  ].join("\n");
  const head = [
    "HTTP/1.1 200 OK",
    "Content-Type: text/plain; charset=utf-8",
    `Content-Length: ${new TextEncoder().encode(page).length}`,
    "Connection: close",
  ];
  const bytes = new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n${page}`);
  for (let sent = 0; sent < bytes.length;) sent += await conn.write(bytes.subarray(sent));
}

/** The lines up to the empty one that ends an HTTP head. */
async function readHead(conn: Deno.Conn): Promise<string[]> {
  const decoder = new TextDecoder();
  const bytes = new Uint8Array(4096);
  let text = "";
  while (!text.includes("\r\n\r\n") && text.length < 65_536) {
    const count = await conn.read(bytes);
    if (count === null) break;
    text += decoder.decode(bytes.subarray(0, count), { stream: true });
  }
  return text.split("\r\n\r\n", 1)[0]!.split("\r\n");
}
