/** A backend that cannot be reached: clients are told at once, the log says why, nothing is left behind. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, closeQuietly, echo } from "../support/backend.ts";
import { FullBacklog } from "../support/full_backlog.ts";
import { freePort } from "../support/ports.ts";
import { Site } from "../support/site.ts";
import { receive, type Received, send } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const linux = { linux: true };

testWith(linux, "a backend that refuses ends the client at once, and never cleanly", async () => {
  const backendAddress = `127.0.0.1,${freePort()}`;
  await using site = await Site.start({ backendAddress });
  for (let round = 0; round < 10; round++) await assertRefused(site);
  const where = backendAddress.replace(",", ":");
  await site.stud.output(
    new RegExp(`error: .*backend failed: ${where}: connection refused \\(client 127\\.0\\.0\\.1:`),
  );
  await site.released();
});

testWith(linux, "300 clients of a backend that refuses give a few log lines", async () => {
  await using site = await Site.start({ backendAddress: `127.0.0.1,${freePort()}` });
  await Promise.all(Array.from({ length: 300 }, () => assertRefused(site)));
  await site.released();
  const lines = site.stud.stderr.split("\n").filter((line) => line.includes("backend failed"));
  assert(lines.length >= 1 && lines.length <= 3, site.stud.report());
  site.stud.signal("SIGTERM");
  await site.stud.ended();
  const text = site.stud.stdout + site.stud.stderr;
  const counted = [...text.matchAll(/backend failed: .*: (\d+) more within/g)];
  const sum = counted.reduce((total, match) => total + Number(match[1]), 0);
  assertEquals(sum + lines.length, 300, site.stud.report());
});

testWith(linux, "a backend that hangs in connect is cancelled after its timeout", async () => {
  using backend = await FullBacklog.open();
  const args = ["--backend-connect-timeout", "1"];
  await using site = await Site.start({ args, backendAddress: backend.address });
  const began = Date.now();
  await Promise.all(Array.from({ length: 20 }, () => assertRefused(site)));
  assert(Date.now() - began >= 900, "given up too early");
  await site.stud.output(
    /backend failed: 127\.0\.0\.1:\d+: no connection within 1 s \(client 127\.0\.0\.1:\d+ to /,
  );
  await site.released();
});

testWith(linux, "a client that leaves while its backend hangs in connect is released", async () => {
  using backend = await FullBacklog.open();
  const args = ["--backend-connect-timeout", "2"];
  await using site = await Site.start({ args, backendAddress: backend.address });
  await Promise.all(Array.from({ length: 20 }, async () => {
    const client = await site.connect();
    await send(client, "anybody there?");
    client.close();
  }));
  await site.released();
});

testWith(linux, "a unix socket that is missing is named, and used once it is there", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  const path = `${folder}/backend.sock`;
  try {
    await using site = await Site.start({ backendAddress: path });
    await assertRefused(site);
    await site.stud.output(new RegExp(`backend failed: ${path}: no such socket \\(client 127`));
    await site.released();
    await using _ = Backend.serve(echo, path);
    await site.echoOnce();
    await site.released();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith(linux, "a unix socket without a listener is named", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  const path = `${folder}/backend.sock`;
  try {
    await Backend.listen(path)[Symbol.asyncDispose]();
    await using site = await Site.start({ backendAddress: path });
    await assertRefused(site);
    await site.stud.output(
      new RegExp(`backend failed: ${path}: (connection refused|no such socket) \\(client 127`),
    );
    await site.released();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testWith({ linux: true, root: true }, "a unix socket that stud may not use is named", async () => {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  const path = `${folder}/backend.sock`;
  try {
    const backend = Backend.serve(echo, path);
    await Deno.chmod(folder, 0o755);
    await Deno.chmod(path, 0o600);
    await using site = await Site.start({
      args: ["--user", "nobody"],
      backend,
      backendAddress: path,
    });
    await assertRefused(site);
    await site.stud.output(new RegExp(`backend failed: ${path}: permission denied \\(client 127`));
    await Deno.chmod(path, 0o666);
    await site.echoOnce();
    await site.released();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** A client whose handshake succeeds and whose connection then ends by an error. */
async function assertRefused(site: Site): Promise<void> {
  const client = await site.connect();
  let received: Received;
  try {
    await send(client, "hello").catch(() => {});
    received = await receive(client);
  } finally {
    closeQuietly(client);
  }
  assertEquals(received.text, "");
  assert(received.end !== "clean", `the client saw a clean end\n${site.stud.report()}`);
}
