/** Information to stdout, errors and warnings to stderr, and with `-q` errors alone. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";
import { failHandshake, serving } from "../support/serving.ts";
import { Site } from "../support/site.ts";
import { runStud, Stud } from "../support/stud.ts";
import { connectTls, echoOnce, receive } from "../support/tls_client.ts";

Deno.test("information goes to stdout, warnings and errors to stderr, each line with date and level", async () => {
  const dead = `127.0.0.1:${freePort()}`;
  await using site = await Site.start({ backendAddress: dead.replace(":", ",") });
  await failHandshake(site.port);
  await site.stud.output(/info: worker 1: handshake failed/);
  using client = await site.connect();
  const own = (client.localAddr as Deno.NetAddr).port;
  await site.stud.output(/error: worker 1: backend failed/);
  assertStringIncludes(
    site.stud.stderr,
    `backend failed: ${dead}: connection refused (client 127.0.0.1:${own} to ` +
      `127.0.0.1:${site.port})`,
    "a backend's failure names backend and client",
  );
  await receive(client);
  site.stud.signal("SIGTERM");
  await site.stud.ended();
  const stamp = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
  assertLines(site.stud.stdout, new RegExp(`^${stamp} info: `));
  assertLines(site.stud.stderr, new RegExp(`^${stamp} (warning|error): `));
});

Deno.test("-q writes errors and nothing else", async () => {
  const port = freePort();
  using pem = await temporaryPem();
  await using stud = Stud.spawn([
    ...["-q", "-f", `127.0.0.1,${port}`, "-b", `127.0.0.1,${freePort()}`, pem.path],
  ]);
  await serving(port);
  await failHandshake(port);
  using client = await connectTls(port, pem);
  await stud.output(/ error: worker 1: backend failed/);
  await receive(client);
  stud.signal("SIGHUP");
  stud.signal("SIGTERM");
  assertEquals((await stud.ended()).code, 0);
  assertEquals(stud.stdout, "");
  assertLines(stud.stderr, / error: /);
});

Deno.test("a client that comes and goes is not worth a line", async () => {
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  await using stud = await Stud.start(["-f", "127.0.0.1,0", "-b", backend.address, pem.path]);
  await echoOnce(stud.port, pem);
  stud.signal("SIGTERM");
  await stud.ended();
  const [, after = ""] = stud.stdout.split(/ serves on .*\n/);
  // What the library cannot offer is said behind the line that says where stud serves.
  const lines = after.split("\n").filter((line) => !line.includes(": no post-quantum "));
  const [draining, stopped, ...more] = lines;
  assert(/draining/.test(draining!) && /stopped/.test(stopped!), stud.report());
  assertEquals(more, [""], stud.report());
});

Deno.test("control characters of the command line reach no terminal", async () => {
  const { stderr } = await runStud(["-f", "\x1b[2J,80", "/no/such\r\n\x1b[31m.pem"]);
  assertStringIncludes(stderr, "\\x1b");
  const file = await runStud(["/no/such\r\n\x1b[31m\u202e.pem"]);
  for (const text of [stderr, file.stderr]) {
    assertEquals(text.trimEnd().match(/[\p{Cc}\p{Cf}]/u), null, JSON.stringify(text));
  }
});

function assertLines(text: string, pattern: RegExp): void {
  const lines = text.trimEnd().split("\n");
  assert(lines.length > 0 && lines.every((line) => pattern.test(line)), text);
}
