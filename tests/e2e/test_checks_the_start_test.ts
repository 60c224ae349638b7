/** `-t` says what a start would say, and does none of it. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { freePort } from "../support/ports.ts";
import { isAlive } from "../support/proc.ts";
import { Site } from "../support/site.ts";
import { startErrorInProcess, startErrorsTogether } from "../support/start_error.ts";
import { ToolProcess } from "../support/tool_process.ts";
import { testWith } from "../support/tools.ts";

const SERVES = ["--self-signed", "-f", "127.0.0.1,0"];
const GOOD = "stud: the configuration is good\n";

const FAULTS: readonly (readonly string[])[] = [
  ["--log-filename", "/no/such/log"],
  ["--log-filename", "/tmp"],
  ["--access-log", "/no/such/log"],
  ["-p", "/no/such/pid"],
  ["-p", "/tmp"],
  ["-p", "/dev/null"],
  ["-f", "192.0.2.1,8443"],
];

/** In the test's process the command keeps the C library open. */
const IN_PROCESS = { linux: true, keepsResources: true };

for (const fault of FAULTS) {
  testWith(IN_PROCESS, `-t ends with the line of the start: ${fault.join(" ")}`, async () => {
    const line = await startErrorInProcess([...SERVES, ...fault]);
    assertStringIncludes(line, fault[1]!.replace(",", ":"));
    assertEquals(await startErrorInProcess(["-t", ...SERVES, ...fault]), line);
  });
}

testWith(
  { ...IN_PROCESS, notOnNode: true },
  "-t ends with the line of the start: a pidfile to take over from that was left behind",
  async () => {
    using folder = temporaryFolder();
    const stale = `${folder.path}/stale`;
    const child = new Deno.Command("true").spawn();
    await child.status;
    Deno.writeTextFileSync(stale, `${child.pid}\n`);
    const foreign = `${folder.path}/foreign`;
    await using other = new ToolProcess("cat", []);
    Deno.writeTextFileSync(foreign, `${other.pid}\n`);
    const empty = `${folder.path}/empty`;
    Deno.writeTextFileSync(empty, "");
    const cases = [
      [stale, `the file names process ${child.pid}, which does not exist`],
      [foreign, `process ${other.pid} (cat)`],
      [empty, "the file is empty"],
      [`${folder.path}/none`, "no such file"],
    ] as const;
    for (const [path, reason] of cases) {
      const args = [...SERVES, "--takeover", path, "-p", path];
      const line = await startErrorInProcess(args);
      assertStringIncludes(line, `--takeover ${path}: ${reason}`);
      assertStringIncludes(
        line,
        "; give the id or the pidfile of the stud that serves now, or start",
      );
      assertEquals(await startErrorInProcess(["-t", ...args]), line);
    }
    assertEquals(folder.contents().get("foreign"), `${other.pid}\n`);
  },
);

testWith(
  { linux: true, root: true, tools: ["setpriv"] },
  "-t checks with the rights of the user that starts stud",
  async () => {
    using folder = temporaryFolder();
    Deno.chmodSync(folder.path, 0o555);
    const prefix = ["setpriv", "--bounding-set=-dac_override"];
    const starts = ["--log-filename", "--access-log", "-p"].flatMap((option) => {
      const args = [...SERVES, option, `${folder.path}/file`];
      return [args, ["-t", ...args]];
    });
    const lines = await startErrorsTogether(starts, prefix);
    for (let at = 0; at < lines.length; at += 2) {
      assertStringIncludes(lines[at]!, `${folder.path}/file: permission denied`);
      assertEquals(lines[at + 1], lines[at]);
    }
  },
);

testWith(
  { linux: true, root: true, tools: ["setpriv"] },
  "-t knows what was taken from root",
  async () => {
    const cases = [
      ["setuid", ["-u", "nobody"], "--user nobody: root has no CAP_SETUID here"],
      ["net_bind_service", ["-f", "127.0.0.1,81"], "cannot listen on 127.0.0.1:81: permission"],
    ] as const;
    for (const [right, more, message] of cases) {
      const args = ["--self-signed", "-f", "127.0.0.1,0", ...more];
      const prefix = ["setpriv", `--bounding-set=-${right}`];
      const [line, tested] = await startErrorsTogether([args, ["-t", ...args]], prefix);
      assertStringIncludes(line!, message);
      assertEquals(tested, line);
    }
  },
);

testWith(IN_PROCESS, "-t leaves everything as it is", async () => {
  using folder = temporaryFolder();
  Deno.writeTextFileSync(`${folder.path}/log`, "a line\n");
  const port = freePort();
  using client = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const taken = (client.addr as Deno.NetAddr).port;
  const before = folder.contents();
  const files = [["-p", "pid"], ["--log-filename", "log"], ["--access-log", "access"]]
    .flatMap(([option, name]) => [option!, `${folder.path}/${name}`]);
  const where = ["-f", `127.0.0.1,${port}`, "-f", `127.0.0.1,${taken}`];
  const { code, stdout, stderr } = await runInProcess(["-t", "--self-signed", ...files, ...where]);
  assertEquals([code, stdout], [0, GOOD], stderr);
  assertStringIncludes(
    stderr,
    `stud: warning: a start now would fail: cannot listen on 127.0.0.1:${taken}: the port is in use\n`,
  );
  assert(!stderr.includes(`127.0.0.1:${port}`), stderr);
  assertEquals(folder.contents(), before);
});

testWith(IN_PROCESS, "-t beside the stud that is to be reloaded is good", async () => {
  using folder = temporaryFolder();
  const pidFile = `${folder.path}/pid`;
  await using site = await Site.startEcho(["-p", pidFile]);
  const { port, pem, backend, stud } = site;
  const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, "-p", pidFile, pem.path];
  const { code, stdout, stderr } = await runInProcess(["-t", ...args]);
  assertEquals([code, stdout], [0, GOOD], stderr);
  const would = "stud: warning: a start now would fail: ";
  assertStringIncludes(stderr, `${would}--pidfile ${pidFile}: stud is already running, as process`);
  assertStringIncludes(stderr, `${would}cannot listen on 127.0.0.1:${port}: the port is in use\n`);
  assertEquals(Deno.readTextFileSync(pidFile), `${stud.pid}\n`);
  await site.echoOnce();
});

testWith(
  { ...IN_PROCESS, notOnNode: true },
  "-t with --takeover sends no signal, and reports nothing about a stud that can be taken over",
  async () => {
    using folder = temporaryFolder();
    const pidFile = `${folder.path}/pid`;
    await using site = await Site.startEcho(["-p", pidFile]);
    const { port, pem, backend, stud } = site;
    const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, "-p", pidFile, pem.path];
    const { code, stdout, stderr } = await runInProcess(["-t", "--takeover", pidFile, ...args]);
    assertEquals([code, stdout], [0, GOOD], stderr);
    assert(!stderr.includes("would fail"), stderr);
    await site.echoOnce();
    assert(isAlive(stud.pid));
    assert(!stud.report().includes("draining"), stud.report());
    assertEquals(Deno.readTextFileSync(pidFile), `${stud.pid}\n`);
  },
);

function temporaryFolder(): Disposable & {
  readonly path: string;
  contents(): Map<string, string>;
} {
  const path = Deno.makeTempDirSync({ prefix: "stud-test-" });
  return {
    path,
    contents: () =>
      new Map(
        [...Deno.readDirSync(path)].map(({ name }) =>
          [name, Deno.readTextFileSync(`${path}/${name}`)] as const
        ).sort(),
      ),
    [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }),
  };
}
