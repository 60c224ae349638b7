/** Other processes as Linux shows them, and signals for exactly one of them. */

import { AF_UNIX, SOCK_CLOEXEC, SOCK_STREAM } from "../../../../src/runtime/linux/abi.ts";
import { announce, announcedOffset } from "../../../../src/runtime/linux/announcements.ts";
import { lockHolders, openProcess, parseLocks } from "../../../../src/runtime/linux/processes.ts";
import { closeDescriptor, openLocked } from "../../../../src/runtime/linux/service.ts";
import { assert, assertEquals, assertThrows } from "../../../support/assert.ts";

const ignore = Deno.build.os !== "linux";
const HERE = { host: "192.0.2.1", port: 8443 };
const ELSEWHERE = { host: "2001:db8::1", port: 9443 };

const libc = ignore ? undefined : Deno.dlopen("libc.so.6", {
  syscall: { parameters: ["i64", "i64", "i64", "i64"], result: "i64" },
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  listen: { parameters: ["i32", "i32"], result: "i32" },
});

// The libraries, and the file of the announcements, stay open: not within a test, which would be blamed for it.
if (!ignore) {
  announce([]);
  const own = openProcess(Deno.pid);
  own?.claim();
  own?.close();
  closeDescriptor(openLocked("/dev/null", 0)!);
}

Deno.test("parseLocks() reads locks of either kind, and no process that waits for one", () => {
  const text = `1: FLOCK  ADVISORY  WRITE 4711 08:01:131 0 EOF
1: -> FLOCK  ADVISORY  WRITE 4712 08:01:131 0 EOF
2: POSIX  ADVISORY  READ 99 00:01:1043 3210987654321 3210987654321
3: LEASE  ACTIVE    READ 99 00:01:7 0 EOF
`;
  const kinds = parseLocks(text).map(({ kind, pid }) => `${kind} ${pid}`);
  assertEquals(kinds, ["FLOCK 4711", "POSIX 99", "LEASE 99"]);
  assertEquals(parseLocks(text)[1], {
    ...{ kind: "POSIX", isExclusive: false, pid: 99, device: "00:01", inode: "1043" },
    start: "3210987654321",
  });
  assertEquals(parseLocks(""), []);
});

Deno.test({
  name: "a process is known by its words and its parent, and asked to end while it lives",
  ignore,
  async fn() {
    const child = new Deno.Command("sleep", { args: ["60"] }).spawn();
    const held = openProcess(child.pid)!;
    assertEquals([held.pid, held.listening(), held.children()], [child.pid, [], []]);
    const own = openProcess(Deno.pid)!;
    assert(own.children().some(({ pid }) => pid === child.pid));
    own.close();
    held.requestDrain();
    assertEquals((await child.status).signal, "SIGTERM");
    assertThrows(() => held.requestDrain(), Error, "it has ended");
    held.close();
    assertEquals(openProcess(child.pid), undefined);
  },
});

Deno.test({
  name: "one that catches SIGURG is asked by that",
  ignore,
  async fn() {
    const program = `
      Deno.addSignalListener("SIGTERM", () => Deno.exit(1));
      Deno.addSignalListener("SIGURG", () => Deno.exit(7));
      console.log("listens");
      setTimeout(() => {}, 60_000);
    `;
    const child = new Deno.Command(Deno.execPath(), { args: ["eval", program], stdout: "piped" })
      .spawn();
    for await (const _ of child.stdout) break;
    const held = openProcess(child.pid)!;
    held.requestDrain();
    assertEquals((await child.status).code, 7);
    held.close();
  },
});

Deno.test({
  name: "only one process at a time can claim the place of another",
  ignore,
  fn() {
    const [first, second, third] = [1, 2, 3].map(() => openProcess(Deno.pid)!);
    assertEquals(first!.claim(), undefined);
    assertEquals(second!.claim(), Deno.pid);
    second!.close();
    assertEquals(third!.claim(), Deno.pid);
    first!.close();
    assertEquals(third!.claim(), undefined);
    third!.close();
  },
});

for (const [how, listens] of [["listens by", true], ["only has", false]] as const) {
  Deno.test({
    name: `another user who ${how} the name of a claim keeps nobody from it`,
    ignore: ignore || Deno.uid() !== 0,
    fn() {
      const stat = Deno.readTextFileSync("/proc/self/stat");
      const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
      const namespace = Deno.readLinkSync("/proc/self/ns/pid");
      const squatter = squat(`stud replaces ${Deno.pid} ${started} ${namespace}`, listens);
      const [first, second] = [1, 2].map(() => openProcess(Deno.pid)!);
      assertEquals(first!.claim(), undefined);
      assertEquals(second!.claim(), Deno.pid);
      first!.close();
      second!.close();
      closeDescriptor(squatter);
    },
  });
}

/** A unix socket that another user has by this abstract name; the caller closes it. */
function squat(name: string, listens: boolean): number {
  const { syscall, socket, bind, listen } = libc!.symbols;
  const address = new TextEncoder().encode(`..\0${name}`);
  new DataView(address.buffer).setUint16(0, 1, true);
  // Processes that other tests start at this time must not inherit it, and keep the name.
  const descriptor = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  // The user of this thread, and of no other (setresuid(2)).
  const becomes = (user: bigint) =>
    assertEquals(syscall(Deno.build.arch === "aarch64" ? 147n : 117n, -1n, user, -1n), 0n);
  becomes(65534n);
  try {
    // Between its fork(2) and execve(2), a process has what the last test bound.
    let tries = 0;
    while (bind(descriptor, address, address.length) !== 0) {
      assert(tries++ < 1_000, `${name} is taken`);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
    }
    if (listens) assertEquals(listen(descriptor, 1), 0);
  } finally {
    becomes(0n);
  }
  return descriptor;
}

Deno.test({
  name: "a thread is no process",
  ignore,
  fn() {
    const threads = [...Deno.readDirSync("/proc/self/task")].map(({ name }) => Number(name));
    const [other] = threads.filter((id) => id !== Deno.pid);
    assertEquals(openProcess(other!), undefined);
  },
});

Deno.test({
  name: "what a process listens on and writes to is seen in its descriptors",
  ignore,
  fn() {
    const own = openProcess(Deno.pid)!;
    const path = Deno.makeTempFileSync({ prefix: "stud-test-" });
    {
      using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { hostname: host, port } = listener.addr as Deno.NetAddr;
      assert(own.listening()!.some((one) => one.host === host && one.port === port));
    }
    {
      using _reading = Deno.openSync(path);
      assertEquals(own.writesTo(path), false);
      using _writing = Deno.openSync(path, { write: true });
      assertEquals(own.writesTo(path), true);
    }
    assertEquals(own.writesTo(path), false);
    Deno.removeSync(path);
    assertEquals(own.writesTo(path), false);
    own.close();
  },
});

Deno.test({
  name: "lockHolders() tells who holds a lock on a file, and nobody for a file that is missing",
  ignore,
  fn() {
    const path = Deno.makeTempFileSync({ prefix: "stud-test-" });
    assertEquals(lockHolders(path), []);
    const descriptor = openLocked(path, 0o600)!;
    assertEquals(lockHolders(path), [Deno.pid]);
    closeDescriptor(descriptor);
    assertEquals(lockHolders(path), []);
    Deno.removeSync(path);
    assertEquals(lockHolders(path), []);
  },
});

Deno.test({
  name: "announced addresses are seen by others, until they are announced no more",
  ignore,
  fn() {
    const own = openProcess(Deno.pid)!;
    const seen = () => [HERE, ELSEWHERE].map((address) => own.announces(address));
    announce([HERE, ELSEWHERE]);
    assertEquals(seen(), [true, true]);
    announce([ELSEWHERE]);
    assertEquals(seen(), [false, true]);
    announce([]);
    assertEquals(seen(), [false, false]);
    own.close();
    // A lock's first and last place are positive numbers of 64 bits.
    assert(announcedOffset(HERE) > 0n && announcedOffset(HERE) < 2n ** 62n);
  },
});
