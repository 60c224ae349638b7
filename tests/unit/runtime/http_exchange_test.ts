/**
 * One question to a web server, and everything that a server may do instead of answering.
 *
 * @alone A connection that is given up goes on in Deno 2.4, and would end in a test of another file.
 */

import { Cancellation } from "../../../src/runtime/cancellation.ts";
import { httpExchange } from "../../../src/runtime/http_exchange.ts";
import type { HttpRequest } from "../../../src/runtime/runtime.ts";
import { assert, assertEquals, assertRejects } from "../../support/assert.ts";
import { FullBacklog } from "../../support/full_backlog.ts";
import { freePort } from "../../support/ports.ts";

/** A server that reads one request and then does what a test wants. */
async function server(
  serve: (conn: Deno.TcpConn, request: string) => Promise<unknown>,
  run: (url: URL) => Promise<void>,
): Promise<void> {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = (async () => {
    using conn = await listener.accept();
    const buffer = new Uint8Array(10_000);
    const length = await conn.read(buffer) ?? 0;
    await serve(conn, new TextDecoder().decode(buffer.subarray(0, length))).catch(() => {});
  })();
  await run(new URL(`http://127.0.0.1:${listener.addr.port}/path`));
  await served;
}

function ask(url: URL, particular: Partial<HttpRequest> = {}) {
  return httpExchange({
    ...{ url, method: "GET", headers: {}, connectTimeout: 1_000, timeout: 2_000, limit: 1_000 },
    cancellation: new Cancellation(),
    ...particular,
  });
}

const bytes = (text: string) => new TextEncoder().encode(text);
const untilClosed = (conn: Deno.TcpConn) => conn.read(new Uint8Array(1));

Deno.test("httpExchange() sends the question and takes the answer, whatever its status", async () => {
  let heard = "";
  await server(async (conn, request) => {
    heard = request;
    await conn.write(bytes("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"));
    await untilClosed(conn);
  }, async (url) => {
    const { status, body } = await ask(url, { method: "POST", body: bytes("question") });
    assertEquals([status, new TextDecoder().decode(body)], [404, "no"]);
  });
  assert(/^POST \/path HTTP\/1\.1\r\n.*\r\n\r\nquestion$/s.test(heard), heard);
});

for (
  const [what, answer, message] of [
    [
      "ends too early",
      "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
      "the answer was cut short",
    ],
    ["ends at once", "", "the connection was closed before an answer"],
    ["speaks something else", "220 ready\r\n\r\n", "the answer is not HTTP"],
    ["says too much", `HTTP/1.1 200 OK\r\n\r\n${"x".repeat(2_000)}`, "longer than 1000 bytes"],
  ] as const
) {
  Deno.test(`httpExchange() rejects when the server ${what}`, async () => {
    await server(
      (conn) => conn.write(bytes(answer)),
      async (url) => void await assertRejects(() => ask(url), Error, message),
    );
  });
}

Deno.test("httpExchange() waits for an answer up to the given time", async () => {
  await server(untilClosed, async (url) => {
    await assertRejects(() => ask(url, { timeout: 100 }), Error, "no answer within 0.1 s");
  });
});

Deno.test({
  name: "httpExchange() waits for a connection as long as it is told",
  // Deno 2.4 goes on connecting for a socket that was destroyed.
  sanitizeOps: false,
  fn: async () => {
    using full = await FullBacklog.open();
    const url = new URL(`http://${full.address.replace(",", ":")}/`);
    const message = "no connection within 0.1 s";
    await assertRejects(() => ask(url, { connectTimeout: 100 }), Error, message);
  },
});

Deno.test("httpExchange() gives up when its signal aborts", async () => {
  const cancellation = new Cancellation();
  await server((conn) => {
    cancellation.cancel();
    return untilClosed(conn);
  }, async (url) => {
    await assertRejects(() => ask(url, { cancellation }), Error, "cancelled");
    // Before there is a connection, too.
    const early = new Cancellation();
    const asked = ask(url, { cancellation: early });
    early.cancel();
    await assertRejects(() => asked, Error, "cancelled");
  });
});

Deno.test("httpExchange() says in words why there is no connection", async () => {
  const refused = new URL(`http://127.0.0.1:${freePort()}/`);
  await assertRejects(() => ask(refused), Error, "connection refused");
  const unknown = new URL("http://nobody.invalid/");
  const message = "the host name nobody.invalid cannot be resolved";
  await assertRejects(() => ask(unknown), Error, message);
  await assertRejects(() => ask(new URL("ftp://127.0.0.1/")), Error, "neither http: nor https:");
});
