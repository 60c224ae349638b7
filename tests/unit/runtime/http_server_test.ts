/** The web servers, that of the platform and our own: their limits hold against clients that do not care. */

import type { HttpServerOptions } from "../../../src/runtime/http_server.ts";
import { createRuntime } from "../../../src/runtime/deno/runtime.ts";
import { acceptStreams } from "../../../src/runtime/deno/accepted_streams.ts";
import { type HttpPlatform, serveHttp } from "../../../src/runtime/node_http_server.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { within } from "../../support/eventually.ts";
import { resetConnection } from "../../support/reset.ts";

const LIMITS = {
  ...{ connections: 4, headerBytes: 4_096, requestTime: 1_000, answerTime: 1_000, idleTime: 1_000 },
  ...{ requests: 3, fairTime: 2_000, burst: 8 },
};

async function open(
  platform: HttpPlatform,
  answer: HttpServerOptions["answer"] = () =>
    Promise.resolve({ status: 200, headers: {}, body: "here" }),
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const address = { host: "127.0.0.1", port: 0 };
  const server = await serveHttp({ address, limits: LIMITS, answer }, platform);
  if ("path" in server.address) throw new Error("not on TCP");
  return { port: server.address.port, close: () => server.close() };
}

const SERVERS: readonly (readonly [which: string, platform: HttpPlatform])[] = [
  ["the platform's", {}],
  ["our own", { onlySmall: true }],
  ["our own, where Deno accepts", { onlySmall: true, accept: acceptStreams }],
];

function test(
  name: string,
  run: (port: number) => Promise<void>,
  answer?: HttpServerOptions["answer"],
) {
  for (const [which, platform] of SERVERS) {
    const options = { name: `${name} (${which})`, sanitizeOps: false, sanitizeResources: false };
    // Its timers outlive a connection by a moment.
    Deno.test(options, async () => {
      const server = await open(platform, answer);
      try {
        await within(20_000, name, run(server.port));
      } finally {
        await server.close();
      }
    });
  }
}

const connect = (port: number) => Deno.connect({ hostname: "127.0.0.1", port });
const send = (conn: Deno.Conn, text: string) => conn.write(new TextEncoder().encode(text));

const REQUEST = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";

async function read(conn: Deno.Conn): Promise<string> {
  const bytes = new Uint8Array(65_536);
  let text = "";
  try {
    for (let count; (count = await conn.read(bytes)) !== null;) {
      text += new TextDecoder().decode(bytes.subarray(0, count));
    }
  } catch {
    // A reset is an end too.
  }
  return text;
}

test("serveHttp() ends a client that says nothing, dribbles, or sends empty lines", async (port) => {
  using silent = await connect(port);
  using dribbling = await connect(port);
  using blank = await connect(port);
  await send(dribbling, "GET / HTTP/1.1\r\n");
  const timer = setInterval(() => {
    send(dribbling, "a: b\r\n").catch(() => {});
    send(blank, "\r\n").catch(() => {});
  }, 100);
  try {
    await Promise.all([silent, dribbling, blank].map(read));
  } finally {
    clearInterval(timer);
  }
});

test("serveHttp() ends a client that does not read its answer", async (port) => {
  using client = await connect(port);
  await send(client, REQUEST);
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const text = await read(client);
  assert(text.length < 50_000_000, `${text.length}`);
}, () => Promise.resolve({ status: 200, headers: {}, body: "x".repeat(50_000_000) }));

test("serveHttp() ends a connection after its last request", async (port) => {
  using client = await connect(port);
  await send(client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(10));
  const text = await read(client);
  const answers = text.split("HTTP/1.1 200").length - 1;
  assertEquals(answers, 3, text);
});

test("serveHttp() refuses long headers and bodies", async (port) => {
  using long = await connect(port);
  await send(long, `GET / HTTP/1.1\r\nhost: a\r\nx: ${"y".repeat(10_000)}\r\n\r\n`);
  assert(!(await read(long)).includes(" 200 "));
  using body = await connect(port);
  await send(body, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello");
  assert((await read(body)).startsWith("HTTP/1.1 413 "));
  using chunked = await connect(port);
  await send(chunked, "POST / HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n");
  assert((await read(chunked)).startsWith("HTTP/1.1 413 "));
});

test("serveHttp() makes room for a new client at the expense of the one that waits longest", async (port) => {
  const crowd: Deno.Conn[] = [];
  for (let count = 0; count < 10; count++) crowd.push(await connect(port));
  using client = await connect(port);
  await send(client, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  assert((await read(client)).startsWith("HTTP/1.1 200 "));
  crowd.forEach((conn) => conn.close());
});

test("serveHttp() answers a client that came just before a crowd, and ends one that had its answer", async (port) => {
  using served = await connect(port);
  await send(served, REQUEST);
  await served.read(new Uint8Array(65_536));
  using client = await connect(port);
  const crowd: Deno.Conn[] = [];
  for (let count = 0; count < 5; count++) crowd.push(await connect(port));
  // The last one is answered, so all have been accepted.
  await send(crowd.at(-1)!, REQUEST);
  assert(await crowd.at(-1)!.read(new Uint8Array(65_536)) !== null);
  await send(client, REQUEST);
  assert((await read(client)).startsWith("HTTP/1.1 200 "));
  await send(served, REQUEST).catch(() => {});
  assert(!(await read(served)).includes("HTTP/1.1"));
  crowd.forEach((conn) => conn.close());
});

test("serveHttp() ends the longest of a crowd that is too large, however new it is", async (port) => {
  const crowd: Deno.Conn[] = [];
  for (let count = 0; count < 9; count++) crowd.push(await connect(port));
  const began = performance.now();
  await read(crowd[0]!);
  assert(performance.now() - began < LIMITS.fairTime);
  crowd.forEach((conn) => conn.close());
});

test("serveHttp() answers 500 if the answer fails, and ends the connection", async (port) => {
  using client = await connect(port);
  await send(client, "GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(2));
  const text = await read(client);
  assert(text.startsWith("HTTP/1.1 500 "), text);
  assertEquals(text.match(/^connection: close\r$/gim)?.length, 1, text);
  assertEquals(text.match(/^HTTP/gm)?.length, 1, text);
}, () => Promise.reject(new Error("a fault")));

test("serveHttp() refuses a request with two hosts, and another version", async (port) => {
  for (const head of ["GET / HTTP/1.1\r\nhost: a\r\nHost: b", "GET / HTTP/2.0\r\nhost: a"]) {
    using client = await connect(port);
    await send(client, `${head}\r\n\r\n`);
    const text = await read(client);
    assert(text.startsWith("HTTP/1.1 400 "), text);
  }
});

test("serveHttp() answers at once after a crowd that has reset before it was accepted", async (port) => {
  for (let count = 0; count < 50; count++) {
    const conn = await connect(port);
    resetConnection(conn);
    conn.close();
  }
  using client = await connect(port);
  await send(client, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
  assert((await read(client)).startsWith("HTTP/1.1 200 "));
});

for (const kind of ["TCP", "a unix socket"]) {
  Deno.test({
    name: `serveHttp() answers on ${kind} however many have asked before`,
    ignore: kind !== "TCP" && Deno.build.os === "windows",
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
      const place = { path: `${folder}/s` };
      const { network } = createRuntime({ workerArguments: [] });
      const server = await network.serveHttp({
        address: kind === "TCP" ? { host: "127.0.0.1", port: 0 } : place,
        limits: { ...LIMITS, connections: 32, burst: 256 },
        answer: () => Promise.resolve({ status: 200, headers: {}, body: "here" }),
      });
      const { address } = server;
      const ask = async () => {
        using conn = "path" in address
          ? await Deno.connect({ transport: "unix", path: address.path })
          : await connect(address.port);
        await send(conn, "GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        return await read(conn);
      };
      try {
        // Deno 2.4 queues no more than 512 for its server of unix sockets, in all its life.
        for (let count = 0; count < 600; count++) {
          const text = await within(5_000, `answer ${count}`, ask());
          assert(text.endsWith("here"), text);
        }
      } finally {
        await server.close();
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
