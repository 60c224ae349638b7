/** A start that only looks: what it refuses, what it takes note of, and that it does nothing. */

import { WORKER_ARGUMENT } from "../../../src/control/worker_argument.ts";
import { StartupError } from "../../../src/errors.ts";
import { Rehearsal } from "../../../src/service/rehearsal.ts";
import { assertEquals, assertRejects } from "../../support/assert.ts";
import { FakeOther } from "../../support/fake_others.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { planOf } from "../../support/plan_of.ts";
import { CONFIGURATION } from "../../support/worker_configuration.ts";
import { settingsOf } from "../config/settings_of.ts";

function newRehearsal(...args: string[]) {
  const platform = new FakeRuntime();
  const { texts } = platform.files;
  texts.set("/proc/sys/net/ipv4/ip_unprivileged_port_start", "1024\n");
  texts.set("/proc/self/status", "Name:\tstud\nCapEff:\t0000000000000000\n");
  texts.set("/proc/self/net/tcp", TABLE);
  const rehearsal = new Rehearsal(platform, settingsOf([...args, "--self-signed"]));
  const { network, service } = rehearsal.runtime;
  return { platform, rehearsal, network, service };
}

/** 127.0.0.1:443 and every address:8443. */
const TABLE = `
   0: 0100007F:01BB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1
   1: 00000000:20FB 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 2
`;

Deno.test("a port is bound nowhere, and only one of the system's choice is tried", async () => {
  const { platform, rehearsal, network } = newRehearsal();
  assertEquals(await network.probe({ host: "127.0.0.1", port: 9_000 }), 9_000);
  assertEquals(platform.network.probed, [{ host: "127.0.0.1", port: 0 }]);
  assertEquals(await network.reserve?.({ host: "127.0.0.1", port: 9_000 }), undefined);
  assertEquals(platform.network.reserved, []);
  assertEquals(rehearsal.notes, []);
});

Deno.test("a port that is in use may be the one of the stud that is to be reloaded", async () => {
  const { platform, rehearsal, network } = newRehearsal();
  platform.files.texts.set("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0\n");
  assertEquals(await network.probe({ host: "127.0.0.1", port: 443 }), 443);
  assertEquals(await network.probe({ host: "127.0.0.1", port: 8_443 }), 8_443);
  assertEquals(rehearsal.notes, [
    "a start now would fail: cannot listen on 127.0.0.1:443: the port is in use",
    "a start now would fail: cannot listen on 127.0.0.1:8443: the port is in use on 0.0.0.0:8443",
  ]);
});

Deno.test("a low port takes root or a capability, and an address must be there", async () => {
  const { platform, network } = newRehearsal();
  const probe = () => network.probe({ host: "127.0.0.1", port: 80 });
  await assertRejects(
    probe,
    StartupError,
    "cannot listen on 127.0.0.1:80: permission denied; ports below 1024 need root",
  );
  platform.files.texts.set("/proc/self/status", "CapEff:\t0000000000000400\n");
  assertEquals(await probe(), 80);
  platform.network.absent.add("127.0.0.1");
  assertEquals(await probe(), undefined);
});

Deno.test("a log that cannot be opened is refused, and one that can is not opened", async () => {
  const { platform, service } = newRehearsal();
  const log = await service.openLog("/var/log/stud");
  await log.append(new Uint8Array(1));
  assertEquals(platform.service.logs, []);
  platform.service.refusal = "/var/log/stud: permission denied";
  await assertRejects(() => service.openLog("/var/log/stud"), StartupError, "permission denied");
});

Deno.test("the pidfile of a stud that runs is a note, and another program's is a fault", async () => {
  const refusal = new StartupError("--pidfile /run/pid: stud is already running, as process 123");
  for (const isStud of [true, false]) {
    const { platform, rehearsal, service } = newRehearsal("-p", "/run/pid");
    platform.service.pidFiles.set("/run/pid", { refusal });
    const others = platform.processes.others!;
    others.locks.set("/run/pid", 123);
    const holder = others.add(123);
    if (isStud) {
      holder.offspring = [Object.assign(new FakeOther(124), { words: [WORKER_ARGUMENT] })];
      await (await service.claimPidFile("/run/pid")).release();
      assertEquals(rehearsal.notes, [`a start now would fail: ${refusal.message}`]);
    } else {
      await assertRejects(() => service.claimPidFile("/run/pid"), StartupError, refusal.message);
    }
    assertEquals([holder.drainRequests, holder.isClosed], [0, true]);
  }
  const { platform, rehearsal, service } = newRehearsal("--takeover", "123", "-p", "/run/pid");
  platform.service.pidFiles.set("/run/pid", { refusal });
  await service.claimPidFile("/run/pid");
  assertEquals(rehearsal.notes, []);
});

Deno.test("a missing log daemon is a note that names the option which needs one", async () => {
  const daemon =
    "--daemon: the log goes to syslog, but there is no /dev/log; lines wait until a log " +
    "daemon runs, or add --log-filename FILE";
  const cases: readonly (readonly [args: readonly string[], note?: string])[] = [
    [[]],
    [["--syslog"], "-s/--syslog: no /dev/log; lines wait until a log daemon runs"],
    [["--access-log=syslog:"], "--access-log: no /dev/log; lines wait until a log daemon runs"],
    [["--daemon", "--log-filename=/var/log/stud"]],
    [["--daemon", "--syslog=off"], daemon],
    [["--compat=hitch", "--daemon", "--syslog=off"], daemon],
  ];
  const { privileges } = CONFIGURATION;
  const plan = planOf({ configuration: { privileges: { ...privileges, uid: 65_534 } } });
  for (const [args, note] of cases) {
    const notes = note === undefined ? [] : [note];
    const { platform, rehearsal } = newRehearsal(...args);
    await rehearsal.look(plan);
    assertEquals(rehearsal.notes, notes, args.join(" "));
    platform.files.texts.set("/dev/log", "");
    await rehearsal.look(plan);
    assertEquals(rehearsal.notes, notes, args.join(" "));
  }
});
