/** From settings to what workers are told, on a machine that the test makes up. */

import { StartupError } from "../../../src/errors.ts";
import { makePlan, type Plan } from "../../../src/plan/plan.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { tlsPlanOf } from "../../support/plan_of.ts";
import { LOG } from "../../support/log_settings.ts";
import { TLS_CONFIGURATION } from "../../support/tls_configuration.ts";
import { settingsOf } from "../config/settings_of.ts";

const TLS = tlsPlanOf(TLS_CONFIGURATION);

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
  return makePlan(settingsOf([...args, "a.pem"]), TLS, runtime);
}

Deno.test("makePlan() passes on what workers need", async () => {
  const { configuration } = await plan([
    ...["--write-ip", "-B", "7", "-k", "60", "--drain-timeout", "1", "--linger-timeout", "2"],
    ...["--enable-tcp-fastopen", "--recv-bufsize", "4096", "--send-bufsize", "8192"],
    ...["--ssl-handshake-timeout", "3", "--backend-connect-timeout", "4", "--stall-timeout", "5"],
    ...["--worker-timeout", "6"],
    ...[
      "-n",
      "2",
      "--max-handshakes",
      "9",
      "--max-connections",
      "10",
      "--max-connections-per-client",
      "11",
    ],
  ]);
  assertEquals(configuration, {
    backend: [{ kind: "tcp", host: "127.0.0.1", port: 8000 }],
    tls: TLS_CONFIGURATION,
    steer: undefined,
    preface: { kind: "ip", tlv: true, authority: true, clientCertificate: false },
    sockets: {
      ...{ backlog: 7, keepalive: 60, tcpFastOpen: true },
      ...{ receiveBuffer: 4096, sendBuffer: 8192 },
    },
    limits: { maxHandshakes: 9, maxConnections: 10, maxConnectionsPerClient: 11 },
    workers: 2,
    log: LOG,
    timeouts: { handshake: 3, backendConnect: 4, drain: 1, linger: 2, stall: 5, worker: 6 },
    privileges: { chroot: undefined, uid: undefined, gid: undefined },
    sandbox: { unixSockets: false, token: false },
  });
});

Deno.test("makePlan() has clients steered with any library once their connections are counted", async () => {
  const steering = async (...args: string[]) => {
    const { configuration } = await plan(["-n", "2", "--tls-library=openssl", ...args]);
    return [configuration.steer, configuration.steersAlways];
  };
  assertEquals(await steering("--max-connections-per-client=5"), [undefined, undefined]);
  assertEquals(await steering("--steer-by-client"), [undefined, undefined]);
  assertEquals(await steering("--steer-by-client", "--max-connections-per-client=5"), [2, true]);
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

Deno.test("makePlan() returns how to look up the backend's name again, if requested", async () => {
  const runtime = newRuntime();
  const { backendName } = await plan(["-b", "web.example,www", "-R", "60"], runtime);
  assertEquals([backendName?.text, backendName?.refresh], ["web.example:www", 60]);
  runtime.network.names.set("web.example", ["192.0.2.2"]);
  assertEquals(await backendName?.lookUp(), [{ kind: "tcp", host: "192.0.2.2", port: 80 }]);
  runtime.network.names.delete("web.example");
  await assertRejects(
    async () => await backendName?.lookUp(),
    StartupError,
    "--backend: the host name web.example cannot be resolved; check it and the name server: getent hosts web.example",
  );
  for (const args of [["-b", "web.example,80"], ["-b", "192.0.2.1,80", "-R1"], ["-b/a", "-R1"]]) {
    assertEquals((await plan(args)).backendName, undefined);
  }
});

Deno.test("makePlan() names option and text of what is unknown here", async () => {
  const cases: [args: string[], message: string][] = [
    [
      ["-b", "other.example,80"],
      "--backend: the host name other.example cannot be resolved; check it and the name server: getent hosts other.example",
    ],
    [
      ["-f", "other.example,80"],
      "--frontend: the host name other.example cannot be resolved; check it and the name server: getent hosts other.example",
    ],
    [["-b", "192.0.2.1,gopher"], "--backend: gopher is neither a port number nor a service"],
    [["-f", "192.0.2.1,syslog"], "--frontend: syslog is neither a port number nor a service"],
    [["-u", "mallory"], "--user mallory: no such user"],
    [["-g", "mallory"], "--group mallory: no such group"],
    [["-r", "/nowhere"], "--chroot /nowhere: no such directory"],
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

Deno.test("makePlan() refuses what was taken from root", async () => {
  const cases = [
    ["user", "www", "0000000000000040", "CAP_SETUID"],
    ["user", "www", "0000000000000080", "CAP_SETGID"],
    ["group", "staff", "0000000000040080", "CAP_SETGID"],
    ["chroot", "/var/empty", "00000000000000c0", "CAP_SYS_CHROOT"],
  ] as const;
  for (const [name, value, rights, missing] of cases) {
    const runtime = newRuntime();
    runtime.files.texts.set("/proc/self/status", `CapEff:\t${rights}\n`);
    await assertRejects(
      () => plan([`--${name}`, value], runtime),
      StartupError,
      `--${name} ${value}: root has no ${missing} here`,
    );
    runtime.files.texts.set("/proc/self/status", "CapEff:\t00000000000400c0\n");
    await plan([`--${name}`, value], runtime);
  }
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
  assertEquals((await plan(["-n", "64"], runtime)).workers, 64);
  await assertRejects(
    () => plan(["-n", "65"], runtime),
    StartupError,
    "--workers 65: the max is 64 on this machine, which has 7 CPUs; more workers only cost",
  );
});

Deno.test("makePlan() returns which option chose the TLS library", async () => {
  assertEquals((await plan([])).tlsBecause, undefined);
  assertEquals((await plan(["-c", "HIGH"])).tlsBecause, "-c/--ciphers");
});

Deno.test("makePlan() has clients steered among several workers whose sessions are their own", async () => {
  const runtime = newRuntime();
  runtime.processes.cpus = 7;
  const steer = async (...args: string[]) => (await plan(args, runtime)).configuration.steer;
  assertEquals(await steer("-n", "4"), undefined);
  assertEquals(await steer("-n", "4", "--steer-by-client"), 4);
  assertEquals(await steer("-n", "auto", "--steer-by-client"), 7);
  assertEquals(await steer("-n", "1", "--steer-by-client"), undefined);
  // With OpenSSL every worker opens every ticket.
  assertEquals(
    await steer("-n", "4", "--steer-by-client", "--tls-library=openssl"),
    undefined,
  );
  assertEquals(await steer("-n", "4", "--steer-by-client", "--tls-library=rustls"), 4);
});

Deno.test("makePlan() warns of root, after what there is to say about TLS", async () => {
  const warnings = async (args: string[], tls = TLS, runtime = newRuntime()) =>
    (await makePlan(settingsOf([...args, "a.pem"]), tls, runtime)).warnings
      .map((line) => line.slice(0, 24));
  const late = { ...TLS, warnings: ["a.pem: the certificate expired", "and more"] };
  assertEquals(await warnings([]), ["workers run as root; giv"]);
  assertEquals(await warnings(["-u", "www"]), []);
  assertEquals(await warnings(["-u", "www"], late), ["a.pem: the certificate e", "and more"]);
  assertEquals(await warnings([], late), [
    ...["a.pem: the certificate e", "and more", "workers run as root; giv"],
  ]);
  const nobody = newRuntime();
  nobody.processes.uid = 1000;
  assertEquals(await warnings([], TLS, nobody), []);
});
