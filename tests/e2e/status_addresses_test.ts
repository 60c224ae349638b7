/** Where `--status` is served: whose socket it is, what is refused, and what a reload and a takeover do with it. */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { startErrorInProcess } from "../support/start_error.ts";
import { ask, socketPlace, statusOf, testStatus } from "../support/status_client.ts";
import { runStud, Stud } from "../support/stud.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

/** A stud whose configuration file names the address, which a test leaves as it was. */
const shared = new Shared(async () => {
  const place = socketPlace();
  const folder = new Folder();
  const file = folder.write("stud.conf", `status = "${place.path}"\n`);
  const configure = (line: string) => Deno.writeTextFile(file, `${line}\n`);
  const site = await Site.startEcho(["--config", file]);
  return {
    ...{ site, place, configure },
    forget: () => site.forget(),
    settle: () => site.settle(),
    [Symbol.asyncDispose]: async () => {
      await site[Symbol.asyncDispose]();
      place[Symbol.dispose]();
      folder[Symbol.dispose]();
    },
  };
});

testStatus("the socket is its owner's, a stale one is replaced, a live one is not", async () => {
  using place = socketPlace();
  const args = ["--status", place.path];
  {
    await using site = await Site.startEcho(args);
    assertEquals(Deno.statSync(place.path).mode! & 0o777, 0o600);
    assertEquals([...Deno.readDirSync(place.folder)].map(({ name }) => name), ["status.sock"]);
    const { code, stderr } = await runStud(["-f", "127.0.0.1,0", ...args, site.pem.path]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, `${place.path}: another process listens there`);
    site.stud.signal("SIGKILL");
    await site.stud.ended();
    assertEquals(Deno.statSync(place.path).isSocket, true);
  }
  await using _ = await Site.startEcho(args);
  assertEquals((await ask(place, "/healthz")).status, 200);
});

const IN_PROCESS = { linux: true, keepsResources: true };

testWith(IN_PROCESS, "anything else at the path stays, and stud does not start", async () => {
  using place = socketPlace();
  await Deno.writeTextFile(place.path, "precious");
  const line = await startErrorInProcess(["--self-signed=localhost", "--status", place.path]);
  assertStringIncludes(line, "it exists and is not a socket");
  assertEquals(await Deno.readTextFile(place.path), "precious");
});

testWith(IN_PROCESS, "other machines may read it only with --status-public", async () => {
  const args = ["--self-signed=localhost", "-f", "127.0.0.1,0", "-t"];
  for (const address of ["0.0.0.0,0", "*,0", "[::]:0", "192.0.2.1,80"]) {
    const { code, stderr } = await runInProcess([...args, "--status", address]);
    assertEquals(code, 1);
    assertStringIncludes(stderr, "other machines could read it");
  }
  assertStringIncludes(
    (await runInProcess([...args, "--status-public"])).stderr,
    "has no effect without --status",
  );
  assertEquals((await runInProcess([...args, "--status", "*,0", "--status-public"])).code, 0);
});

testWith(IN_PROCESS, "the port must be free", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr as Deno.NetAddr;
  const args = ["--self-signed=localhost", "-f", "127.0.0.1,0"];
  const line = await startErrorInProcess([...args, "--status", `127.0.0.1,${port}`]);
  assertStringIncludes(line, `--status: cannot listen on 127.0.0.1:${port}: the port is in use`);
});

testStatus("on TCP a web page can neither read nor change anything", async () => {
  const port = freePort();
  await using site = await Site.startEcho(["--status", `127.0.0.1,${port}`]);
  const place = { port };
  for (const host of [`127.0.0.1:${port}`, "localhost", `[::1]:${port}`]) {
    assertEquals((await ask(place, "/status", { headers: [`host: ${host}`] })).status, 200);
  }
  // A name of somebody's that now leads to 127.0.0.1.
  assertEquals((await ask(place, "/status", { headers: ["host: evil.example"] })).status, 403);
  const headers = ["host: localhost", "origin: http://evil.example"];
  assertEquals((await ask(place, "/status", { headers })).status, 403);
  for (const path of ["/reload", "/drain", "/reopen", "/log-level", "/disconnect"]) {
    assertEquals((await ask(place, path, { method: "POST" })).status, 403);
  }
  assertEquals((await ask(place, "/nothing")).status, 404);
  assertEquals((await ask(place, "/status", { method: "PUT" })).status, 405);
  assertEquals((await ask(place, "/status", { method: "HEAD" })).body, "");
  await site.echoOnce();
});

shared.test(
  { linux: true },
  "a reload moves it, switches it on and off, and keeps it if it fails",
  async ({ site, place, configure }) => {
    const other = { path: `${place.folder}/other.sock` };
    const reload = async (line: string, seen: RegExp) => {
      await configure(line);
      const before = site.stud.stdout.length + site.stud.stderr.length;
      site.stud.signal("SIGHUP");
      await eventually(
        `a reload to ${line}`,
        () =>
          seen.test(site.stud.stdout + site.stud.stderr) &&
          site.stud.stdout.length + site.stud.stderr.length > before,
      );
    };
    const answers = (where: { path: string }) =>
      ask(where, "/healthz").then(({ status }) => status === 200, () => false);
    await eventually("the first address", () => answers(place));
    await reload(`status = "${other.path}"`, /status is served on \S+other\.sock/);
    await eventually("the second address", () => answers(other));
    await eventually("the first to go", async () => !await answers(place));
    await reload('status = "/nonexistent/x.sock"', /no such directory/);
    assertEquals(await answers(other), true);
    assertEquals((await statusOf(other)).reloads[0]!.outcome, "failed");
    await configure("");
    site.stud.signal("SIGHUP");
    await eventually("the second to go", async () => !await answers(other));
    await site.echoOnce();
    await reload(`status = "${place.path}"`, /status is served on \S+status\.sock/);
    await eventually("the first address again", () => answers(place));
  },
);

shared.test(
  { linux: true },
  "SIGHUP makes a socket again that was removed, and takes away none",
  async ({ site, place }) => {
    const before = (await statusOf(place)).reloads.length;
    const answers = () => ask(place, "/healthz").then(({ status }) => status === 200, () => false);
    Deno.removeSync(place.path);
    assertEquals(await answers(), false);
    site.stud.signal("SIGHUP");
    await site.stud.output(
      /status\.sock: this socket was removed or replaced; status is served on/,
    );
    assertEquals(await answers(), true);
    assertEquals(Deno.statSync(place.path).mode! & 0o777, 0o600);
    Deno.removeSync(place.path);
    {
      using _ = Deno.listen({ transport: "unix", path: place.path });
      const { ino } = Deno.statSync(place.path);
      site.stud.signal("SIGHUP");
      await site.stud.output(/--status: cannot listen on \S+: another process listens there/);
      assertEquals(Deno.statSync(place.path).ino, ino);
    }
    await Deno.remove(place.path).catch(() => {});
    await Deno.writeTextFile(place.path, "precious");
    site.stud.signal("SIGHUP");
    await site.stud.output(/--status: cannot listen on \S+: it exists and is not a socket/);
    assertEquals(await Deno.readTextFile(place.path), "precious");
    await Deno.remove(place.path);
    site.stud.signal("SIGHUP");
    await eventually("an answer", answers);
    assertEquals([...Deno.readDirSync(place.folder)].map(({ name }) => name), ["status.sock"]);
    const { reloads } = await statusOf(place);
    const own = reloads.slice(0, reloads.length - before);
    assertEquals(own.filter(({ outcome }) => outcome !== "unchanged"), []);
  },
);

testStatus("a stud that takes over gets the address", async () => {
  using place = socketPlace();
  const status = ["--status", place.path];
  await using site = await Site.startEcho(status);
  const { port, pem, backend, stud: former } = site;
  using _ = await site.connect();
  const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, ...status, pem.path];
  await using successor = await Stud.start(["--takeover", String(former.pid), ...args]);
  await eventually("the successor to answer", async () => {
    const answer = await statusOf(place).catch(() => undefined);
    return answer?.pid === successor.pid && answer.ready;
  });
  former.signal("SIGKILL");
  await former.ended();
  assertEquals((await statusOf(place)).pid, successor.pid);
}, { notOnNode: true });
