/** What the service manager is told, and what becomes of one that does not listen. */

import { configureLog } from "../../../src/log/log.ts";
import { Notifier, watchdogPeriod } from "../../../src/service/notifier.ts";
import { assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { settled } from "../../support/manual_clock.ts";

function newNotifier(variables: Record<string, string>) {
  const runtime = new FakeRuntime();
  for (const [name, value] of Object.entries(variables)) {
    runtime.service.variables.set(name, value);
  }
  const lines: string[] = [];
  const log = configureLog((level, text) => lines.push(`${level} ${text}`), "debug");
  const { service, clock } = runtime;
  return { notifier: new Notifier(runtime, log), service, clock, lines };
}

Deno.test("Notifier speaks the manager's words, in order, and leaves the children none", async () => {
  const { notifier, service } = newNotifier({ NOTIFY_SOCKET: "@bus", WATCHDOG_PID: "4711" });
  assertEquals([...service.variables], []);
  notifier.ready("serving");
  notifier.reloading();
  notifier.ready("serving again");
  notifier.status("fine");
  notifier.mainPid(7);
  notifier.stopping();
  await notifier.close();
  assertEquals(service.notified, [
    "@bus READY=1 STATUS=serving",
    "@bus RELOADING=1 MONOTONIC_USEC=123456",
    "@bus READY=1 STATUS=serving again",
    "@bus STATUS=fine",
    "@bus MAINPID=7",
    "@bus STOPPING=1 STATUS=draining",
  ]);
});

Deno.test("Notifier gives a sign of life twice in the time that the manager waits, until it is closed", async () => {
  const { notifier, service, clock } = newNotifier({
    NOTIFY_SOCKET: "/n",
    WATCHDOG_USEC: "2000000",
  });
  assertEquals(clock.waiting, 0);
  notifier.ready("serving");
  notifier.ready("serving after a reload");
  for (let second = 0; second < 3; second++) await clock.advance(1_000);
  assertEquals(service.notified.filter((text) => text === "/n WATCHDOG=1").length, 3);
  await notifier.close();
  assertEquals(clock.waiting, 0);
});

Deno.test("Notifier without a manager does nothing", async () => {
  const { notifier, service, clock } = newNotifier({ WATCHDOG_USEC: "2000000" });
  notifier.ready("serving");
  notifier.reloading();
  await notifier.close();
  assertEquals([service.notified, clock.waiting], [[], 0]);
});

Deno.test("Notifier warns once of a manager that has gone, and again after it was back", async () => {
  const { notifier, service, lines } = newNotifier({ NOTIFY_SOCKET: "/n" });
  service.notifying = () => Promise.reject(new Error("nothing listens there"));
  notifier.ready("serving");
  notifier.status("fine");
  await settled();
  const warning =
    "warning NOTIFY_SOCKET /n: could not notify the service manager: nothing listens there";
  assertEquals(lines, [warning]);
  service.notifying = () => Promise.resolve();
  notifier.status("back");
  await settled();
  service.notifying = () => Promise.reject(new Error("nothing listens there"));
  notifier.stopping();
  await notifier.close();
  assertEquals(lines, [warning, warning]);
});

Deno.test("watchdogPeriod() is half of the manager's, if it watches this process", () => {
  assertEquals(watchdogPeriod("3000000", undefined, 1), 1_500);
  assertEquals(watchdogPeriod("3000000", "1", 1), 1_500);
  for (const [limit, watched] of [["3000000", "2"], ["0"], ["soon"], [undefined]]) {
    assertEquals(watchdogPeriod(limit, watched, 1), undefined);
  }
});
