/** Whose place a new stud is to take, and what proves that it is a stud's. */

import { WORKER_ARGUMENT } from "../../../src/control/worker_argument.ts";
import { StartupError } from "../../../src/errors.ts";
import type { SocketAddress } from "../../../src/runtime/runtime.ts";
import { Predecessor } from "../../../src/service/takeover.ts";
import { assertEquals, assertRejects, assertThrows } from "../../support/assert.ts";
import { FakeOther } from "../../support/fake_others.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";

const HERE: SocketAddress = { host: "192.0.2.1", port: 8443 };
const ELSEWHERE: SocketAddress = { host: "192.0.2.1", port: 9443 };
const ANYWHERE: SocketAddress = { host: "::", port: 8443 };
const REMEDY =
  "; give the id or the pidfile of the stud that serves now, or start stud without --takeover";

/** A machine with a process 123 and a pidfile that names it. */
function newMachine(particular: Partial<FakeOther> = {}) {
  const runtime = new FakeRuntime();
  const others = runtime.processes.others!;
  const process = others.add(123, particular);
  runtime.files.texts.set("/run/stud.pid", "123\n");
  runtime.files.texts.set("/run/empty", "");
  runtime.files.texts.set("/run/stale", "125\n");
  runtime.files.texts.set("/run/words", "not\na pid\n");
  runtime.files.texts.set("/run/key", "-----BEGIN PRIVATE KEY-----");
  runtime.files.texts.set("/run/huge", "99999999999");
  runtime.files.texts.set("/run/own", String(runtime.processes.pid));
  const find = (takeover: string, pidFile?: string) =>
    Predecessor.find({ takeover, ...pidFile === undefined ? {} : { pidFile } }, runtime);
  return { runtime, others, process, find };
}

/** Something that runs a worker of stud. */
function worker(sockets: SocketAddress[] | undefined): FakeOther {
  return Object.assign(new FakeOther(124), { words: ["deno", "run", WORKER_ARGUMENT], sockets });
}

Deno.test("find() takes a process id, or a pidfile", async () => {
  const { find } = newMachine();
  assertEquals((await find("123")).pid, 123);
  assertEquals((await find("/run/stud.pid")).pid, 123);
});

Deno.test("find() says what is wrong", async () => {
  const { find, runtime } = newMachine();
  const cases = [
    ["124", `--takeover 124: there is no process 124${REMEDY}`],
    ["0", `--takeover 0: 0 is not a process id${REMEDY}`],
    ["99999999999", "--takeover 99999999999: 99999999999 is not a process id"],
    ["4711", `--takeover 4711: process 4711 is this stud itself${REMEDY}`],
    [
      "/run/stale",
      `--takeover /run/stale: the file names process 125, which does not exist (a stud that was killed ` +
      `leaves its pidfile behind)${REMEDY}`,
    ],
    ["/run/empty", `--takeover /run/empty: the file is empty${REMEDY}`],
    [
      "/run/words",
      `--takeover /run/words: the file holds "not\\na pid", which is not a process id${REMEDY}`,
    ],
    ["/run/key", `--takeover /run/key: the file does not hold a process id${REMEDY}`],
    ["/run/huge", 'the file holds "99999999999", which is not a process id'],
    ["/run/own", "--takeover /run/own: process 4711 is this stud itself (a stud that was killed"],
    ["/run/none", `--takeover /run/none: no such file${REMEDY}`],
  ];
  for (const [text, message] of cases) {
    await assertRejects(() => find(text!), StartupError, message);
  }
  runtime.processes.others = undefined;
  await assertRejects(() => find("123"), StartupError, "--takeover: only on Linux");
});

Deno.test("one that another process replaces already is left to that one", async () => {
  for (const [rival, who] of [[456, "process 456"], [0, "another process"]] as const) {
    const { find, process } = newMachine({ rival });
    await assertRejects(
      () => find("123"),
      StartupError,
      `--takeover 123: process 123 is already being replaced by ${who}; to ` +
        "replace that one, give its id once it serves",
    );
    assertEquals([process.drainRequests, process.isClosed], [0, true]);
  }
});

Deno.test("a stud with a worker that listens on one of the addresses, or on all hosts, is proven", async () => {
  for (const address of [HERE, ANYWHERE, { host: "0.0.0.0", port: 8443 }]) {
    const { find, process } = newMachine({ offspring: [worker([ELSEWHERE, address])] });
    const predecessor = await find("123");
    predecessor.prove([{ host: "192.0.2.7", port: 1 }, HERE]);
    assertEquals(process.drainRequests, 0);
    predecessor.requestDrain();
    assertEquals(process.drainRequests, 1);
  }
  const { find } = newMachine({ offspring: [worker([HERE])] });
  (await find("123")).prove([ANYWHERE]);
});

Deno.test("so is one that shares a service manager's socket with its workers", async () => {
  const { find } = newMachine({ sockets: [HERE], offspring: [worker(undefined)] });
  (await find("123")).prove([HERE]);
});

Deno.test("so is one that announces one of the addresses, even if its files cannot be inspected", async () => {
  for (const announced of [[HERE], [ANYWHERE]]) {
    const { find } = newMachine({ announced, sockets: undefined, offspring: [worker(undefined)] });
    (await find("123")).prove([ELSEWHERE, HERE]);
  }
});

Deno.test("so is the process that holds the pidfile, by a lock or by having it open for writing", async () => {
  const { find, others, process } = newMachine();
  others.locks.set("/run/stud.pid", 123);
  (await find("/run/stud.pid")).prove([HERE]);
  (await find("123", "/run/stud.pid")).prove([HERE]);
  others.locks.clear();
  process.written = ["/run/stud.pid"];
  process.offspring = [worker([ELSEWHERE])];
  (await find("/run/stud.pid")).prove([HERE]);
  // Other programs keep their pidfile open too.
  process.offspring = [];
  const other = await find("/run/stud.pid");
  assertThrows(() => other.prove([HERE]), StartupError, "is not a stud that serves");
});

Deno.test("anything else is refused by name, and gets no signal", async () => {
  const other = new FakeOther(125);
  const cases: [Partial<FakeOther>, string, string][] = [
    [{ name: "sshd", sockets: [HERE] }, "123", "123: process 123 (sshd) is not a stud that serves"],
    [{ offspring: [other] }, "123", "123: process 123 (stud) is not a stud that serves"],
    [
      { name: "sshd" },
      "/run/stud.pid",
      "/run/stud.pid: process 123 (sshd) is not a stud that serves, nor does it hold this pidfile",
    ],
    [
      { offspring: [worker([ELSEWHERE])] },
      "123",
      "123: process 123 (stud) is a stud, but does not listen on 192.0.2.1:8443",
    ],
  ];
  for (const [particular, takeover, message] of cases) {
    const { find, process } = newMachine(particular);
    const predecessor = await find(takeover);
    assertThrows(
      () => predecessor.prove([HERE]),
      StartupError,
      `--takeover ${message}${REMEDY}`,
    );
    assertEquals(process.drainRequests, 0);
  }
});

Deno.test("a pidfile that another process holds is said to be that one's", async () => {
  const { find, others } = newMachine({ name: "sshd" });
  others.locks.set("/run/stud.pid", 4_000);
  const predecessor = await find("/run/stud.pid");
  assertThrows(
    () => predecessor.prove([HERE]),
    StartupError,
    "process 123 (sshd) is not a stud that serves, and process 4000 holds this pidfile",
  );
});

Deno.test("a stud that cannot be inspected and announces nothing, takes a pidfile", async () => {
  const { find } = newMachine({ sockets: undefined, offspring: [worker(undefined)] });
  const predecessor = await find("123");
  assertThrows(
    () => predecessor.prove([HERE, ELSEWHERE]),
    StartupError,
    "--takeover 123: process 123 (stud) is a stud, but this user cannot see whether it listens on " +
      "192.0.2.1:8443 or 192.0.2.1:9443; give its pidfile (-p), or start " +
      "this stud as the user that runs it",
  );
});
