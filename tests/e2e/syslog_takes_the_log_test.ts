/** `-s`: the log also goes to the system's log daemon, here rsyslogd, under facility and identity. */

import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { temporaryPem } from "../support/certificates.ts";
import { freePort } from "../support/ports.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { failHandshake, serving } from "../support/serving.ts";
import { Stud } from "../support/stud.ts";
import { connectTls, receive } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["rsyslogd"], root: true, linux: true, notOnNode: true };

testWith(
  NEEDS,
  "lines arrive under facility, severity and stud's own name and process",
  async () => {
    await using rsyslog = await Rsyslog.start();
    using pem = await temporaryPem();
    const dead = `127.0.0.1,${freePort()}`;
    await using stud = await Stud.start([
      ...["-s", "--syslog-facility", "local3", "-f", "127.0.0.1,0", "-b", dead, pem.path],
    ]);
    const tag = `stud\\[${stud.pid}\\]:`;
    await rsyslog.line(new RegExp(`^local3 info ${tag} +1 worker serves on 127\\.0\\.0\\.1:`));
    const client = await failHandshake(stud.port);
    const line = await rsyslog.line(
      new RegExp(`^local3 info ${tag} +worker 1: handshake failed: `),
    );
    assertStringIncludes(line, `client ${client} to `);
    using connection = await connectTls(stud.port, pem);
    await receive(connection);
    await rsyslog.line(new RegExp(`^local3 err ${tag} +worker 1: backend failed: `));
    stud.signal("SIGHUP");
    await rsyslog.line(new RegExp(`^local3 info ${tag} +reloaded: `));
    // Standard output and standard error have the same.
    assertStringIncludes(stud.stdout, "1 worker serves on");
    assertStringIncludes(stud.stderr, "backend failed");
    stud.signal("SIGTERM");
    assertEquals((await stud.ended()).code, 0);
    await rsyslog.line(new RegExp(`^local3 info ${tag} +stopped`));
  },
);

testWith(
  NEEDS,
  "the facility is daemon unless another is chosen, and -q holds there too",
  async () => {
    await using rsyslog = await Rsyslog.start();
    using pem = await temporaryPem();
    const port = freePort();
    await using quiet = Stud.spawn([
      ...["--syslog", "-q", "-f", `127.0.0.1,${port}`, "-b", `127.0.0.1,${freePort()}`, pem.path],
    ]);
    const died = new RegExp(
      `^daemon err stud\\[${quiet.pid}\\]: +worker 1 \\(process \\d+\\) died`,
    );
    await failEverything(quiet, port);
    await rsyslog.line(died);
    const own = rsyslog.lines.filter((line) => line.includes(`stud[${quiet.pid}]`));
    assert(own.every((line) => line.startsWith("daemon err ")), own.join("\n"));
  },
);

/** Something for information, and something for an error. */
async function failEverything(stud: Stud, port: number): Promise<void> {
  await serving(port);
  await failHandshake(port);
  Deno.kill(stud.workers()[0]!, "SIGKILL");
}
