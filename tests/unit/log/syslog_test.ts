/** Lines for the log daemon: their form, and what becomes of them while it is away. */

import { Syslog, SYSLOG_FACILITIES } from "../../../src/log/syslog.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";

function newSyslog(facility = "daemon") {
  const runtime = new FakeRuntime();
  const { datagrams } = runtime.processes;
  return { runtime, datagrams, syslog: new Syslog(runtime, { facility, identity: "stud" }) };
}

Deno.test("a line has priority, local time, identity and process, as RFC 3164 wants them", async () => {
  const { runtime, datagrams, syslog } = newSyslog("local3");
  runtime.clock.setDate(new Date(2026, 0, 7, 3, 4, 5));
  syslog.sendLine("info", "hello");
  await settled();
  // 19 * 8 + 6.
  assertEquals(datagrams.sent, ["/dev/log <158>Jan  7 03:04:05 stud[4711]: hello"]);
  runtime.clock.setDate(new Date(2026, 11, 31, 23, 59, 59));
  syslog.sendLine("error", "late");
  await settled();
  assertEquals(datagrams.sent.at(-1), "/dev/log <155>Dec 31 23:59:59 stud[4711]: late");
});

Deno.test("each level has its severity and each facility its code", async () => {
  for (
    const [level, severity] of [["error", 3], ["warning", 4], ["info", 6], ["debug", 7]] as const
  ) {
    for (const [facility, code] of Object.entries(SYSLOG_FACILITIES)) {
      const { datagrams, syslog } = newSyslog(facility);
      syslog.sendLine(level, "x");
      await settled();
      const [, priority] = /<(\d+)>/.exec(datagrams.sent[0]!)!;
      assertEquals(Number(priority), code * 8 + severity, `${facility} ${level}`);
    }
  }
  assertEquals([SYSLOG_FACILITIES.daemon, SYSLOG_FACILITIES.local0, SYSLOG_FACILITIES.local7], [
    3,
    16,
    23,
  ]);
});

Deno.test("lines wait for a daemon that is away, in order, with a new socket", async () => {
  const { runtime, datagrams, syslog } = newSyslog();
  let away = true;
  datagrams.sending = () => away ? Promise.reject(new Error("ENOENT")) : Promise.resolve();
  syslog.sendLine("info", "one");
  syslog.sendLine("info", "two");
  await runtime.clock.advance(10_000);
  assertEquals(datagrams.sent, []);
  away = false;
  await runtime.clock.advance(500);
  assertEquals(datagrams.sent.map((line) => line.split(": ")[1]), ["one", "two"]);
  assertEquals(datagrams.opened - datagrams.closed, 1, "sockets are left open");
});

Deno.test("that the daemon is away is told once for each time, and not for a restart of it", async () => {
  const runtime = new FakeRuntime();
  const { datagrams } = runtime.processes;
  const told: string[] = [];
  const onAway = (reason: string) => told.push(reason);
  const syslog = new Syslog(runtime, { facility: "daemon", identity: "stud", onAway });
  let away = false;
  datagrams.sending = () => away ? Promise.reject(new Error("ENOENT")) : Promise.resolve();
  const awayFor = async (milliseconds: number) => {
    away = true;
    syslog.sendLine("info", "a line");
    await runtime.clock.advance(milliseconds);
    away = false;
    await runtime.clock.advance(1_000);
  };
  await awayFor(700);
  assertEquals(told, []);
  await awayFor(60_000);
  assertEquals(told, ["/dev/log: ENOENT"]);
  await awayFor(60_000);
  assertEquals(told.length, 2);
});

Deno.test("a send that never returns is given up and tried again", async () => {
  const { runtime, datagrams, syslog } = newSyslog();
  datagrams.sending = () => new Promise(() => {});
  syslog.sendLine("info", "one");
  await runtime.clock.advance(900);
  assertEquals(datagrams.closed, 0);
  await runtime.clock.advance(100);
  assertEquals(datagrams.closed, 1);
  datagrams.sending = () => Promise.resolve();
  await runtime.clock.advance(500);
  assertEquals(datagrams.sent.length, 1);
  assertEquals(runtime.clock.waiting, 0);
});

Deno.test("a daemon away for very long costs lines, and their number is told", async () => {
  const { runtime, datagrams, syslog } = newSyslog();
  let away = true;
  datagrams.sending = () => away ? Promise.reject(new Error("ENOENT")) : Promise.resolve();
  for (let count = 0; count < 2_101; count++) syslog.sendLine("info", `line ${count}`);
  await runtime.clock.advance(1_000);
  away = false;
  await runtime.clock.advance(500);
  await syslog.flushed();
  const lost = datagrams.sent.filter((line) =>
    /log lines lost: no log daemon was running/.test(line)
  );
  assertEquals(lost.map((line) => /: (\d+) log lines/.exec(line)?.[1]), ["100"]);
  assertEquals(datagrams.sent.length, 2_001 + 1);
});

Deno.test("a socket that cannot be opened is tried again", async () => {
  const { runtime, datagrams, syslog } = newSyslog();
  const open = datagrams.open.bind(datagrams);
  datagrams.open = () => {
    throw new Error("EMFILE");
  };
  syslog.sendLine("info", "one");
  await runtime.clock.advance(1_000);
  datagrams.open = open;
  await runtime.clock.advance(500);
  assertEquals(datagrams.sent.length, 1);
});
