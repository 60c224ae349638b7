/** From settings to what workers are told, on a machine that the test makes up. */

import { StartupError } from "../../../src/errors.ts";
import type { CheckedCertificate } from "../../../src/tls/certificate.ts";
import { claimPorts, loadCertificate, makePlan, type Plan } from "../../../src/supervisor/plan.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settingsOf } from "../config/settings_of.ts";

const CERTIFICATE: CheckedCertificate = {
  source: "a.pem",
  certificateChain: "chain",
  privateKey: "key",
  subject: "CN=a",
  notBefore: new Date("2029-01-01"),
  notAfter: new Date("2031-01-01"),
};

function newRuntime(): FakeRuntime {
  const runtime = new FakeRuntime();
  runtime.files.texts.set("/etc/passwd", "www:x:33:44:web:/var/www:/bin/sh\n");
  runtime.files.texts.set("/etc/group", "staff:x:55:\n");
  runtime.files.texts.set(
    "/etc/services",
    "# comment\nhttp\t\t80/tcp\t\twww\t# WorldWideWeb\nhttps 443/udp\nhttps 443/tcp\nsyslog 514/udp\n",
  );
  runtime.files.directories.add("/var/empty");
  runtime.network.names.set("web.example", ["2001:db8::1", "192.0.2.1", "192.0.2.1"]);
  return runtime;
}

function plan(args: string[], runtime = newRuntime()): Promise<Plan> {
  return makePlan(settingsOf([...args, "a.pem"]), CERTIFICATE, runtime);
}

function hosts(addresses: readonly { host: string; port: number }[]): string[] {
  return addresses.map(({ host, port }) => `${host} ${port}`);
}

Deno.test("makePlan() passes on what workers are told", async () => {
  const { configuration } = await plan([
    ...["--write-ip", "-B", "7", "-k", "60", "--drain-timeout", "1", "--linger-timeout", "2"],
    ...["--ssl-handshake-timeout", "3", "--backend-connect-timeout", "4", "--stall-timeout", "5"],
  ]);
  assertEquals(configuration, {
    backend: [{ kind: "tcp", host: "127.0.0.1", port: 8000 }],
    certificateChain: "chain",
    privateKey: "key",
    preface: "ip",
    backlog: 7,
    keepalive: 60,
    timeouts: { handshake: 3, backendConnect: 4, drain: 1, linger: 2, stall: 5 },
    privileges: { chroot: undefined, uid: undefined, gid: undefined },
  });
});

Deno.test("makePlan() looks names and services up", async () => {
  const { configuration } = await plan(["-b", "web.example,www"]);
  assertEquals(configuration.backend, [
    { kind: "tcp", host: "2001:db8::1", port: 80 },
    { kind: "tcp", host: "192.0.2.1", port: 80 },
  ]);
  assertEquals((await plan(["-b", "192.0.2.1,https"])).configuration.backend, [
    { kind: "tcp", host: "192.0.2.1", port: 443 },
  ]);
  assertEquals((await plan(["-b", "/run/web"])).configuration.backend, [
    { kind: "unix", path: "/run/web" },
  ]);
});

Deno.test("makePlan() names option and text of what is unknown here", async () => {
  const cases: [args: string[], message: string][] = [
    [["-b", "other.example,80"], "--backend: the host name other.example cannot be resolved"],
    [["-f", "other.example,80"], "--frontend: the host name other.example cannot be resolved"],
    [["-b", "192.0.2.1,gopher"], "--backend: gopher is neither a port number nor a service"],
    [["-f", "192.0.2.1,syslog"], "--frontend: syslog is neither a port number nor a service"],
    [["-u", "mallory"], "--user mallory: there is no such user"],
    [["-g", "mallory"], "--group mallory: there is no such group"],
    [["-r", "/nowhere"], "--chroot /nowhere: there is no such directory"],
  ];
  for (const [args, message] of cases) await assertRejects(() => plan(args), StartupError, message);
});

Deno.test("makePlan() finds out whom workers become", async () => {
  const privileges = async (...args: string[]) => (await plan(args)).configuration.privileges;
  assertEquals(await privileges("-u", "www"), { chroot: undefined, uid: 33, gid: 44 });
  assertEquals(await privileges("-u", "www", "-g", "staff", "-r", "/var/empty"), {
    ...{ chroot: "/var/empty", uid: 33, gid: 55 },
  });
  assertEquals(await privileges("-g", "staff"), { chroot: undefined, uid: undefined, gid: 55 });
});

Deno.test("makePlan() refuses what only root, or only Linux, can do", async () => {
  for (const [name, value] of [["user", "www"], ["group", "staff"], ["chroot", "/var/empty"]]) {
    const runtime = newRuntime();
    runtime.processes.uid = 1000;
    const make = () => plan([`--${name}`, value!], runtime);
    await assertRejects(make, StartupError, `--${name}: only root can change it`);
    runtime.platform = "darwin";
    await assertRejects(make, StartupError, `--${name}: only on Linux, this is darwin`);
  }
  const mac = newRuntime();
  mac.platform = "darwin";
  await assertRejects(() => plan(["-n", "2"], mac), StartupError, "--workers 2: workers can share");
  assertEquals((await plan(["-n", "1"], mac)).workers, 1);
});

Deno.test("makePlan() counts CPUs for auto", async () => {
  const runtime = newRuntime();
  runtime.processes.cpus = 7;
  assertEquals((await plan(["-n", "auto"], runtime)).workers, 7);
  assertEquals((await plan(["-n", "3"], runtime)).workers, 3);
});

Deno.test("makePlan() warns of root, of bad dates and of certificates made for trials", async () => {
  const warnings = async (args: string[], runtime = newRuntime()) =>
    (await plan(args, runtime)).warnings.map((line) => line.slice(0, 24));
  assertEquals(await warnings([]), ["workers run as root; giv"]);
  assertEquals(await warnings(["-u", "www"]), []);
  const late = newRuntime();
  late.clock.setDate(new Date("2031-01-02"));
  assertEquals(await warnings(["-u", "www"], late), ["a.pem: the certificate e"]);
  const nobody = newRuntime();
  nobody.processes.uid = 1000;
  assertEquals(await warnings([], nobody), []);
  const trial = await makePlan(settingsOf(["--self-signed=tls.example"]), CERTIFICATE, nobody);
  assertEquals(trial.warnings.length, 1);
  assert(trial.warnings[0]!.startsWith("--self-signed: a certificate for tls.example was made"));
});

Deno.test("claimPorts() chooses ports for 0 and keeps the others", async () => {
  const runtime = newRuntime();
  const made = await plan(
    ["-f", "192.0.2.1,0", "-f", "192.0.2.2,443", "-f", "192.0.2.1,0"],
    runtime,
  );
  assertEquals(hosts(claimPorts(made, runtime)), [
    ...["192.0.2.1 50001", "192.0.2.2 443", "192.0.2.1 50003"],
  ]);
});

Deno.test("claimPorts() never takes the same choice of the system twice", async () => {
  const runtime = newRuntime();
  runtime.network.choices.push(40_000, 40_000, 40_000, 40_001);
  const made = await plan(["-f", "192.0.2.1,0", "-f", "192.0.2.1,0"], runtime);
  assertEquals(hosts(claimPorts(made, runtime)), ["192.0.2.1 40000", "192.0.2.1 40001"]);
  // Ports that were asked for may be the same on several addresses.
  const same = await plan(["-f", "192.0.2.1,443", "-f", "192.0.2.2,443"], runtime);
  assertEquals(hosts(claimPorts(same, runtime)), ["192.0.2.1 443", "192.0.2.2 443"]);
});

Deno.test("claimPorts() takes * for IPv6 and IPv4, or IPv4 alone where there is no other", async () => {
  const runtime = newRuntime();
  assertEquals(hosts(claimPorts(await plan([], runtime), runtime)), [":: 8443"]);
  runtime.network.absent.add("::");
  assertEquals(hosts(claimPorts(await plan([], runtime), runtime)), ["0.0.0.0 8443"]);
  // Beside a frontend that is there, too.
  const both = await plan(["-f", "*,1", "-f", "192.0.2.1,2"], runtime);
  assertEquals(hosts(claimPorts(both, runtime)), ["0.0.0.0 1", "192.0.2.1 2"]);
});

Deno.test("claimPorts() takes those addresses of a name that this machine has", async () => {
  const runtime = newRuntime();
  runtime.network.absent.add("2001:db8::1");
  const made = await plan(["-f", "web.example,443"], runtime);
  assertEquals(hosts(claimPorts(made, runtime)), ["192.0.2.1 443"]);
});

Deno.test("claimPorts() refuses a frontend that this machine cannot have, though it has others", async () => {
  const runtime = newRuntime();
  runtime.network.absent.add("192.0.2.9");
  const made = await plan(["-f", "192.0.2.1,1", "-f", "192.0.2.9,2"], runtime);
  const claim = () => claimPorts(made, runtime);
  assertThrows(claim, StartupError, "--frontend 192.0.2.9:2: this machine has no such address");
  runtime.network.inUse.add("192.0.2.1:1");
  assertThrows(claim, StartupError, "in use");
});

Deno.test("loadCertificate() reads the file, or makes one", async () => {
  const runtime = newRuntime();
  runtime.files.texts.set("bad.pem", "x");
  const engine = { name: "rustls" as const, check: () => {} };
  const load = (...args: string[]) => loadCertificate(settingsOf(args), runtime, engine);
  await assertRejects(() => load("none.pem"), StartupError, "none.pem: no such file");
  await assertRejects(() => load("bad.pem"), StartupError, "bad.pem: not a PEM file");
  const made = await load("--self-signed=tls.example");
  assertEquals([made.source, made.subject], ["--self-signed", "CN=tls.example"]);
  assert(made.notBefore < runtime.clock.date() && made.notAfter > runtime.clock.date());
  engine.check = () => {
    throw new Error("too short");
  };
  const words = "--self-signed: rustls cannot serve this certificate and key";
  await assertRejects(() => load("--self-signed"), StartupError, words);
});
