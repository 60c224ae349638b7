/**
 * How often a worker has a private key in its memory: twice at most, whichever library serves, from the start on and
 * after reloads. What is counted is the PEM text and the secret number; what has been freed counts too.
 */

import { assert } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { pemFile } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
import { type Made, made } from "../support/made_certificates.ts";
import { keyCopies } from "../support/memory_scan.ts";
import { Stud } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

/** What dead frames of the stack and freed memory hold is written over soon, by whatever happens next. */
async function assertFew(stud: Stud, pem: string, when: string): Promise<void> {
  const [worker] = stud.workers();
  let last = "";
  await eventually(`two copies at most ${when}`, async () => {
    const { text, number } = await keyCopies(worker!, pem);
    last = `${text} as text, ${number} as number`;
    assert(number > 0, `it is looked for in the right place ${when}: ${last}`);
    return text + number <= 2;
  }, 10_000).catch((error) => {
    throw new Error(`${error.message}: ${last}\n${stud.report()}`);
  });
}

for (const library of ["openssl", "rustls"]) {
  for (const keyType of ["ec", "rsa"] as const) {
    testWith(
      { linux: true, root: true, notOnNode: true },
      `a worker has an ${keyType} key at most twice in its memory, by ${library}, renewed ones too`,
      async () => {
        const names = ["localhost", "ip:127.0.0.1"];
        const [first, second] = await Promise.all([
          made({ names, keyType, from: -2000 }),
          made({ names, keyType, from: -2000 }),
        ]);
        await using backend = Backend.serve(echo);
        using file = pemFile(first.pem);
        await using stud = await Stud.start([
          ...["-n", "1", `--tls-library=${library}`, "-f", "127.0.0.1,0"],
          ...["-b", backend.address, file.path],
        ]);
        await assertFew(stud, first.pem, "at the start");
        const trusted = ({ certificate }: Made) => ({ certificate });
        for (let count = 0; count < 5; count++) await echoOnce(stud.port, trusted(first));
        await assertFew(stud, first.pem, "after some clients");
        await Deno.writeTextFile(file.path, second.pem);
        stud.signal("SIGHUP");
        await stud.output(/reloaded/);
        for (let count = 0; count < 5; count++) await echoOnce(stud.port, trusted(second));
        await assertFew(stud, second.pem, "after a reload");
      },
    );
  }
}
