/**
 * `terminate()` inside a program: what it serves, tells and counts, and how it ends.
 *
 * @alone The sockets of this process are counted.
 */

import { Buffer } from "node:buffer";
import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import {
  type ConnectionReport,
  StartupError,
  terminate,
  type Terminator,
  UsageError,
} from "../../mod.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { Backend, closeQuietly, echo } from "../support/backend.ts";
import { pemFile, temporaryPem } from "../support/certificates.ts";
import { openSockets, socketsBackTo } from "../support/descriptors.ts";
import { eventually, within } from "../support/eventually.ts";
import { exchange, freePort, isRefused } from "../support/ports.ts";
import { decodeProxyV2 } from "../support/proxy_v2_decoder.ts";
import { failHandshake } from "../support/serving.ts";
import { connectTls, echoOnce, receive, receiveText } from "../support/tls_client.ts";
import { runTool } from "../support/tool_process.ts";
import { testWith } from "../support/tools.ts";

/** A test that leaves neither timers nor sockets behind. (The C library stays open, and may.) */
function test(name: string, fn: () => Promise<void>): void {
  const body = async () => {
    if (Deno.build.os !== "linux") return await fn();
    const before = openSockets(Deno.pid);
    await fn();
    await socketsBackTo(before, Deno.pid);
  };
  Deno.test({ name, fn: body, sanitizeOps: true, sanitizeResources: false });
}

const port = (proxy: Terminator) => proxy.addresses[0]!.port;

test("terminate() serves with PEM text and returns the addresses", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const proxy = await terminate({
    frontend: "127.0.0.1,0",
    backend: backend.address,
    pem: pem.text,
  });
  try {
    assertEquals(proxy.addresses.length, 1);
    assertEquals(proxy.addresses[0]!.host, "127.0.0.1");
    assert(port(proxy) > 0);
    await echoOnce(port(proxy), pem);
  } finally {
    await proxy.close();
  }
  assertEquals(await isRefused(port(proxy)), true);
});

test("terminate() serves with PEM that comes as bytes", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const { buffer } = new TextEncoder().encode(`  ${pem.text}`);
  for (const bytes of [Buffer.from(pem.text), new Uint8Array(buffer, 2)]) {
    const options = { frontend: "127.0.0.1,0", backend: backend.address, pem: bytes };
    const proxy = await terminate(options);
    bytes.fill(0);
    try {
      await echoOnce(port(proxy), pem);
    } finally {
      await proxy.close();
    }
  }
});

test("terminate() refuses what JavaScript lets through, before it listens", async () => {
  using pem = await temporaryPem();
  const free = freePort();
  const options = { frontend: `127.0.0.1,${free}`, pem: pem.text };
  const untyped = terminate as unknown as (options?: unknown) => Promise<Terminator>;
  for (const nothing of [undefined, null, "cert.pem", [], Promise.resolve(options)]) {
    await assertRejects(() => untyped(nothing), TypeError, "terminate(): expected an object");
  }
  const refused = [{ bakcend: "127.0.0.1,1" }, { backend: 8000 }, { signal: AbortSignal.abort() }];
  for (const more of refused) {
    const [name] = Object.keys(more);
    await assertRejects(() => untyped({ ...options, ...more }), UsageError, `${name}: `);
  }
  assertEquals(await isRefused(free), true);
});

test("close() refuses what JavaScript lets through, and the proxy serves on", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const options = { frontend: "127.0.0.1,0", backend: backend.address, pem: pem.text };
  const proxy = await terminate(options);
  try {
    const close = proxy.close as unknown as (options: unknown) => Promise<void>;
    for (const drainTimeout of ["1", NaN, -1, Infinity, null]) {
      await assertRejects(() => close({ drainTimeout }), TypeError, "drainTimeout: expected");
    }
    await assertRejects(() => close({ drainTimout: 1 }), TypeError, "did you mean drainTimeout?");
    await assertRejects(() => close(5), TypeError, "close(): expected nothing or");
    await echoOnce(port(proxy), pem);
  } finally {
    await proxy.close({ drainTimeout: undefined });
  }
});

test("terminate() reports each connection when it has ended", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const ended: ConnectionReport[] = [];
  const proxy = await terminate({
    frontend: "127.0.0.1,0",
    backend: backend.address,
    pem: pem.text,
    onConnection(connection) {
      ended.push(connection);
      // Nobody waits for it, and nobody has to.
      return Promise.reject(new Error("the program's own fault"));
    },
  });
  try {
    await echoOnce(port(proxy), pem, "hello");
    await failHandshake(port(proxy));
    await eventually("two reports", () => ended.length === 2);
    assertEquals(ended.map(({ end, by }) => [end, by]), [
      ...[["orderly", undefined], ["handshake-failed", "client"]],
    ]);
    assertEquals([ended[0]!.bytesToBackend, ended[0]!.bytesToClient], [5, 5]);
  } finally {
    await proxy.close();
  }
});

test("terminate() serves a frontend's own certificate", async () => {
  await using backend = Backend.serve(echo);
  using general = await temporaryPem();
  using own = pemFile(await makeSelfSigned("localhost", new Date()));
  const proxy = await terminate({
    frontend: ["127.0.0.1,0", `127.0.0.1,0+${own.path}`],
    backend: backend.address,
    pemFile: general.path,
  });
  try {
    const [first, second] = proxy.addresses.map(({ port }) => port);
    await echoOnce(first!, general);
    await echoOnce(second!, own);
  } finally {
    await proxy.close();
  }
});

test("terminate() takes plaintext in and speaks TLS to a backend that it verifies", async () => {
  using pem = await temporaryPem();
  const key = pem.text.slice(pem.certificate.length);
  for (const backendName of ["localhost", "other.example"]) {
    await using backend = Backend.listenTls({ certificate: pem.certificate, key });
    const proxy = await terminate({
      ...{ client: true, frontend: "127.0.0.1,0", backend: backend.address, backendName },
      ...{ backendCa: pem.path, tlsLibrary: "openssl" },
    });
    try {
      const accepting = backend.accept();
      using client = await Deno.connect({ hostname: "127.0.0.1", port: port(proxy) });
      const peer = await accepting as Deno.TlsConn;
      await peer.handshake().catch(() => {});
      await peer.write(new TextEncoder().encode("hello")).catch(() => {});
      peer.close();
      const { text } = await receive(client);
      assertEquals(text, backendName === "localhost" ? "hello" : "");
      await client.closeWrite().catch(() => {});
    } finally {
      await proxy.close();
    }
  }
});

test("terminate() does not let rustls trust the authorities of the program beside backendCa", async () => {
  await assertRejects(
    () => terminate({ client: true, frontend: "127.0.0.1,0", backendCa: "/ca.pem" }),
    UsageError,
    'add tlsLibrary: "openssl"',
  );
});

test("terminate() does by OpenSSL what rustls cannot do", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  for (let round = 0; round < 3; round++) {
    const proxy = await terminate({
      frontend: "127.0.0.1,0",
      backend: backend.address,
      pem: pem.text,
      tlsProtocols: ["TLSv1.3"],
      alpnProtocols: ["h2", "http/1.1"],
    });
    try {
      const conn = await Deno.connectTls({
        hostname: "127.0.0.1",
        port: port(proxy),
        caCerts: [pem.certificate],
        alpnProtocols: ["http/1.1"],
      });
      assertEquals((await conn.handshake()).alpnProtocol, "http/1.1");
      conn.close();
    } finally {
      await proxy.close();
    }
  }
  const refused = { frontend: "127.0.0.1,0", pem: pem.text, ciphers: "NONE-SUCH" };
  await assertRejects(() => terminate(refused), StartupError, "no cipher match");
});

test("terminate() serves with a PEM file, or a certificate of its own, on several frontends", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const proxy = await terminate({
    frontend: ["127.0.0.1,0", "[127.0.0.1]:0"],
    backend: backend.address,
    pemFile: pem.path,
  });
  try {
    assertEquals(new Set(proxy.addresses.map((address) => address.port)).size, 2);
    for (const address of proxy.addresses) await echoOnce(address.port, pem);
  } finally {
    await proxy.close();
  }
  const own = await terminate({ frontend: "127.0.0.1,0", selfSigned: "tls.example" });
  const refusal = await connectTls(port(own), pem).then((conn) => conn.close(), String);
  await own.close();
  assert(refusal !== undefined, "the certificate must be another one");
});

test("terminate() sends the preface that it is asked for", async () => {
  await using backend = Backend.listen();
  using pem = await temporaryPem();
  const options = { frontend: "127.0.0.1,0", backend: backend.address, pem: pem.text };
  const proxy = await terminate({ ...options, preface: "proxy-v1" });
  try {
    const accepted = backend.accept();
    using client = await connectTls(port(proxy), pem);
    const own = (client.localAddr as Deno.NetAddr).port;
    const line = `PROXY TCP4 127.0.0.1 127.0.0.1 ${own} ${port(proxy)}\r\n`;
    assertEquals(await receiveText(await accepted, line.length), line);
  } finally {
    await proxy.close({ drainTimeout: 0 });
  }
});

test("terminate() sends a PROXY header of version 2 with what it is to tell", async () => {
  await using backend = Backend.listen();
  using pem = await temporaryPem();
  const options = { frontend: "127.0.0.1,0", backend: backend.address, pem: pem.text };
  for (const proxyTlv of [true, false]) {
    const proxy = await terminate({ ...options, preface: "proxy-v2", proxyTlv });
    try {
      const accepted = backend.accept();
      using _client = await connectTls(port(proxy), pem);
      const octets = new Uint8Array(1_000);
      const count = await (await accepted).read(octets);
      const { destination, ssl } = decodeProxyV2(octets.subarray(0, count!));
      assertEquals([destination, ssl?.flags], [
        `127.0.0.1 ${port(proxy)}`,
        proxyTlv ? 1 : undefined,
      ]);
    } finally {
      await proxy.close({ drainTimeout: 0 });
    }
  }
  await assertRejects(
    () => terminate({ ...options, proxyClientCert: true }),
    UsageError,
    'has no effect without preface: "proxy-v2"',
  );
});

test("counters are a copy that tells connections, failures and bytes", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const proxy = await terminate({
    frontend: "127.0.0.1,0",
    backend: backend.address,
    pem: pem.text,
  });
  try {
    const before = proxy.counters;
    await echoOnce(port(proxy), pem, "hello");
    using held = await connectTls(port(proxy), pem);
    await exchange(held);
    await failHandshake(port(proxy));
    await eventually("one connection is left", () => proxy.counters.active === 1);
    const { accepted, handshakesFailed, bytesToBackend, bytesToClient } = proxy.counters;
    assertEquals([accepted, handshakesFailed], [3, 1]);
    assertEquals([bytesToBackend, bytesToClient], [5, 5]);
    assertEquals(before.accepted, 0);
  } finally {
    await proxy.close({ drainTimeout: 0 });
  }
  assertEquals(proxy.counters.active, 0);
});

test("metrics() and status() tell what the proxy has counted", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const proxy = await terminate({
    frontend: "127.0.0.1,0",
    backend: backend.address,
    pem: pem.text,
  });
  try {
    const frontend = `127.0.0.1:${port(proxy)}`;
    await echoOnce(port(proxy), pem, "hello");
    await failHandshake(port(proxy));
    await eventually("both have ended", () => proxy.status().totals.active === 0);
    const { state, totals, frontends, backends, certificates } = proxy.status();
    assertEquals([state, totals.accepted, totals.handshakesFailed], ["serving", 2, 1]);
    assertEquals(frontends.map(({ name, accepted }) => [name, accepted]), [[frontend, 2]]);
    assertEquals(backends.map(({ connects }) => connects), [1]);
    assertEquals(certificates.map(({ names }) => names), [["localhost"]]);
    const lines = proxy.metrics().split("\n");
    assert(lines.includes(`stud_connections_accepted_total{frontend="${frontend}"} 2`));
    assert(proxy.metrics("openmetrics").endsWith("# EOF\n"));
  } finally {
    await proxy.close({ drainTimeout: 0 });
  }
  assertEquals(proxy.status().state, "draining");
});

test("a backend that is not there is counted, and the client's end is not a clean one", async () => {
  using pem = await temporaryPem();
  const backend = `127.0.0.1,${freePort()}`;
  const proxy = await terminate({ frontend: "127.0.0.1,0", backend, pem: pem.text });
  try {
    using client = await connectTls(port(proxy), pem);
    const { end } = await receive(client);
    assert(end !== "clean");
    await eventually("it is counted", () => proxy.counters.backendsFailed === 1);
  } finally {
    await proxy.close();
  }
});

test("close() lets a client finish and refuses new ones meanwhile", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const proxy = await terminate({
    frontend: "127.0.0.1,0",
    backend: backend.address,
    pem: pem.text,
  });
  using client = await connectTls(port(proxy), pem);
  await exchange(client);
  let closed = false;
  const closing = proxy.close().then(() => closed = true);
  await eventually("nobody listens", () => isRefused(port(proxy)));
  await exchange(client, "still here");
  assertEquals(closed, false);
  await client.closeWrite();
  assertEquals((await receive(client)).end, "clean");
  await within(10_000, "the close", closing);
});

test("close() resets a client at its deadline, and a second, shorter one wins", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const options = { frontend: "127.0.0.1,0", backend: backend.address, pem: pem.text };
  for (const first of [{ drainTimeout: 0.2 }, { drainTimeout: 60 }]) {
    const proxy = await terminate(options);
    using client = await connectTls(port(proxy), pem);
    await exchange(client);
    const closing = proxy.close(first);
    if (first.drainTimeout > 1) await within(10_000, "the hurry", proxy.close({ drainTimeout: 0 }));
    await within(10_000, "the close", closing);
    const { end } = await receive(client);
    assert(end !== "clean");
  }
});

test("what makes no sense rejects with UsageError, and what this machine refuses with StartupError", async () => {
  using pem = await temporaryPem();
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const inUse = `127.0.0.1,${(taken.addr as Deno.NetAddr).port}`;
  const { pem: text, frontend } = { pem: pem.text, frontend: "127.0.0.1,0" };
  await assertRejects(() => terminate({ frontend }), UsageError, "no certificate: give pem (");
  await assertRejects(() => terminate({ pem: text, pemFile: pem.path }), UsageError, "exclude");
  const rules = { pem: text, clientVerify: "required", clientVerifyCa: pem.path } as const;
  for (const names of [{ allowCn: [] }, { allowSan: [] }]) {
    await assertRejects(() => terminate({ ...rules, ...names }), UsageError, "allow every client");
  }
  await assertRejects(
    () => terminate({ pem: text, clientVerifyCa: pem.path }),
    UsageError,
    'clientVerifyCa "',
  );
  await assertRejects(
    () => terminate({ pem: text, allowCn: "a" }),
    UsageError,
    'allowCn: "a" needs',
  );
  await assertRejects(() => terminate({ pem: text, selfSigned: "a" }), UsageError, "exclude");
  await assertRejects(() => terminate({ pem: text, frontend: "no port" }), UsageError, "frontend");
  await assertRejects(() => terminate({ pem: text, keepalive: 0 }), UsageError, "keepalive");
  await assertRejects(() => terminate({ pem: "", frontend }), TypeError, "pem: expected PEM");
  const cut = text.slice(0, 200);
  await assertRejects(() => terminate({ pem: cut, frontend }), StartupError, "pem: ");
  await assertRejects(() => terminate({ pemFile: "/no/such" }), StartupError, "/no/such: no such");
  await assertRejects(() => terminate({ pem: text, frontend: inUse }), StartupError, "in use");
  // Of two frontends the second is taken: the first must not stay open.
  const free = freePort();
  const both = [`127.0.0.1,${free}`, inUse];
  await assertRejects(() => terminate({ pem: text, frontend: both }), StartupError, "in use");
  assertEquals(await isRefused(free), true);
});

test("a program that has closed its proxy ends by itself", async () => {
  using pem = await temporaryPem();
  using program = pemFile(`
    import { terminate } from ${JSON.stringify(new URL("../../mod.ts", import.meta.url).href)};
    const backend = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const accepted = backend.accept();
    const pem = await Deno.readTextFile(${JSON.stringify(pem.path)});
    const proxy = await terminate({
      frontend: "127.0.0.1,0", backend: "127.0.0.1," + backend.addr.port, pem,
    });
    const { port } = proxy.addresses[0];
    const plain = await Deno.connect({ hostname: "127.0.0.1", port });
    await plain.write(new TextEncoder().encode("not TLS, which starts a window of the log"));
    await plain.read(new Uint8Array(100)).catch(() => {});
    plain.close();
    const client = await Deno.connectTls({ hostname: "127.0.0.1", port, caCerts: [pem] });
    await client.handshake();
    const other = await accepted;
    client.close(); other.close(); backend.close();
    await proxy.close();
    console.log("closed", proxy.counters.accepted);
    // It keeps nothing alive itself, so it is called only where something else does.
    Deno.unrefTimer(setTimeout(() => console.log("lived on"), 3_000));
  `);
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--ext=js", `--config=${config}`, program.path],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  const [text, errors, { code }] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.status,
  ]);
  clearTimeout(timer);
  assertEquals(code, 0, `${text}\n${errors}`);
  assertEquals(text, "closed 2\n");
});

test("terminate() limits connections, in general and for one frontend", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const proxy = await terminate({
    frontend: ["127.0.0.1,0", { address: "127.0.0.1,0", maxConnectionsPerClient: 1 }],
    backend: backend.address,
    pemFile: pem.path,
    maxConnectionsPerClient: 2,
  });
  const clients: Deno.TlsConn[] = [];
  try {
    const [general, limited] = proxy.addresses.map(({ port }) => port);
    const connect = async (port: number) => void clients.push(await connectTls(port, pem));
    await connect(limited!);
    await assertRejects(() => connect(limited!));
    await connect(general!);
    await assertRejects(() => connect(general!));
    assertEquals([proxy.counters.active, proxy.counters.refused], [2, 2]);
  } finally {
    clients.forEach(closeQuietly);
    await proxy.close({ drainTimeout: 0 });
  }
});

// OpenSSL stays open for as long as the process lives.
const NEEDS = { linux: true, tools: ["openssl"], keepsResources: true };

testWith(
  NEEDS,
  "terminate() takes OpenSSL for a certificate that rustls cannot serve",
  async () => {
    await using backend = Backend.serve(echo);
    const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
    try {
      const [key, certificate] = [`${folder}/key`, `${folder}/certificate`];
      await runTool("openssl", [
        ...["req", "-x509", "-newkey", "rsa-pss", "-nodes", "-days", "9", "-subj", "/CN=localhost"],
        ...["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-keyout", key],
        ...["-out", certificate],
      ]);
      const pem = await Deno.readTextFile(certificate) + await Deno.readTextFile(key);
      const options = { frontend: "127.0.0.1,0", backend: backend.address, pem };
      const proxy = await terminate(options);
      const shown = await runTool("openssl", [
        ...["s_client", "-brief", "-connect", `127.0.0.1:${port(proxy)}`, "-CAfile", certificate],
      ]);
      assertStringIncludes(shown.stderr, "CONNECTION ESTABLISHED");
      await proxy.close();
      await assertRejects(
        () => terminate({ ...options, tlsLibrary: "rustls" }),
        StartupError,
        "pem: rustls cannot serve this certificate and key: its key is for RSA-PSS only; on Linux ",
      );
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
);
