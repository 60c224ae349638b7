/** What stud refuses to OpenSSL's client, which can ask for things that others never do. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { keyUpdateArguments } from "../support/key_update_process.ts";
import { MemoryWatch } from "../support/memory_watch.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { byLibrary } from "../support/stud.ts";
import { send } from "../support/tls_client.ts";
import { ToolProcess } from "../support/tool_process.ts";
import { testWith } from "../support/tools.ts";

const needs = { tools: ["openssl"], linux: true };

const sites = new Shared(() => Site.startEcho([], 12));

sites.test(needs, "TLS 1.2 renegotiation by the client is refused", async (site) => {
  const { worker } = site;
  await using openssl = startClient(site, ["-tls1_2"]);
  await openssl.output(/Verify return code: 0/);
  await openssl.write("R\n");
  assert(await openssl.ended() !== 0, openssl.report());
  assertStringIncludes(openssl.stderr, "RENEGOTIATING");
  assertStringIncludes(openssl.stderr, "no renegotiation");
  await site.echoOnce();
  assertEquals(site.worker, worker);
  await site.released();
});

sites.test(needs, "secure renegotiation is announced, compression is not there", async (site) => {
  await using openssl = startClient(site, ["-tls1_2", "-comp"]);
  await openssl.output(/Verify return code: 0/);
  assertStringIncludes(openssl.stdout, "Compression: NONE");
  assertStringIncludes(openssl.stdout, "Secure Renegotiation IS supported");
});

sites.test(needs, "tickets of TLS 1.3 allow no early data, and resume", async (site) => {
  const session = await Deno.makeTempFile({ prefix: "stud-test-" });
  try {
    await using first = startClient(site, ["-tls1_3", "-sess_out", session]);
    // The tickets come before the echo.
    await first.write("hello\n");
    await first.output(/^hello$/m);
    await first.write("Q\n");
    await first.ended();
    assertStringIncludes(first.stdout, "Max Early Data: 0");
    assert(!/Max Early Data: [1-9]/.test(first.stdout), first.report());
    await using second = startClient(site, ["-tls1_3", "-sess_in", session]);
    await second.output(/Early data was not sent/);
    assertStringIncludes(second.stdout, "Reused, TLSv1.3");
  } finally {
    await Deno.remove(session);
  }
});

for (const version of ["-tls1", "-tls1_1"]) {
  sites.test(needs, `s_client ${version} is refused, and the log says why`, async (site) => {
    await using openssl = startClient(site, [version, "-cipher", "ALL:@SECLEVEL=0"]);
    assert(await openssl.ended() !== 0, openssl.report());
    const versions = byLibrary({
      rustls: "does not offer TLS 1\\.2 or later",
      openssl: "offers no TLS version that stud allows",
    });
    await site.stud.output(
      new RegExp(
        `handshake failed: the client ${versions} \\(client 127\\.0\\.0\\.1:\\d+ `,
      ),
    );
    await site.echoOnce();
  });
}

sites.test(
  needs,
  "a client that does not trust the certificate is named in the log",
  async (site) => {
    await using openssl = new ToolProcess("openssl", [
      ...["s_client", "-connect", `127.0.0.1:${site.port}`, "-verify_return_error", "-tls1_2"],
    ]);
    assert(await openssl.ended() !== 0, openssl.report());
    await site.stud.output(
      /handshake failed: the client .*\(alert \w+\) \(client 127\.0\.0\.1:\d+ /,
    );
  },
);

sites.test(needs, "ciphers without forward secrecy are refused", async (site) => {
  await using openssl = startClient(site, ["-tls1_2", "-cipher", "AES128-SHA"]);
  assert(await openssl.ended() !== 0, openssl.report());
  await site.stud.output(/handshake failed: no .* in common/);
});

sites.test(needs, "a client may ask for new keys, but not all the time", async (site) => {
  const { worker } = site;
  await using openssl = startClient(site, ["-tls1_3"]);
  await openssl.output(/Verify return code: 0/);
  await updateKeys(openssl, 1);
  await openssl.write("still here\n");
  await openssl.output(/^still here$/m);
  await updateKeys(openssl, 40);
  // Node does not count them: it ends a flood of them only, as below.
  if (byLibrary({ rustls: false, openssl: false, node: true })) {
    await openssl.write("and here\n");
    return await openssl.output(/^and here$/m);
  }
  assert(await openssl.ended() !== 0, openssl.report());
  await site.stud.output(/connection ended: .*KeyUpdate.* \(client 127\.0\.0\.1:\d+ /);
  await site.echoOnce();
  assertEquals(site.worker, worker);
  await site.released();
});

const answering = new Shared(() =>
  Site.start({ backend: Backend.serve((conn) => send(conn, "the answer\n")) })
);

for (const version of ["-tls1_2", "-tls1_3"]) {
  const name = `the end of an answer is a close_notify, with ${version} too`;
  answering.test(needs, name, async (site) => {
    await using openssl = startClient(site, [version, "-msg"]);
    assertEquals(await openssl.ended(), 0, openssl.report());
    const answer = openssl.stdout.indexOf("the answer");
    const notify = openssl.stdout.search(/^<<< .*, warning close_notify$/m);
    assert(answer >= 0 && notify > answer, openssl.report());
    await site.released();
  });
}

testWith(
  needs,
  "a flood of requests for new keys neither keeps others waiting nor is kept",
  async () => {
    await using site = await Site.startEcho();
    const { worker } = site;
    await site.echoOnce();
    using memory = new MemoryWatch(worker);
    await using flood = new ToolProcess("deno", keyUpdateArguments(site.port, 300_000));
    while (flood.status === undefined) await site.echoOnce();
    assert(!flood.stdout.includes("served"), flood.report());
    assert(memory.growth < 40, `the worker grew by ${memory.growth} MiB`);
    await site.stud.output(/connection ended: .*KeyUpdate.* \(client 127\.0\.0\.1:\d+ /);
    assertEquals(site.worker, worker);
    await site.released();
  },
);

/** Each KeyUpdate is a message of its own, and no data comes between them. */
async function updateKeys(openssl: ToolProcess, times: number): Promise<void> {
  const updates = () => openssl.stderr.split("KEYUPDATE").length - 1;
  const goal = updates() + times;
  while (updates() < goal && openssl.status === undefined) {
    const before = updates();
    await openssl.write("K\n").catch(() => {});
    const answered = () => updates() > before || openssl.status !== undefined;
    await eventually("the key update", answered, 15_000, () => openssl.report());
  }
}

function startClient(site: Site, args: readonly string[]): ToolProcess {
  return new ToolProcess("openssl", [
    ...["s_client", "-connect", `127.0.0.1:${site.port}`, "-CAfile", site.pem.path],
    ...["-servername", "localhost", "-verify_return_error", ...args],
  ]);
}
