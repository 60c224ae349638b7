/** What a worker is denied once it serves: it is asked from inside, by a worker that tries everything. */

import { LineReader } from "../../src/control/line_reader.ts";
import type { WorkerConfiguration } from "../../src/control/messages.ts";
import { stateFrame } from "../../src/control/packed_configuration.ts";
import { assertEquals } from "../support/assert.ts";
import { temporaryPem } from "../support/certificates.ts";
import { DENIED, HARMLESS, UNKNOWN } from "../support/denied_calls.ts";
import { threadFields } from "../support/proc.ts";
import { testWith } from "../support/tools.ts";
import { CONFIGURATION, frameBytes, stateOf } from "../support/worker_configuration.ts";

/** What a probing worker prints. */
interface Probe {
  readonly type: "probe";
  readonly errors: Readonly<Record<string, number>>;
  readonly runtime: Readonly<Record<string, string>>;
}

interface Confined {
  readonly sandbox?: WorkerConfiguration["sandbox"];
  readonly library?: "openssl" | "rustls";
  readonly privileges?: WorkerConfiguration["privileges"];
}

/** Runs a worker until it has tried, and looks at it from outside meanwhile. */
async function probe(
  { sandbox, library = "rustls", privileges = CONFIGURATION.privileges }: Confined,
  look: (pid: number) => void = () => {},
): Promise<Probe> {
  using pem = await temporaryPem();
  const entry = new URL("../support/probing_worker.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--unstable-net", "-A", entry, pem.path],
      sandbox === undefined || sandbox.token ? "harmless" : "all",
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const control = child.stdin.getWriter();
  const [certificate] = CONFIGURATION.tls.certificates;
  const configuration: WorkerConfiguration = {
    ...{ ...CONFIGURATION, frontends: [{ host: "127.0.0.1", port: 0 }], sandbox, privileges },
    tls: {
      ...{ ...CONFIGURATION.tls, library },
      certificates: [{
        ...certificate!,
        certificateChain: pem.certificate,
        privateKey: pem.text.slice(pem.certificate.length - 1).trim(),
      }],
    },
  };
  await control.write(frameBytes(stateFrame("start", 1, stateOf(configuration), 1)));
  const output = new LineReader(child.stdout);
  const said: string[] = [];
  const limit = setTimeout(() => child.kill("SIGKILL"), 30_000);
  try {
    for (let line = await output.line(); line !== undefined; line = await output.line()) {
      said.push(line);
      const message = JSON.parse(line);
      if (message.type !== "probe") continue;
      look(child.pid);
      return message;
    }
    throw new Error(`no probe:\n${said.join("\n")}`);
  } finally {
    clearTimeout(limit);
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended.
    }
    await control.close().catch(() => {});
    await output.close();
    await child.status;
  }
}

for (const library of ["openssl", "rustls"] as const) {
  testWith(
    { linux: true, notOnNode: true },
    `a worker that serves by ${library} is denied what it does not need`,
    async () => {
      const sandbox = { unixSockets: false, token: false };
      const { errors, runtime } = await probe({ sandbox, library }, (pid) => {
        assertEquals(new Set(threadFields(pid, "NoNewPrivs")), new Set(["1"]));
        assertEquals(new Set(threadFields(pid, "Seccomp")), new Set(["2"]));
      });
      const wanted = DENIED.filter(({ number }) => number !== undefined)
        .map(({ what }) => [what, EPERM]);
      assertEquals(errors, Object.fromEntries([...wanted, [UNKNOWN.what, ENOSYS]]));
      const denied = { readFile: "failed", run: "failed", dlopen: "failed" };
      assertEquals(runtime, { ...denied, stack: "worked" });
    },
  );
}

testWith(
  { linux: true, notOnNode: true },
  "a worker without the sandbox can do much of it: the attempts are real",
  async () => {
    const { errors, runtime } = await probe({ sandbox: undefined }, (pid) => {
      assertEquals(new Set(threadFields(pid, "Seccomp")), new Set(["0"]));
    });
    assertEquals(errors, Object.fromEntries(HARMLESS.map((what) => [what, 0])));
    assertEquals(runtime, {
      readFile: "worked",
      run: "worked",
      dlopen: "worked",
      stack: "worked",
    });
  },
);

testWith(
  { linux: true, notOnNode: true },
  "a worker whose backend is a unix socket, or whose keys are in a token, is denied all but that",
  async () => {
    const unix = await probe({ sandbox: { unixSockets: true, token: false } });
    const open = Object.entries(unix.errors).filter(([, error]) => error === 0);
    assertEquals(open.map(([what]) => what), ["a unix socket"]);
    const token = await probe({ sandbox: { unixSockets: false, token: true } });
    assertEquals(token.errors["open a file by openat"], 0);
    assertEquals(token.errors["a unix socket"], 0);
    assertEquals(token.runtime.run, "failed");
    for (const what of ["fork by clone", "signal itself by kill", "a netlink socket"]) {
      assertEquals(token.errors[what], EPERM, what);
    }
  },
);

testWith(
  { linux: true, root: true, notOnNode: true },
  "a worker that has become another user in a root of its own is confined as well",
  async () => {
    const root = Deno.makeTempDirSync({ prefix: "stud-test-" });
    try {
      const privileges = { chroot: root, uid: 65_534, gid: 65_534 };
      const sandbox = { unixSockets: false, token: false };
      const { errors } = await probe({ sandbox, privileges }, (pid) => {
        for (const set of ["CapPrm", "CapEff", "CapAmb"]) {
          assertEquals(new Set(threadFields(pid, set)), new Set(["0".repeat(16)]), set);
        }
      });
      const passed = Object.entries(errors).filter(([, error]) => error === 0);
      assertEquals(passed, []);
    } finally {
      Deno.removeSync(root);
    }
  },
);

const EPERM = 1;
const ENOSYS = 38;
