/** Routes, access and limits of the status server, without sockets. */

import { StatusServer } from "../../../src/status/server.ts";
import type { StatusSource } from "../../../src/status/source.ts";
import type {
  HttpServer,
  HttpServerAnswer,
  HttpServerOptions,
} from "../../../src/runtime/runtime.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { ManualClock, settled } from "../../support/manual_clock.ts";

async function bench({ path, names }: { path?: string; names?: readonly string[] } = {}) {
  const clock = new ManualClock();
  const calls: string[] = [];
  const asked = (name: string) => {
    calls.push(name);
    return Promise.resolve({} as never);
  };
  let options!: HttpServerOptions;
  const source: StatusSource = {
    status: () => (calls.push("status"), Promise.resolve({ certificates: [] } as never)),
    families: () => (calls.push("families"), Promise.resolve([])),
    unready: undefined,
    connections: () => asked("connections"),
    reload: () => asked("reload"),
    drain: () => (calls.push("drain"), true),
    reopen: () => asked("reopen"),
    setLogLevel: (level) => asked(`level ${level}`),
    trace: (cidr, seconds) => asked(`trace ${cidr} for ${seconds} s`),
    disconnect: () => asked("disconnect"),
  };
  await StatusServer.open({
    address: path === undefined ? { host: "127.0.0.1", port: 1 } : { path },
    names: names ?? [],
    platform: {
      clock,
      network: {
        serveHttp(given): Promise<HttpServer> {
          options = given;
          return Promise.resolve({
            address: given.address,
            isThere: () => Promise.resolve(true),
            close: () => Promise.resolve(),
          });
        },
      },
    },
    source,
  });
  const ask = (
    target: string,
    method = "GET",
    headers: Record<string, string> = { host: "127.0.0.1" },
  ): Promise<HttpServerAnswer> =>
    options.answer({ method, target, header: (name) => headers[name] });
  return { ask, calls, clock };
}

Deno.test("on TCP, a Host that is a name of somebody's is refused, and so is another Origin", async () => {
  const { ask } = await bench({ names: ["stud.example"] });
  const status = async (headers: Record<string, string>) =>
    (await ask("/healthz", "GET", headers)).status;
  for (const host of ["127.0.0.1:9", "[::1]:9", "localhost", "LOCALHOST:1", "stud.example:9"]) {
    assertEquals(await status({ host }), 200, host);
  }
  for (const host of ["evil.example", "localhost.evil.example", "", "127.0.0.1.evil.example:9"]) {
    assertEquals(await status({ host }), 403, host);
  }
  assertEquals(await status({}), 200, "HTTP/1.0 has no Host");
  assertEquals(await status({ host: "localhost:9", origin: "http://localhost:9" }), 200);
  assertEquals(await status({ host: "localhost:9", origin: "http://localhost:8" }), 403);
  assertEquals(await status({ host: "localhost:9", origin: "null" }), 403);
});

Deno.test("what changes something is served on unix sockets only", async () => {
  const [tcp, unix] = [await bench(), await bench({ path: "/s" })];
  for (
    const path of [
      "/reload",
      "/drain",
      "/reopen",
      "/log-level?level=info",
      "/trace?cidr=::1",
      "/disconnect?all=yes",
    ]
  ) {
    assertEquals((await tcp.ask(path, "POST")).status, 403);
    assertEquals((await unix.ask(path, "GET")).status, 405);
    assertEquals((await unix.ask(path, "POST", {})).status, 200, path);
  }
  assertEquals(tcp.calls, []);
  assertEquals(unix.calls, [
    "reload",
    "drain",
    "reopen",
    "level info",
    "trace ::1 for 600 s",
    "disconnect",
  ]);
});

Deno.test("/disconnect without a filter disconnects nobody", async () => {
  for (const target of ["/disconnect", "/disconnect?all=no", "/disconnect?clinet=1.2.3.4"]) {
    const { ask, calls } = await bench({ path: "/s" });
    assertEquals((await ask(target, "POST")).status, 400, target);
    assertEquals(calls, []);
  }
});

Deno.test("answers are not stored, guessed or embedded", async () => {
  const { ask } = await bench();
  for (const target of ["/healthz", "/status", "/metrics", "/nothing"]) {
    const { headers } = await ask(target);
    assertEquals(headers["cache-control"], "no-store");
    assertEquals(headers["x-content-type-options"], "nosniff");
    assert(headers["content-security-policy"]?.includes("frame-ancestors 'none'"));
  }
});

Deno.test("requests of one moment share an answer", async () => {
  const { ask, calls, clock } = await bench();
  await Promise.all(Array.from({ length: 10 }, () => ask("/status")));
  assertEquals(calls, ["status"]);
  await clock.advance(1_000);
  await ask("/status");
  assertEquals(calls, ["status", "status"]);
  const om = { host: "localhost", accept: "application/openmetrics-text" };
  const [plain, open] = [await ask("/metrics"), await ask("/metrics", "GET", om)];
  assert(plain.headers["content-type"] !== open.headers["content-type"]);
});

Deno.test("a flood waits, and is refused once too many wait", async () => {
  const { ask, clock } = await bench();
  const answers: HttpServerAnswer[] = [];
  for (let count = 0; count < 300; count++) {
    void ask("/nothing").then((answer) => answers.push(answer));
  }
  await settled();
  const of = (status: number) => answers.filter((answer) => answer.status === status).length;
  assertEquals([of(404), of(503)], [100, 136]);
  assertEquals((await ask("/readyz")).status, 200, "probes do not wait with others");
  await clock.advance(1_000);
  assertEquals(of(404), 150);
  await clock.advance(1_000);
  assertEquals([of(404), of(503)], [164, 136]);
});

Deno.test("a flood of probes is answered at a limited rate", async () => {
  const { ask, clock } = await bench();
  let answered = 0;
  for (let count = 0; count < 2_300; count++) {
    void ask(count % 2 === 0 ? "/healthz" : "/readyz?").then(({ status }) => {
      if (status === 200) answered++;
    });
  }
  await settled();
  assertEquals(answered, 2_000);
  await clock.advance(100);
  assertEquals(answered, 2_200);
  await clock.advance(100);
  assertEquals(answered, 2_300);
});

Deno.test("workers are asked one question at a time", async () => {
  const { ask, calls, clock } = await bench();
  const all = Array.from({ length: 20 }, () => ask("/connections"));
  await settled();
  assertEquals(calls.length, 1);
  await clock.advance(10_000);
  const statuses = (await Promise.all(all)).map(({ status }) => status);
  assertEquals(statuses.filter((status) => status === 200).length, 8);
  assertEquals(statuses.filter((status) => status === 503).length, 12);
});
