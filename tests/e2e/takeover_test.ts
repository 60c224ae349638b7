/** A new stud takes the place of a running one, and no client notices. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { eventually, pause } from "../support/eventually.ts";
import { exchange, freePort } from "../support/ports.ts";
import { isAlive } from "../support/proc.ts";
import { startErrorInProcess } from "../support/start_error.ts";
import { runStud, Stud } from "../support/stud.ts";
import { Site } from "../support/site.ts";
import { echoOnce, receive } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { linux: true, notOnNode: true };
/** In the test's process the command keeps the C library open. */
const IN_PROCESS = { ...NEEDS, keepsResources: true };

testWith(
  NEEDS,
  "--takeover serves the same address, has the pidfile, and drains the other stud",
  async () => {
    using folder = temporaryFolder();
    const pidFile = `${folder.path}/pid`;
    await using site = await Site.startEcho(["-n", "2", "-p", pidFile]);
    const { port, pem, backend, stud: former } = site;
    using client = await site.connect();
    await exchange(client);
    let failed = 0;
    let served = 0;
    let over = false;
    const clients = Array.from({ length: 3 }, async () => {
      while (!over) {
        await echoOnce(port, pem).then(() => served++, () => failed++);
        await pause(5);
      }
    });
    const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, pem.path];
    await using successor = await Stud.start(["--takeover", pidFile, "-p", pidFile, ...args]);
    await successor.output(/took over from process \d+, which is draining now/);
    // While the former one still drains.
    await eventually(
      "a pidfile of the successor's",
      () => exists(pidFile) && pidIn(pidFile) !== former.pid,
    );
    assertEquals(pidIn(pidFile), successor.pid);
    await exchange(client, "the former one goes on with its clients");
    await client.closeWrite();
    assertEquals((await receive(client)).end, "clean");
    assertEquals((await former.ended(10_000)).code, 0, former.report());
    over = true;
    await Promise.all(clients);
    assertEquals(failed, 0, `of ${served}`);
    assert(served > 0);
    await echoOnce(port, pem);
  },
);

testWith(NEEDS, "with --compat=hitch a takeover drains too, though SIGTERM does not", async () => {
  const hitch = ["--compat=hitch", "-u", Deno.uid() === 0 ? "nobody" : ""];
  await using site = await Site.startEcho(hitch);
  const { port, pem, backend, stud: former } = site;
  using client = await site.connect();
  await exchange(client);
  const args = [...hitch, "-f", `[127.0.0.1]:${port}`, "-b", backend.address, pem.path];
  await using successor = await Stud.start(["--takeover", String(former.pid), ...args]);
  await successor.output(/took over from process \d+/);
  await former.output(/draining: waiting up to 30 s/);
  await exchange(client, "the former one goes on with its clients");
  await client.closeWrite();
  assertEquals((await receive(client)).end, "clean");
  assertEquals((await former.ended(10_000)).code, 0, former.report());
  using other = await site.connect();
  await exchange(other);
  successor.signal("SIGTERM");
  await successor.output(/draining: waiting up to 0 s/);
  assertEquals((await successor.ended(10_000)).code, 0, successor.report());
});

testWith(
  IN_PROCESS,
  "of two takeovers at once one is refused, and no transfer is cut",
  async () => {
    await using site = await Site.startEcho(["-n", "2"]);
    const { port, pem, backend, stud: former } = site;
    using client = await site.connect();
    await exchange(client);
    const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, pem.path];
    const takeover = ["--takeover", String(former.pid), ...args];
    const rivals = [Stud.spawn(takeover), Stud.spawn(takeover)] as const;
    await using one = rivals[0];
    await using other = rivals[1];
    await eventually(
      "one of them to be refused",
      () => rivals.some(({ status }) => status),
      30_000,
    );
    const [refused, successor] = one.status === undefined ? [other, one] : [one, other];
    assertEquals((await refused.ended()).code, 1, refused.report());
    assertStringIncludes(
      refused.stderr,
      `process ${former.pid} is already being replaced by process ${successor.pid}`,
    );
    await successor.output(/took over from process \d+/);
    await former.output(/another stud has taken over/);
    // What an operator's script sends to the one that it knows is the first TERM, not the second.
    former.signal("SIGTERM");
    assertStringIncludes(
      (await runInProcess(takeover)).stderr,
      `is already being replaced by process ${successor.pid}`,
    );
    await exchange(client, "the former one goes on with its clients");
    await client.closeWrite();
    assertEquals((await receive(client)).end, "clean");
    assertEquals((await former.ended(10_000)).code, 0, former.report());
    await echoOnce(port, pem);
  },
);

testWith(
  NEEDS,
  "a stud whose successor is killed before it serves goes on, and is replaced later",
  async () => {
    await using site = await Site.startEcho();
    const { port, pem, backend, stud: former } = site;
    using client = await site.connect();
    await exchange(client);
    const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, pem.path];
    const takeover = ["--takeover", String(former.pid), ...args];
    await using killed = Stud.spawn(takeover);
    await eventually("a worker of it", () => killed.workers().length > 0);
    killed.signal("SIGKILL");
    await killed.ended();
    await site.echoOnce();
    await using successor = await Stud.start(takeover);
    await successor.output(/took over from process \d+/);
    await exchange(client, "the former one goes on with its clients");
    client.close();
    assertEquals((await former.ended()).code, 0, former.report());
  },
);

testWith(IN_PROCESS, "a stale pidfile ends no process and is not changed", async () => {
  using folder = temporaryFolder();
  const pidFile = `${folder.path}/pid`;
  const innocent = new Deno.Command("sleep", { args: ["60"] }).spawn();
  try {
    Deno.writeTextFileSync(pidFile, `${innocent.pid}\n`);
    const args = ["--self-signed", "-f", "127.0.0.1,0"];
    assertStringIncludes(
      await startErrorInProcess([...args, "--takeover", pidFile, "-p", pidFile]),
      `--takeover ${pidFile}: process ${innocent.pid} (sleep) is not a stud that serves, nor does ` +
        "it hold this pidfile; give the id or the pidfile of the stud that serves now",
    );
    assertStringIncludes(
      await startErrorInProcess([...args, "--takeover", String(innocent.pid)]),
      `process ${innocent.pid} (sleep) is not a stud that serves; `,
    );
    assertEquals(Deno.readTextFileSync(pidFile), `${innocent.pid}\n`);
    assert(isAlive(innocent.pid));
  } finally {
    innocent.kill();
    await innocent.status;
  }
});

testWith(
  IN_PROCESS,
  "a stud with other addresses is left alone unless the pidfile names it, and so is its port without --takeover",
  async () => {
    using folder = temporaryFolder();
    const pidFile = `${folder.path}/pid`;
    await using site = await Site.startEcho(["-p", pidFile]);
    const { pem, backend, stud: former } = site;
    const port = freePort();
    const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, pem.path];
    assertStringIncludes(
      await startErrorInProcess(["--takeover", String(former.pid), ...args]),
      `is a stud, but does not listen on 127.0.0.1:${port}; `,
    );
    // Its address without --takeover, and with a process that is none.
    const own = ["-f", `127.0.0.1,${site.port}`, "-b", backend.address, pem.path];
    assertStringIncludes(await startErrorInProcess(own), "port is in use");
    assertStringIncludes(
      await startErrorInProcess(["--takeover", "4194305", ...own]),
      "--takeover 4194305: there is no process 4194305",
    );
    await site.echoOnce();
    await using successor = await Stud.start(["--takeover", pidFile, "-p", pidFile, ...args]);
    await successor.output(/took over from process \d+/);
    assertEquals((await former.ended()).code, 0);
    await echoOnce(port, pem);
    await eventually("a pidfile of the successor's", () => exists(pidFile));
    assertEquals(Deno.readTextFileSync(pidFile), `${successor.pid}\n`);
  },
);

testWith(
  { ...NEEDS, root: true, tools: ["setpriv"] },
  "a stud that may not look into the other one believes what that one announces",
  async () => {
    await using site = await Site.startEcho(["-u", "nobody"]);
    const { port, pem, backend, stud: former } = site;
    const takeover = ["--takeover", String(former.pid), "-b", backend.address, "-f"];
    const prefix = ["setpriv", "--bounding-set=-sys_ptrace"];
    const other = await runStud([...takeover, `127.0.0.1,${freePort()}`, pem.path], undefined, {
      prefix,
    });
    assertStringIncludes(other.stderr, "this user cannot see whether it listens on");
    const args = [...takeover, `127.0.0.1,${port}`, pem.path];
    await using successor = await Stud.start(args, {}, { prefix });
    await successor.output(/took over from process \d+/);
    assertEquals((await former.ended()).code, 0);
    await echoOnce(port, pem);
  },
);

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).size > 0;
  } catch {
    return false; // Between two owners.
  }
}

function pidIn(path: string): number {
  return Number(Deno.readTextFileSync(path));
}

function temporaryFolder(): Disposable & { readonly path: string } {
  const path = Deno.makeTempDirSync({ prefix: "stud-test-" });
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}
