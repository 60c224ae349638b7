/** The access log: a line for every connection when it ends, wherever it goes. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { freePort } from "../support/ports.ts";
import { resetConnection } from "../support/reset.ts";
import { ReturningClient } from "../support/returning_client.ts";
import { failHandshake } from "../support/serving.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { startError } from "../support/start_error.ts";
import { BY_OPENSSL, byLibrary, type Stud } from "../support/stud.ts";
import { receive, send } from "../support/tls_client.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

// deno-lint-ignore no-explicit-any -- lines are data
type Line = any;

/** A stud of two workers, with the access log in a file. */
const shared = new Shared(async () => {
  const folder = new Folder();
  const path = `${folder.path}/access.json`;
  const args = ["-n", "2", "--access-log", path, "--access-log-format=json"];
  return Object.assign(await Site.start({ args, owns: [folder] }), { path });
});

shared.test({ linux: true }, "each way to end is a line with what is known", async (site) => {
  const { path } = site;
  const orderly = await site.connectThrough();
  await send(orderly.client, "hello");
  await orderly.client.closeWrite();
  assertEquals((await receive(orderly.peer)).text, "hello");
  await send(orderly.peer, "hello to you");
  await orderly.peer.closeWrite();
  assertEquals((await receive(orderly.client)).text, "hello to you");
  const { port: from } = orderly.client.localAddr as Deno.NetAddr;
  const first = await lineOf(path, `127.0.0.1:${from}`, site.stud);
  orderly.client.close();
  assert(Math.abs(Date.now() - Date.parse(first.time)) < 60_000, first.time);
  assert(first.duration >= first.handshake && first.handshake > 0, JSON.stringify(first));
  assertEquals(told(first), {
    client: `127.0.0.1:${from}`,
    frontend: `127.0.0.1:${site.port}`,
    ...byLibrary({
      rustls: {},
      openssl: { tls: "TLSv1.3", cipher: true, resumed: false, ja4: true },
    }),
    backend: site.backend.address.replace(",", ":"),
    to_backend: 5,
    to_client: 12,
    end: "orderly",
  });

  const reset = await site.connectThrough();
  await send(reset.client, "hello");
  resetConnection(reset.client);
  await receive(reset.peer);
  const { port: other } = reset.client.localAddr as Deno.NetAddr;
  reset.client.close();
  const second = await lineOf(path, `127.0.0.1:${other}`, site.stud);
  assertEquals([second.end, second.by, second.to_backend], ["reset", "client", 5]);

  const client = await failHandshake(site.port);
  const third = await lineOf(path, client, site.stud);
  assertEquals([third.client, third.end, third.by], [client, "handshake-failed", "client"]);
  assert(third.reason.startsWith("not TLS"), third.reason);
  assertEquals([third.backend, third.handshake, third.ja4], [undefined, undefined, undefined]);

  assertEquals(Deno.statSync(path).mode! & 0o007, 0);
});

Deno.test("a backend that refuses is named, and so is how far it came", async () => {
  const port = freePort();
  await using site = await Site.start({
    args: ["--access-log=-"],
    backendAddress: `127.0.0.1,${port}`,
  });
  const client = await site.connect();
  await receive(client);
  client.close();
  await site.stud.output(
    new RegExp(
      `^\\d{4}-\\S+Z client=.* backend=- to_backend=0 to_client=0 handshake=\\d+\\.\\d{3} duration=\\S+ ` +
        `end=backend-failed by=backend reason="127\\.0\\.0\\.1:${port}: .*refused.*"$`,
      "m",
    ),
  );
});

testWith(
  { linux: true, tools: ["openssl"] },
  "a resumed session, its name and its fingerprint are on standard output",
  async () => {
    await using site = await Site.start({
      args: [BY_OPENSSL, "--access-log=-"],
      backend: Backend.serve(echo),
    });
    using client = new ReturningClient({ version: "-tls1_3", trusted: site.pem });
    await client.begin(site.port);
    await client.offer(site.port);
    const line = (resumed: string) =>
      new RegExp(
        `^\\d{4}-\\S+Z client=127\\.0\\.0\\.1:\\d+ frontend=127\\.0\\.0\\.1:${site.port} ` +
          `sni=localhost tls=TLSv1\\.3 cipher=TLS_\\S+ group=\\S+ resumed=${resumed} alpn=- ` +
          `ja4=t13d\\d{4}00_[0-9a-f]{12}_[0-9a-f]{12} client_subject=- backend=127\\.0\\.0\\.1:\\d+ ` +
          `to_backend=22 to_client=22 handshake=\\d+\\.\\d{3} duration=\\d+\\.\\d{3} end=\\S+ `,
        "m",
      );
    await site.stud.output(line("no"));
    await site.stud.output(line("yes"));
  },
);

shared.test({ linux: true }, "the file is opened again after its rotation", async (site) => {
  const { path, stud } = site;
  const former = await failHandshake(site.port);
  await lineOf(path, former, stud);
  const whole = Deno.readTextFileSync(path);
  Deno.renameSync(path, `${path}.1`);
  stud.signal("SIGHUP");
  await eventually("a new file", () => exists(path), 15_000, () => stud.report());
  await lineOf(path, await failHandshake(site.port), stud);
  Deno.renameSync(path, `${path}.2`);
  await eventually(
    "a change of file is noticed without a signal",
    async () => {
      await failHandshake(site.port);
      return exists(path);
    },
    15_000,
    () => stud.report(),
  );
  assertEquals(Deno.readTextFileSync(`${path}.1`), whole);
});

testWith(
  { linux: true, root: true, notOnNode: true },
  "workers that have dropped their privileges still write it",
  async () => {
    using folder = new Folder();
    const path = `${folder.path}/access`;
    const args = ["-u", "nobody", "-r", folder.path, "--access-log", path];
    await using site = await Site.start({ args });
    await failHandshake(site.port);
    await textOf(path, 1, site.stud);
  },
);

Deno.test("a file that cannot be opened is a start error", async () => {
  using folder = new Folder();
  const path = `${folder.path}/none/access`;
  const line = await startError([
    ...["-f", "127.0.0.1,0", "--self-signed=localhost", "--access-log", path],
  ]);
  assertEquals(line, `--access-log ${path}: no such directory`);
});

/** What does not differ from run to run; of ciphers and fingerprints only whether they look like it. */
function told(line: Line): Line {
  const { time: _, duration: __, handshake: ___, group: ____, cipher, ja4, ...rest } = line;
  if (cipher !== undefined) rest.cipher = /^TLS_/.test(cipher);
  if (ja4 !== undefined) rest.ja4 = /^t13i\d{4}00_\w{12}_\w{12}$/.test(ja4);
  return rest;
}

/** The line of a client, as soon as there is one. */
async function lineOf(path: string, client: string, stud: Stud): Promise<Line> {
  const lines = () => Deno.readTextFileSync(path).split("\n").slice(0, -1);
  const find = () => lines().map((line) => JSON.parse(line)).find((line) => line.client === client);
  await eventually(`a line of ${client}`, () => find() !== undefined, 15_000, () => stud.report());
  return find();
}

/** The file's content as soon as it has so many lines. */
async function textOf(path: string, count: number, stud: Stud): Promise<string> {
  const lines = () => Deno.readTextFileSync(path).split("\n").length - 1;
  await eventually(`${count} lines`, () => lines() >= count, 15_000, () => stud.report());
  return Deno.readTextFileSync(path);
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
