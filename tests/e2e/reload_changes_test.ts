/** HUP: what the configuration and its files say by now is served, and connections of before go on. */

import { assert, assertEquals, assertRejects } from "../support/assert.ts";
import { Backend } from "../support/backend.ts";
import { pemFile } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, freePort, isRefused } from "../support/ports.ts";
import { listenersOn } from "../support/proc.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { ReturningClient, TICKET_VERSIONS } from "../support/returning_client.ts";
import { Shared } from "../support/shared.ts";
import { byLibrary, TLS_LIBRARY } from "../support/stud.ts";
import { connectTls, receive } from "../support/tls_client.ts";
import { runTool } from "../support/tool_process.ts";

const twoWorkers = new Shared(() => ReloadingSite.start({ lines: ["workers = 2"] }));
const ONE = ["workers = 1"];
const oneWorker = new Shared(() => ReloadingSite.start({ lines: ONE }));

twoWorkers.test(
  { linux: true },
  "a new certificate is served from the reload on, and connections of before go on",
  async (site) => {
    await site.restore(2);
    const workers = site.stud.workers();
    using client = await connectTls(site.port, site.first);
    await exchange(client);
    const next = await site.renew();
    await site.reload();
    for (let count = 0; count < 10; count++) await site.echoOnce(next);
    await assertRejects(() => site.echoOnce(site.first));
    await exchange(client, "begun before");
    assertEquals(site.stud.workers(), workers, "the same processes");
    await site.reload();
    await site.stud.output(/reloaded: nothing has changed/);
    await exchange(client, "after another reload");
    assertEquals(
      listenersOn(site.port),
      byLibrary({ rustls: 2, openssl: 2, node: listenersOn(site.port) }),
    );
    await client.closeWrite();
    assertEquals((await receive(client)).end, "clean");
  },
);

oneWorker.test(
  { linux: true },
  "frontends come and go, and a port that the system chose stays",
  async (site) => {
    await site.restore(1);
    const [second, third] = [freePort(), freePort()];
    const always = "127.0.0.1,0";
    site.configure(ONE, { frontends: [always, `127.0.0.1,${second}`] });
    await site.reload();
    using client = await connectTls(second, site.first);
    await exchange(client);
    site.configure(ONE, { frontends: [`127.0.0.1,${third}`, always] });
    await site.reload();
    await site.echoOnce(site.first, third);
    await site.echoOnce(site.first, site.port);
    assert(site.stud.stdout.trimEnd().split("\n").at(-1)!.includes(`and 127.0.0.1:${site.port},`));
    await eventually("the other one is closed", () => isRefused(second));
    await exchange(client, "on a port that is closed");
    site.configure(ONE);
    await site.reload();
    await eventually("the third one is closed", () => isRefused(third));
    await site.echoOnce();
  },
);

oneWorker.test(
  { linux: true },
  "workers become more and fewer, and none is lost with its clients",
  async (site) => {
    await site.restore(1);
    const [worker] = site.stud.workers();
    using client = await connectTls(site.port, site.first);
    await exchange(client);
    for (const count of [2, 1]) {
      site.configure([`workers = ${count}`]);
      await site.reload();
      await site.stud.output(new RegExp(`reloaded: ${count} workers? serves? `));
      // The first one has a client yet.
      await eventually(`${count} workers and one`, () => site.stud.workers().length === count + 1);
      for (let round = 0; round < 5; round++) await site.echoOnce();
      await exchange(client, "at a former worker");
    }
    assert(site.stud.workers().includes(worker!));
    await client.closeWrite();
    assertEquals((await receive(client)).end, "clean");
    await eventually("one worker", () => site.stud.workers().length === 1);
    assert(!site.stud.stderr.includes("died"), site.stud.report());
  },
);

// What rustls has no part in: with it this would be what OpenSSL does, once more.
if (TLS_LIBRARY !== "rustls") {
  oneWorker.test(
    { linux: true, tools: ["openssl"] },
    "protocols, ciphers and the backend change, for new connections alone",
    async (site) => {
      await site.restore(1);
      await using other = Backend.serve(async (conn) => {
        await conn.write(new TextEncoder().encode("another one"));
        await conn.closeWrite();
      });
      using client = await connectTls(site.port, site.first);
      await exchange(client);
      assertEquals(await offered(site.port, "-tls1_3"), "TLSv1.3");
      site.configure([
        ...[...ONE, 'tls-protos = "TLSv1.2"', 'ciphers = "ECDHE-ECDSA-AES256-GCM-SHA384"'],
        "ssl-handshake-timeout = 1",
      ], { backend: other.address });
      await site.reload();
      assertEquals(await offered(site.port, "-tls1_3"), undefined);
      assertEquals(
        await offered(site.port, "-tls1_2"),
        "TLSv1.2, Cipher is ECDHE-ECDSA-AES256-GCM-SHA384",
      );
      using fresh = await connectTls(site.port, site.first);
      assertEquals((await receive(fresh)).text, "another one");
      await exchange(client, "at the former backend");
      using silent = await Deno.connect({ hostname: "127.0.0.1", port: site.port });
      await silent.write(Uint8Array.of(22));
      await receive(silent, 5_000);
    },
  );

  twoWorkers.test(
    { linux: true, tools: ["openssl"] },
    "sessions that began before a new certificate are resumed",
    async (site) => {
      await site.restore(2);
      using trusted = pemFile(site.first.text);
      for (const version of TICKET_VERSIONS) {
        using client = new ReturningClient({ version, trusted });
        const began = await client.begin(site.port);
        assert(began.answered && !began.resumed, began.report);
        const next = await site.renew();
        await site.reload();
        await site.echoOnce(next);
        const visit = await client.offer(site.port);
        assertEquals([visit.answered, visit.resumed], [true, true], visit.report);
        site.put("site.pem", site.first.text);
        await site.reload();
      }
    },
  );
}

/** What s_client agreed on; undefined: nothing. */
async function offered(port: number, version: string): Promise<string | undefined> {
  const client = await runTool("openssl", [
    ...["s_client", "-connect", `127.0.0.1:${port}`, version],
  ]);
  const [, found, cipher] = /^New, (TLSv[\d.]+), Cipher is (\S+)/m.exec(client.stdout) ?? [];
  if (found === undefined) return undefined;
  return found === "TLSv1.3" ? found : `${found}, Cipher is ${cipher}`;
}
