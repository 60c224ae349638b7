/** HUP when workers are nobody by now: what only root can do is done by new workers, and nobody's clients lose. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, freeLowPort } from "../support/ports.ts";
import { threadFields } from "../support/proc.ts";
import { ReloadingSite } from "../support/reloading_site.ts";
import { TLS_LIBRARY } from "../support/stud.ts";
import { connectTls, receive } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

testWith(
  { root: true, linux: true },
  "a low port and a new certificate are served although workers are nobody",
  async () => {
    const lines = ['user = "nobody"'];
    await using site = await ReloadingSite.start({ lines });
    using client = await connectTls(site.port, site.first);
    await exchange(client);
    const low = freeLowPort();
    const next = await site.renew();
    site.configure(lines, { frontends: ["127.0.0.1,0", `127.0.0.1,${low}`] });
    await site.reload();
    assert(!site.stud.stderr.includes("reload failed"), site.stud.report());
    await site.echoOnce(next, low);
    await site.echoOnce(next);
    await exchange(client, "at the former worker");
    for (const pid of site.stud.workers()) {
      assertEquals(new Set(threadFields(pid, "Uid")), new Set(["65534 65534 65534 65534"]));
    }
    // Older Nodes listen in the supervisor, so that there a worker needs no rights.
    if (TLS_LIBRARY !== "node") assertEquals(site.stud.workers().length, 2, "a new worker");
    // Whether in place or by another worker again.
    const last = await site.renew();
    await site.reload();
    await site.echoOnce(last, low);
    await site.echoOnce(last);
    await exchange(client, "long after");
    await client.closeWrite();
    assertEquals((await receive(client)).end, "clean");
    await eventually("one worker", () => site.stud.workers().length === 1);
    assert(!site.stud.stderr.includes("died"), site.stud.report());
  },
);
