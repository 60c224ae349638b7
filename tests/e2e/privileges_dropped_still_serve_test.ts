/** What must go on working once workers have neither root's rights nor its view of the file system. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { pemFile, temporaryPem } from "../support/certificates.ts";
import { openSockets, socketsBackTo } from "../support/descriptors.ts";
import { threadFields } from "../support/proc.ts";
import { startError, startErrorsTogether } from "../support/start_error.ts";
import { byLibrary, Stud } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

/** Node cannot change its root. */
const within = (root: string) =>
  byLibrary({ rustls: ["-r", root], openssl: ["-r", root], node: [] as string[] });

/** Runs a program as nobody, who may yet read this project and the runtime's caches. */
const AS_NOBODY = [
  ...["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"],
  ...["--securebits=+no_setuid_fixup", "--inh-caps=+dac_override", "--ambient-caps=+dac_override"],
];

testWith(
  { root: true, linux: true },
  "a port below 1024 works, and a replaced worker has it too, whose PEM file may be gone",
  async () => {
    await using backend = Backend.serve(echo);
    using shared = await temporaryPem();
    const pem = pemFile(shared.text);
    Deno.chmodSync(pem.path, 0o400);
    await using stud = await Stud.start([
      ...["-f", `127.0.0.1,${freeLowPort()}`, "-b", backend.address, "-u", "nobody", pem.path],
    ]);
    pem[Symbol.dispose]();
    assert(stud.port < 1024);
    await echoOnce(stud.port, pem);
    Deno.kill(stud.workers()[0]!, "SIGKILL");
    await stud.output(/serves again/);
    await echoOnce(stud.port, pem);
  },
);

testWith(
  { root: true, linux: true, notOnNode: true },
  "a unix socket is looked up inside the new root",
  async () => {
    const root = Deno.makeTempDirSync({ prefix: "stud-test-" });
    Deno.chmodSync(root, 0o755);
    try {
      await using _backend = Backend.serve(echo, `${root}/backend.sock`);
      Deno.chmodSync(`${root}/backend.sock`, 0o666);
      using pem = await temporaryPem();
      await using stud = await Stud.start([
        ...["-f", "127.0.0.1,0", "-b", "/backend.sock", "-u", "nobody", "-r", root, pem.path],
      ]);
      assertStringIncludes(stud.stdout, "backend /backend.sock");
      await echoOnce(stud.port, pem);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  },
);

testWith(
  { root: true, linux: true },
  "a silent client is really closed at its deadline",
  async () => {
    const root = Deno.makeTempDirSync({ prefix: "stud-test-" });
    Deno.chmodSync(root, 0o755);
    try {
      await using stud = await Stud.start([
        ...["--self-signed", "-f", "127.0.0.1,0", "-u", "nobody", ...within(root)],
        ...["--ssl-handshake-timeout", "0.5"],
      ]);
      const [worker] = stud.workers();
      const baseline = openSockets(worker!);
      using client = await Deno.connect({ hostname: "127.0.0.1", port: stud.port });
      // Half a record: the worker waits for the rest of it.
      await client.write(new Uint8Array([22, 3, 1, 2, 0, 1]));
      await stud.output(/handshake failed: no handshake within --ssl-handshake-timeout/);
      await socketsBackTo(baseline, worker!);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  },
);

testWith(
  { tools: ["setpriv"], root: true, linux: true },
  "without root, stud can change neither root directory, user nor group",
  async () => {
    const options = [["-u", "nobody"], ["-g", "daemon"], within("/tmp")];
    const given = options.filter(({ length }) => length > 0);
    const lines = await startErrorsTogether(
      given.map((option) => ["--self-signed", "-f", "127.0.0.1,0", ...option]),
      AS_NOBODY,
    );
    for (const [at, [option]] of given.entries()) {
      const name = { "-u": "--user", "-g": "--group", "-r": "--chroot" }[option!];
      assertStringIncludes(lines[at]!, `${name}: only root can change it`);
    }
  },
);

testWith(
  { tools: ["setpriv"], root: true, linux: true },
  "without root, stud serves as its own user and gets no port below 1024",
  async () => {
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    const args = ["-f", "127.0.0.1,0", "-b", backend.address, pem.path];
    await using stud = await Stud.start(args, {}, { prefix: AS_NOBODY });
    await echoOnce(stud.port, pem);
    const ids = stud.workers().flatMap((pid) => threadFields(pid, "Uid"));
    assertEquals(new Set(ids), new Set(["65534 65534 65534 65534"]));
    assert(!stud.stderr.includes("workers run as root"), stud.report());

    const port = freeLowPort();
    if (port >= Number(Deno.readTextFileSync("/proc/sys/net/ipv4/ip_unprivileged_port_start"))) {
      return; // This machine lets everybody have such ports.
    }
    const line = await startError(["--self-signed", "-f", `127.0.0.1,${port}`], {
      prefix: AS_NOBODY,
    });
    assertStringIncludes(line, `cannot listen on 127.0.0.1:${port}: permission denied`);
  },
);

/** 443, or one below 1024 that nobody uses. */
function freeLowPort(): number {
  for (const port of [443, ...Array.from({ length: 300 }, (_, index) => 1023 - index)]) {
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch {
      // In use.
    }
  }
  throw new Error("every port below 1024 is in use");
}
