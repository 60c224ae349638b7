/**
 * stud by `deno run` from its modules, as the README has it. The other end-to-end tests start a bundle, an
 * executable or the npm package, which come otherwise to their workers and to what is loaded on demand.
 */

import { assertEquals, assertStringIncludes } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { exchange, isRefused } from "../support/ports.ts";
import { commandLine } from "../support/proc.ts";
import { sourceCommand, Stud } from "../support/stud.ts";
import { connectTls, echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

for (const library of ["openssl", "rustls"]) {
  testWith(
    { linux: true },
    `deno run starts the source: it serves, reloads, replaces a worker and ends, by ${library}`,
    async () => {
      using pem = await temporaryPem();
      await using backend = Backend.serve(echo);
      const common = [`--tls-library=${library}`, "-f", "127.0.0.1,0", "-b", backend.address];
      await using stud = await Stud.start([...common, pem.path], {}, { command: sourceCommand() });
      const [first] = stud.workers();
      assertStringIncludes(commandLine(first!).join(" "), "/src/worker_entry.ts");
      {
        using client = await connectTls(stud.port, pem);
        await exchange(client, "before the reload");
        stud.signal("SIGHUP");
        await stud.output(/reloaded: /);
        await exchange(client, "after the reload");
      }
      Deno.kill(first!, "SIGKILL");
      await eventually("another worker", () => stud.workers().some((pid) => pid !== first));
      await eventually("it listens", async () => !await isRefused(stud.port));
      await echoOnce(stud.port, pem);
      stud.signal("SIGTERM");
      assertEquals((await stud.ended()).code, 0, "the status after SIGTERM");
    },
  );
}
