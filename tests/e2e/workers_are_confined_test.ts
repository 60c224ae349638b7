/** The sandbox of a running stud as others see it: what the kernel says of its workers, and what goes on under it. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { runInProcess } from "../support/command_in_process.ts";
import { eventually } from "../support/eventually.ts";
import { threadFields } from "../support/proc.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { Shared } from "../support/shared.ts";
import { runStud, Stud } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const ENVIRONMENT = { DATABASE_PASSWORD: "secret", TZ: "UTC", OPENSSL_CONF: "/dev/null" };

/** Fails unless every thread of every worker is behind the filter and has no way to more rights. */
function assertConfined(stud: Stud): void {
  assert(stud.workers().length > 0);
  for (const pid of stud.workers()) {
    assertEquals(new Set(threadFields(pid, "Seccomp")), new Set(["2"]));
    assertEquals(new Set(threadFields(pid, "NoNewPrivs")), new Set(["1"]));
    if (Deno.uid() !== 0) continue;
    assertEquals(new Set(threadFields(pid, "CapBnd")), new Set(["0".repeat(16)]));
  }
}

const sites = new Shared(() => ReloadingSite.start());

sites.test(
  { linux: true, notOnNode: true },
  "workers are confined, new ones after a death and after a reload too, and serve",
  async (site) => {
    await site.restore(1);
    const { stud } = site;
    assertConfined(stud);
    for (let count = 0; count < 20; count++) await site.echoOnce();
    const [victim] = stud.workers();
    Deno.kill(victim!, "SIGKILL");
    await stud.output(/serves again/);
    await eventually("the dead worker is reaped", () => !stud.workers().includes(victim!));
    assertConfined(stud);
    stud.signal("SIGHUP");
    await stud.output(/reloaded: nothing has changed/);
    assertConfined(stud);
    for (let count = 0; count < 20; count++) await site.echoOnce();
    assert(!stud.stderr.includes("sandbox"), stud.report());
  },
);

testWith(
  { linux: true, root: true, notOnNode: true },
  "workers that stay root keep three capabilities, those that do not none, and the environment that they need",
  async () => {
    using pem = await temporaryPem();
    const kept = { nobody: "0".repeat(16), root: "0000000000001402" };
    for (const [user, capabilities] of Object.entries(kept)) {
      const args = ["-f", "127.0.0.1,0", "-u", user, pem.path];
      await using stud = await Stud.start(args, ENVIRONMENT);
      assertConfined(stud);
      const [worker] = stud.workers();
      for (const set of ["CapPrm", "CapEff"]) {
        assertEquals(threadFields(worker!, set)[0], capabilities, `${set} of ${user}`);
      }
      assertEquals(threadFields(worker!, "CapInh")[0], "0".repeat(16));
      const { DATABASE_PASSWORD: _, ...needed } = ENVIRONMENT;
      assertEquals(environmentOf(worker!), needed);
    }
  },
);

sites.test(
  { linux: true, notOnNode: true },
  "a configuration that is served by new certificates or another backend is confined as well",
  async (site) => {
    await site.restore(1);
    const { stud } = site;
    const unix = `${site.folder}/backend`;
    await using other = Backend.serve(echo, unix);
    const before = stud.workers();
    site.configure([], { backend: unix });
    await site.reload();
    await eventually("new workers", () => stud.workers().every((pid) => !before.includes(pid)));
    assertConfined(stud);
    await site.echoOnce();
    assertEquals(other.accepted, 1);
  },
);

testWith(
  { linux: true, root: true, tools: ["setpriv", "cat"], notOnNode: true },
  "another process of the same user reads no memory, no descriptors and no environment",
  async () => {
    using pem = await temporaryPem();
    Deno.chmodSync(pem.path, 0o644);
    for (const sandbox of ["on", "off"]) {
      await using stud = await Stud.start(
        ["-f", "127.0.0.1,0", `--sandbox=${sandbox}`, pem.path],
        {},
        { prefix: AS_NOBODY },
      );
      for (const pid of [stud.pid, ...stud.workers()]) {
        const [program, ...args] = [...AS_NOBODY, "cat", `/proc/${pid}/environ`];
        const { success } = await new Deno.Command(program!, { args, stderr: "null" }).output();
        assertEquals(success, sandbox === "off", `process ${pid}, sandbox ${sandbox}`);
      }
    }
  },
);

testWith({ linux: true }, "--sandbox=off leaves workers as they are", async () => {
  using pem = await temporaryPem();
  await using stud = await Stud.start(
    ["-f", "127.0.0.1,0", "--sandbox=off", pem.path],
    ENVIRONMENT,
  );
  for (const pid of stud.workers()) {
    assertEquals(
      new Set(threadFields(pid, "Seccomp")),
      new Set([...threadFields(Deno.pid, "Seccomp")]),
    );
    if (Deno.uid() === 0) assertEquals(environmentOf(pid), ENVIRONMENT);
  }
});

// In the test's process the command keeps libraries open.
testWith(
  { linux: true, notOnNode: true, keepsResources: true },
  "-t says what workers are confined to",
  async () => {
    using pem = await temporaryPem();
    const cases: [string[], RegExp][] = [
      [[], /workers once they serve: no files, .*; TCP sockets only\n/],
      [["-b", "/run/backend"], /no files, .*; TCP and unix sockets only\n/],
      [["--sandbox=off"], /workers once they serve: not confined \(--sandbox=off\)\n/],
    ];
    for (const [args, line] of cases) {
      // With the sandbox it is the program that is asked.
      const run = args.length === 0 ? runStud : runInProcess;
      const { code, stderr } = await run(["-t", ...args, pem.path]);
      assertEquals(code, 0);
      assert(line.test(stderr), stderr);
    }
  },
);

/** Of a worker, what there is of what its stud was started with. */
function environmentOf(pid: number): Readonly<Record<string, string>> {
  const variables = Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0");
  const here = Object.entries(ENVIRONMENT).filter(([name, value]) =>
    variables.includes(`${name}=${value}`)
  );
  return Object.fromEntries(here);
}

/** Runs a program as nobody, who may yet read this project and the runtime's caches. */
const AS_NOBODY = [
  ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
  ...["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"],
];
