/** The demo's backend: reads the PROXY line and an HTTP request, and answers with what it received. */

import { toBase64 } from "../../src/wire/base64.ts";
import { joinBytes } from "../../src/wire/bytes.ts";
import { sha256 } from "../../src/wire/sha256.ts";
import { askStud, type RequestFacts, wantsPage } from "./facts.ts";
import { pageAnswer, STYLE } from "./page.ts";
import { textAnswer } from "./text.ts";

/** A listening backend. */
export interface Backend {
  readonly port: number;
  close(): void;
}

/** Where stud is: the URLs of what it serves and, if it has one, of its status page. */
export interface StudPlaces {
  readonly frontend: string;
  readonly statusPage: string | undefined;
}

/** Starts the backend on a port that the system chooses. */
export function startBackend(places: StudPlaces): Backend {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  serve(listener, places);
  return { port: (listener.addr as Deno.NetAddr).port, close: () => listener.close() };
}

async function serve(listener: Deno.Listener, places: StudPlaces): Promise<void> {
  for (;;) {
    try {
      const conn = await listener.accept();
      answer(conn, places).catch(() => {}).finally(() => conn.close());
    } catch (error) {
      if (error instanceof Deno.errors.BadResource) return;
    }
  }
}

async function answer(conn: Deno.Conn, places: StudPlaces): Promise<void> {
  const [proxyLine = "", requestLine = "", ...headers] = await readHead(conn);
  const [, , source, , sourcePort] = proxyLine.split(" ");
  const client = `${source}:${sourcePort}`;
  const { hostname, port } = conn.localAddr as Deno.NetAddr;
  const facts: RequestFacts = {
    ...await askStud(places.statusPage, client),
    ...places,
    ...{ client, requestLine, proxyLine, headers },
    backend: `${hostname}:${port}`,
  };
  const isPage = wantsPage(facts);
  const body = new TextEncoder().encode(isPage ? pageAnswer(facts) : textAnswer(facts));
  const head = [
    "HTTP/1.1 200 OK",
    `Content-Type: text/${isPage ? "html" : "plain"}; charset=utf-8`,
    `Content-Length: ${body.length}`,
    `Content-Security-Policy: ${POLICY}`,
    "Cache-Control: no-store",
    "Vary: Accept",
    "Connection: close",
  ];
  const start = new TextEncoder().encode(`${head.join("\r\n")}\r\n\r\n`);
  const bytes = requestLine.startsWith("HEAD ") ? start : joinBytes(start, body);
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

const POLICY =
  `default-src 'none'; img-src data:; style-src 'sha256-${toBase64(sha256(STYLE))}'; ` +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
