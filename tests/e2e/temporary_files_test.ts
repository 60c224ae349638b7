/** `$TMPDIR`, where everybody may write: stud trusts nothing there, and leaves nothing. */

import { assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { Stud, studCommand } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

testWith(
  { linux: true, tools: ["mkfifo"] },
  "stud starts, serves and ends without a look at what lies in TMPDIR",
  async () => {
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
    try {
      // Whoever opens it to read waits for ever.
      const trap = `deno-compile-${studCommand().at(-1)!.split("/").at(-1)}.cache`;
      await new Deno.Command("mkfifo", { args: [`${folder}/${trap}`] }).output();
      const args = ["-n", "1", "-f", "127.0.0.1,0", "-b", backend.address, pem.path];
      {
        await using stud = await Stud.start(args, { TMPDIR: folder });
        await echoOnce(stud.port, pem);
        stud.signal("SIGTERM");
        assertEquals((await stud.ended()).code, 0, stud.report());
      }
      assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), [trap]);
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
  },
);
