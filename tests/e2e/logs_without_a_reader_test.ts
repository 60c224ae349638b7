/** Output that nobody takes, or that no disk has room for: stud serves on, and ends when it is told to. */

import { assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { eventually, within } from "../support/eventually.ts";
import { exchange, freePort } from "../support/ports.ts";
import { gone, processesWith } from "../support/proc.ts";
import { failHandshake, serving } from "../support/serving.ts";
import { Stud, studCommand } from "../support/stud.ts";
import { connectTls, echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

/**
 * Fills the pipes of stdout and stderr to the brim, then becomes the command. Each is opened anew to fill
 * it, so that the command does not inherit a descriptor on which writing never waits.
 */
const FILL_PIPES = `for stream in 1 2; do
    (exec 2>/dev/null; dd if=/dev/zero of=/proc/$$/fd/$stream bs=4096 count=10000 oflag=nonblock)
  done
  exec "$@"`;

testWith({ linux: true }, "a reader that stalls holds up neither clients nor the end", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const port = freePort();
  const mark = crypto.randomUUID();
  const args = ["-n", "2", "-f", `127.0.0.1,${port}`, "-b", backend.address, pem.path];
  const stud = new Deno.Command("sh", {
    args: ["-c", FILL_PIPES, "sh", ...studCommand(), ...args],
    env: { STUD_TEST_MARK: mark },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  try {
    await serving(port);
    using client = await connectTls(port, pem);
    for (let round = 0; round < 50; round++) {
      stud.kill("SIGHUP"); // A line on stdout, and there are more.
      await failHandshake(port);
      await exchange(client);
      await echoOnce(port, pem);
    }
    // A worker that dies, and its line, hold up nothing either.
    const worker = workerOf(mark, stud.pid);
    Deno.kill(worker, "SIGKILL");
    await gone([worker]); // Whoever is in its queue is lost with it.
    await eventually("two workers again", () => processesWith("STUD_TEST_MARK", mark).length === 3);
    for (let count = 0; count < 10; count++) await echoOnce(port, pem);
    client.close();
  } finally {
    stud.kill("SIGTERM");
    assertEquals((await within(15_000, "the end of stud", stud.status)).code, 0);
    await Promise.all([stud.stdout.cancel(), stud.stderr.cancel()]);
  }
  await eventually("no orphans", () => processesWith("STUD_TEST_MARK", mark).length === 0);
});

testWith({ linux: true }, "a full disk behind stdout and stderr holds up nothing", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const port = freePort();
  const full = ["sh", "-c", 'exec "$@" >/dev/full 2>/dev/full', "sh"];
  const args = ["-f", `127.0.0.1,${port}`, "-b", backend.address, pem.path];
  await using stud = Stud.spawn(args, {}, { prefix: full });
  await serving(port);
  using client = await connectTls(port, pem);
  for (let round = 0; round < 20; round++) {
    stud.signal("SIGHUP");
    await failHandshake(port);
    await exchange(client);
    await echoOnce(port, pem);
  }
  client.close();
  stud.signal("SIGTERM");
  assertEquals((await stud.ended()).code, 0);
});

testWith({ linux: true }, "a reader that has gone away holds up nothing", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const port = freePort();
  const stud = new Deno.Command(studCommand()[0]!, {
    args: [...studCommand().slice(1), "-f", `127.0.0.1,${port}`, "-b", backend.address, pem.path],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  await Promise.all([stud.stdout.cancel(), stud.stderr.cancel()]);
  try {
    await serving(port);
    for (let round = 0; round < 20; round++) {
      stud.kill("SIGHUP");
      await failHandshake(port);
      await echoOnce(port, pem);
    }
  } finally {
    stud.kill("SIGTERM");
    assertEquals((await within(15_000, "the end of stud", stud.status)).code, 0);
  }
});

function workerOf(mark: string, supervisor: number): number {
  return processesWith("STUD_TEST_MARK", mark).find((pid) => pid !== supervisor)!;
}
