/** `--daemon`: the command returns when stud serves in the background, or with the reason why it does not. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { pemFile, temporaryPem } from "../support/certificates.ts";
import { DaemonSite } from "../support/daemon.ts";
import { threadFields } from "../support/proc.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { BY_ITS_OPTIONS, BY_OPENSSL } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

testWith(
  { linux: true },
  "the command returns when stud serves, in a session of its own, without terminal and directory",
  async () => {
    await using site = new DaemonSite();
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    const { code, stdout, stderr } = await site.start([
      ...["-l", site.path("log"), "-f", "127.0.0.1,0", "-b", backend.address, pem.path],
    ]);
    assertEquals([code, stdout, stderr], [0, "", ""]);
    await echoOnce(site.port, pem);
    const { pid } = site;
    const [, session] = /\) \S+ \d+ \d+ (\d+) /.exec(Deno.readTextFileSync(`/proc/${pid}/stat`))!;
    assertEquals(Number(session), pid);
    assertEquals(Deno.readLinkSync(`/proc/${pid}/cwd`), "/");
    for (const stream of [0, 1, 2]) {
      assertEquals(Deno.readLinkSync(`/proc/${pid}/fd/${stream}`), "/dev/null");
    }
    assertStringIncludes(site.read("log"), `info: 1 worker serves on 127.0.0.1:${site.port}`);
    await site.stop();
    assertStringIncludes(site.read("log"), "info: stopped: 1 connection");
    assertEquals([...Deno.readDirSync(site.folder)].map(({ name }) => name).sort(), [
      "log",
      "ports",
    ]);
  },
);

testWith(
  { linux: true },
  "a failed start is reported on standard error and exits with 1",
  async () => {
    await using site = new DaemonSite();
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const port = (taken.addr as Deno.NetAddr).port;
    const { code, stderr } = await site.start([
      ...["-l", site.path("log"), "--self-signed", "-f", `127.0.0.1,${port}`],
    ]);
    assertEquals(code, 1);
    assert(
      /^stud: cannot listen on 127\.0\.0\.1:\d+: the port is in use.*\n$/.test(stderr),
      stderr,
    );
    assertEquals([...Deno.readDirSync(site.folder)].map(({ name }) => name), []);
  },
);

testWith(
  { tools: ["openssl"], linux: true },
  "so is a worker that cannot start, once nothing is left of stud",
  async () => {
    await using site = new DaemonSite();
    const { code, stderr } = await site.start([
      ...[BY_OPENSSL, "-c", "NOSUCH", "-l", site.path("log"), "--self-signed"],
      ...["-f", "127.0.0.1,0"],
    ]);
    assertEquals(code, 1);
    assert(/^stud: -c\/--ciphers NOSUCH: .*\n$/.test(stderr), stderr);
    assertStringIncludes(site.read("log"), "error: -c/--ciphers NOSUCH: ");
    assertEquals([...Deno.readDirSync(site.folder)].map(({ name }) => name), ["log"]);
  },
);

testWith(
  { tools: ["env"], linux: true },
  "standard input and relative paths mean what they meant to the command",
  async () => {
    await using site = new DaemonSite();
    await using backend = Backend.serve(echo);
    using shared = await temporaryPem();
    using pem = pemFile(shared.text);
    Deno.copyFileSync(pem.path, site.path("own.pem"));
    const config = `frontend = 127.0.0.1,0\nbackend = ${backend.address}\npem-file = own.pem\n`;
    const args = [...BY_ITS_OPTIONS, "--config", "-", "-l", "relative.log"];
    const { code, stderr } = await site.start(args, config, {
      prefix: ["env", "-C", site.folder],
    });
    assertEquals([code, stderr], [0, ""]);
    await echoOnce(site.port, pem);
    Deno.renameSync(site.path("relative.log"), site.path("old.log"));
    Deno.kill(site.pid, "SIGHUP");
    await site.stop();
    assertStringIncludes(site.read("relative.log"), "stopped");
  },
);

testWith(
  { tools: ["rsyslogd"], root: true, linux: true, notOnNode: true },
  "without a log file the log goes to syslog, from outside the workers' root",
  async () => {
    await using rsyslog = await Rsyslog.start();
    await using site = new DaemonSite();
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    const root = site.path("root");
    Deno.mkdirSync(root, { mode: 0o755 });
    const { code, stderr } = await site.start([
      ...["-r", root, "-u", "nobody", "-g", "daemon", "-f", "127.0.0.1,0"],
      ...["-b", backend.address, pem.path],
    ]);
    assertEquals([code, stderr], [0, ""]);
    await echoOnce(site.port, pem);
    const tag = `^daemon info stud\\[${site.pid}\\]: +`;
    await rsyslog.line(new RegExp(`${tag}1 worker serves on `));
    const [worker] = Deno.readTextFileSync(`/proc/${site.pid}/task/${site.pid}/children`).split(
      " ",
    );
    assertEquals(Deno.readLinkSync(`/proc/${worker}/root`), root);
    assertEquals(new Set(threadFields(Number(worker), "Gid")), new Set(["1 1 1 1"]));
    await site.stop();
    await rsyslog.line(new RegExp(`${tag}stopped`));
  },
);
