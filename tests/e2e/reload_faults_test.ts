/** HUP when something is wrong: stud says what, serves on as before, and takes what is mended at the next HUP. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange } from "../support/ports.ts";
import { newCertificate, ReloadingSite } from "../support/reloading_site.ts";
import { Shared } from "../support/shared.ts";
import { BY_OPENSSL } from "../support/stud.ts";
import { connectTls } from "../support/tls_client.ts";

const library = BY_OPENSSL.split("=")[1]!;
const sites = new Shared(() => ReloadingSite.start({ library, lines: ["workers = 1"] }));

sites.test(
  { linux: true },
  "a bad configuration changes nothing, and its fault is named",
  async (site) => {
    await site.restore(1);
    const workers = site.stud.workers();
    site.configure(["workers = 1", "wrokers = 2"]);
    await site.reload();
    assertStringIncludes(
      site.stud.stderr,
      `reload failed, keeping the current configuration: ${site.folder}/stud.conf:5:1: unknown key "wrokers"`,
    );
    await site.echoOnce();
    site.configure(["workers = 2"], { backend: "127.0.0.1,no-such-service" });
    await site.reload();
    assertStringIncludes(
      site.stud.stderr,
      "current configuration: --backend: no-such-service is neither",
    );
    await site.echoOnce();
    site.configure(['ticket-secret = "/no/secret"']);
    await site.reload();
    assertStringIncludes(
      site.stud.stderr,
      "/stud.conf:4:17: ticket-secret /no/secret: no such file",
    );
    await site.echoOnce();
    site.configure([], { frontends: ["192.0.2.1,443"] });
    await site.reload();
    assertStringIncludes(site.stud.stderr, "192.0.2.1:443");
    await site.echoOnce();
    assertEquals(site.stud.workers(), workers);
    const next = await site.renew();
    site.configure(["workers = 1"]);
    await site.reload();
    await site.echoOnce(next);
    assertEquals(site.stud.workers(), workers);
  },
);

sites.test(
  { linux: true },
  "a bad certificate among others is named, and what its file held before is served on",
  async (site) => {
    await site.restore(1);
    const more = [1, 2].map((index) => `pem-file = "${site.folder}/${index}.pem"`);
    // The last one is the default, which clients without a server name get.
    const last = await newCertificate();
    site.put("1.pem", (await newCertificate()).text);
    site.put("2.pem", last.text);
    site.configure(more);
    await site.reload();
    await site.echoOnce(last);
    site.put("2.pem", "no certificate\n");
    const first = await site.renew();
    site.put("3.pem", "never a certificate\n");
    site.configure([more[0]!, `pem-file = "${site.folder}/3.pem"`, more[1]!]);
    await site.reload();
    await site.echoOnce(last);
    assertStringIncludes(site.stud.stderr, `in quarantine: ${site.folder}/2.pem: `);
    assertStringIncludes(site.stud.stderr, "; stud keeps serving its previous certificate");
    assertStringIncludes(site.stud.stderr, `in quarantine: ${site.folder}/3.pem: `);
    assertStringIncludes(site.stud.stderr, "; stud does not serve it");
    const mended = await newCertificate();
    site.put("2.pem", mended.text);
    site.configure([more[1]!]);
    await site.reload();
    await site.echoOnce(mended);
    await assertRejects(() => site.echoOnce(last));
    await assertRejects(() => site.echoOnce(first));
  },
);

sites.test({ linux: true }, "three hundred HUPs at once are a few reloads", async (site) => {
  await site.restore(1);
  const workers = site.stud.workers();
  using client = await connectTls(site.port, site.first);
  for (let count = 0; count < 300; count++) site.stud.signal("SIGHUP");
  await site.stud.output(/reloaded: nothing has changed/);
  const next = await site.renew();
  site.stud.signal("SIGHUP");
  await site.stud.output(/reloaded: 1 worker serves/);
  await site.echoOnce(next);
  assert(site.reloads < 50, `${site.reloads} reloads`);
  await exchange(client);
  assertEquals(site.stud.workers(), workers);
});

sites.test(
  { linux: true },
  "a new worker that is killed while it starts is started once more",
  async (site) => {
    await site.restore(1);
    const before = site.stud.workers();
    site.configure(["workers = 2"]);
    const reloading = site.reload();
    const started = () => site.stud.workers().filter((pid) => !before.includes(pid));
    await eventually("a new worker", () => started().length > 0);
    Deno.kill(started()[0]!, "SIGKILL");
    await reloading;
    const { stdout, stderr } = site.stud;
    assert(/did not start: killed by SIGKILL; .*; starting it again/.test(stderr), stderr);
    assertStringIncludes(stdout, "reloaded: 2 workers serve");
    await site.echoOnce();
  },
);
