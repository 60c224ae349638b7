/** A backend that cannot be reached: clients are told at once, the log says why, nothing is left behind. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, closeQuietly, echo } from "../support/backend.ts";
import { FullBacklog } from "../support/full_backlog.ts";
import { freePort } from "../support/ports.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { receive, type Received, send } from "../support/tls_client.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

const linux = { linux: true };

/** Its backend hangs in connect. */
const hanging = new Shared(async () => {
  const backend = await FullBacklog.open();
  const args = ["--backend-connect-timeout", "1"];
  return await Site.start({ args, backendAddress: backend.address, owns: [backend] });
});

const folder = new Folder();
const path = `${folder.path}/backend.sock`;
const unix = new Shared(() => {
  Deno.chmodSync(folder.path, 0o755);
  const args = Deno.uid() === 0 ? ["--user", "nobody"] : [];
  return Site.start({ args, backendAddress: path, owns: [folder] });
});

testWith(
  linux,
  "300 clients of a backend that refuses are ended at once, never cleanly, and give a few log lines",
  async () => {
    const backendAddress = `127.0.0.1,${freePort()}`;
    await using site = await Site.start({ backendAddress });
    await Promise.all(Array.from({ length: 300 }, () => assertRefused(site)));
    await site.released();
    const where = backendAddress.replace(",", ":");
    await site.stud.output(
      new RegExp(
        `error: .*backend failed: ${where}: connection refused \\(client 127\\.0\\.0\\.1:`,
      ),
    );
    const lines = site.stud.stderr.split("\n").filter((line) => line.includes("backend failed"));
    assert(lines.length >= 1 && lines.length <= 3, site.stud.report());
    site.stud.signal("SIGTERM");
    await site.stud.ended();
    const text = site.stud.stdout + site.stud.stderr;
    const counted = [...text.matchAll(/backend failed: .*: (\d+) more within/g)];
    const sum = counted.reduce((total, match) => total + Number(match[1]), 0);
    assertEquals(sum + lines.length, 300, site.stud.report());
  },
);

hanging.test(
  linux,
  "a backend that hangs in connect is cancelled after its timeout",
  async (site) => {
    const began = Date.now();
    await Promise.all(Array.from({ length: 20 }, () => assertRefused(site)));
    assert(Date.now() - began >= 900, "given up too early");
    await site.stud.output(
      /backend failed: 127\.0\.0\.1:\d+: no connection within 1 s \(client 127\.0\.0\.1:\d+ to /,
    );
    await site.released();
  },
);

hanging.test(
  linux,
  "a client that leaves while its backend hangs in connect is released",
  async (site) => {
    await Promise.all(Array.from({ length: 20 }, async () => {
      const client = await site.connect();
      await send(client, "anybody there?");
      client.close();
    }));
    await site.released();
  },
);

unix.test(
  linux,
  "a unix socket that is missing is named, and used once it is there",
  async (site) => {
    await assertRefused(site);
    await site.stud.output(new RegExp(`backend failed: ${path}: no such socket \\(client 127`));
    await site.released();
    await using _ = Backend.serve(echo, path);
    await Deno.chmod(path, 0o666);
    await site.echoOnce();
    await site.released();
  },
);

unix.test(linux, "a unix socket without a listener is named", async (site) => {
  // The socket of a listener that has ended, which Deno would remove.
  const listener = Backend.listen(`${path}.listens`);
  await Deno.rename(`${path}.listens`, path);
  await listener[Symbol.asyncDispose]();
  await Deno.chmod(path, 0o666);
  await assertRefused(site);
  await site.stud.output(
    new RegExp(`backend failed: ${path}: connection refused \\(client 127`),
  );
  await site.released();
  await Deno.remove(path);
});

unix.test(
  { linux: true, root: true },
  "a unix socket that stud may not use is named",
  async (site) => {
    await using _ = Backend.serve(echo, path);
    await Deno.chmod(path, 0o600);
    await assertRefused(site);
    await site.stud.output(new RegExp(`backend failed: ${path}: permission denied \\(client 127`));
    await Deno.chmod(path, 0o666);
    await site.echoOnce();
    await site.released();
  },
);

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
