/** Child processes, and datagrams to the log daemon, under Deno. */

import { createDenoProcesses, ownFile } from "../../../../src/runtime/deno/processes.ts";
import { StartupError } from "../../../../src/errors.ts";
import { LineReader } from "../../../../src/control/line_reader.ts";
import { decodeMessage } from "../../../../src/control/message_lines.ts";
import { monotonicMicroseconds } from "../../../../src/runtime/linux/service.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "../../../support/assert.ts";
import { within } from "../../../support/eventually.ts";

// The C library stays open: not within a test, which would be blamed for it.
if (Deno.build.os === "linux") monotonicMicroseconds();

/** A worker that says what it was started with, then copies its input to both outputs until it ends. */
const PROGRAM = `
  console.log(JSON.stringify({ type: "hello", args: Deno.args, pid: Deno.pid }));
  for await (const octets of Deno.stdin.readable) {
    await Deno.stdout.write(octets);
    await Deno.stderr.write(octets);
  }
  Deno.exit(7);
`;

function programProcesses() {
  const entry = `data:text/javascript,${encodeURIComponent(PROGRAM)}`;
  return createDenoProcesses({ entry, workerArguments: ["--as-worker", "a b"] });
}

/** Starts that program as a worker. */
function startWorker() {
  return programProcesses().startWorker();
}

Deno.test("startWorker() starts the program with its arguments, and pipes to all of its streams", async () => {
  const child = startWorker();
  const control = child.control.getWriter();
  const [output, errors] = [child.output, child.errors].map((stream) => new LineReader(stream));
  const first = await within(20_000, "its words", output!.line());
  const hello = decodeMessage<{ type: string; args: string[]; pid: number }>(first!);
  assertEquals([hello?.args, hello?.pid], [["--as-worker", "a b"], child.pid]);
  await control.write(new TextEncoder().encode("ping\n"));
  assertEquals(await output!.line(), "ping");
  assertEquals(await errors!.line(), "ping");
  await control.close();
  assertEquals(await within(20_000, "its end", child.ended), { code: 7, signal: null });
  assertEquals([await output!.line(), await errors!.line()], [undefined, undefined]);
});

Deno.test({
  name: "kill() ends a worker at once, and may be called again",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const child = startWorker();
    child.kill();
    assertEquals((await within(20_000, "its end", child.ended)).signal, "SIGKILL");
    child.kill();
    await Promise.all([child.output.cancel(), child.errors.cancel(), child.control.abort()]);
  },
});

Deno.test("startWorker() hands out the processes that were expected, then new ones", async () => {
  const processes = programProcesses();
  processes.expectWorkers!(2);
  const children = Array.from({ length: 3 }, () => processes.startWorker());
  assertEquals(new Set(children.map(({ pid }) => pid)).size, 3);
  for (const child of children) {
    const output = new LineReader(child.output);
    const first = await within(20_000, "its words", output.line());
    assertEquals(decodeMessage<{ type: string; pid: number }>(first!)?.pid, child.pid);
    await child.control.close();
    assertEquals((await within(20_000, "its end", child.ended)).code, 7);
    await Promise.all([output.close(), child.errors.cancel()]);
  }
});

const processes = createDenoProcesses({ entry: import.meta.url, workerArguments: [] });

Deno.test("capture() gives what a program prints, and undefined where there is none", async () => {
  const printed = await processes.capture(Deno.execPath(), ["eval", "console.log('a b')"]);
  assertEquals(printed?.trimEnd(), "a b");
  assertEquals(await processes.capture("/no/such/program", []), undefined);
});

Deno.test("this process is described", () => {
  assertEquals([processes.pid, processes.uid], [Deno.pid, Deno.uid() ?? undefined]);
  assertEquals(processes.args, Deno.args);
  assert(processes.cpus >= 1);
});

Deno.test({
  name: "openDatagram() sends to a socket by its path and leaves no file behind",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
    const receiver = Deno.listenDatagram({ transport: "unixpacket", path: `${folder}/log` });
    const outside = Deno.env.get("TMPDIR");
    // Linux needs no folder for it.
    Deno.env.set("TMPDIR", Deno.build.os === "linux" ? `${folder}/none` : folder);
    const sender = processes.openDatagram();
    try {
      await sender.send(new TextEncoder().encode("<14>a line"), `${folder}/log`);
      const [bytes] = await within(5_000, "the datagram", receiver.receive());
      assertEquals(new TextDecoder().decode(bytes), "<14>a line");
      await assertRejects(() => sender.send(new Uint8Array(1), `${folder}/nobody`));
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["log"]);
    } finally {
      if (outside === undefined) Deno.env.delete("TMPDIR");
      else Deno.env.set("TMPDIR", outside);
      sender.close();
      receiver.close();
      Deno.removeSync(folder, { recursive: true });
    }
  },
});

Deno.test({
  name: "ownFile() finds a program whose file has been replaced, or says what to do",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    assertEquals(ownFile("/opt/stud", true), "/opt/stud");
    const link = ownFile("/opt/deno (deleted)", false);
    const { stdout } = await new Deno.Command(link, { args: ["--version"] }).output();
    assert(new TextDecoder().decode(stdout).includes(Deno.version.deno));
    const words =
      `/opt/stud was replaced or removed while stud runs from it; start the new one with ` +
      `--takeover ${Deno.pid}, or restart stud`;
    assertThrows(() => ownFile("/opt/stud (deleted)", true), StartupError, words);
  },
});
