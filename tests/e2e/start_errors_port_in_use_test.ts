/** A port that others use is refused with its reason, and those others go on unharmed. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { temporaryPem } from "../support/certificates.ts";
import { exchange } from "../support/ports.ts";
import { Site } from "../support/site.ts";
import { startError } from "../support/start_error.ts";
import { Stud } from "../support/stud.ts";

Deno.test("a port that another program listens on is refused", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr as Deno.NetAddr;
  const line = await startError(["--self-signed", "-f", `127.0.0.1,${port}`]);
  assertStringIncludes(line, `cannot listen on 127.0.0.1:${port}: the port is in use`);
});

Deno.test("a port that another program shares is refused too", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0, reusePort: true });
  const { port } = other.addr as Deno.NetAddr;
  const line = await startError(["--self-signed", "-f", `127.0.0.1,${port}`]);
  assertStringIncludes(line, "the port is in use");
});

Deno.test("a frontend for all addresses notices a port that one address uses", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr as Deno.NetAddr;
  assertStringIncludes(await startError(["--self-signed", "-f", `*,${port}`]), "port is in use");
});

Deno.test("a second stud on the same port is refused and the first one goes on", async () => {
  await using site = await Site.startEcho();
  using before = await site.connect();
  await exchange(before);
  const line = await startError(["--self-signed", "-f", `127.0.0.1,${site.port}`]);
  assertStringIncludes(line, "perhaps by another stud");
  await exchange(before);
  for (let count = 0; count < 5; count++) await site.echoOnce();
});

Deno.test("a stud whose second frontend is taken serves on none", async () => {
  using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = other.addr as Deno.NetAddr;
  const args = ["--self-signed", "-f", "127.0.0.1,0", "-f", `127.0.0.1,${port}`];
  assertStringIncludes(await startError(args), `127.0.0.1:${port}`);
});

Deno.test("stud starts again on its port at once, although old connections linger there", async () => {
  using pem = await temporaryPem();
  let port: number;
  {
    await using first = await Site.startEcho();
    port = first.port;
    using client = await first.connect();
    await exchange(client);
  }
  await using second = await Stud.start(["-f", `127.0.0.1,${port}`, pem.path]);
  assertEquals(second.port, port);
});

Deno.test("port 0 is a port of the system's choice, and the log says which", async () => {
  await using stud = await Stud.start([
    ...["--self-signed", "-f", "127.0.0.1,0", "-f", "127.0.0.1,0"],
  ]);
  const [one, other] = [...stud.stdout.matchAll(/127\.0\.0\.1:(\d+)/g)].map((match) => match[1]);
  assert(one !== "0" && other !== "0" && one !== other, stud.report());
  for (const port of [one, other]) {
    (await Deno.connect({ hostname: "127.0.0.1", port: Number(port) })).close();
  }
});
