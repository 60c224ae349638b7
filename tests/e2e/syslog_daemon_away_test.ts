/** A log daemon that is restarted, gone or stalled: clients notice nothing, and lines arrive later. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { failHandshake } from "../support/serving.ts";
import { Stud } from "../support/stud.ts";
import { echoOnce } from "../support/tls_client.ts";
import { testWith } from "../support/tools.ts";

const NEEDS = { tools: ["rsyslogd"], root: true, linux: true, notOnNode: true };

/** More lines than the kernel queues for a daemon that does not read. */
const flood = () => Number(Deno.readTextFileSync("/proc/sys/net/unix/max_dgram_qlen")) + 50;

testWith(NEEDS, "lines written while the daemon restarts arrive afterwards", async () => {
  await using rsyslog = await Rsyslog.start();
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  await using stud = await Stud.start(["-s", "-f", "127.0.0.1,0", "-b", backend.address, pem.path]);
  await rsyslog.line(/1 worker serves/);
  await rsyslog.stop();
  // A line during the outage.
  await failHandshake(stud.port);
  await stud.output(/handshake failed: not TLS/);
  await echoOnce(stud.port, pem);
  await rsyslog.restart();
  await rsyslog.line(/handshake failed: not TLS/);
  // And one after it.
  stud.signal("SIGHUP");
  await rsyslog.line(/reloaded: /);
  assertEquals(rsyslog.lines.filter((line) => /handshake failed/.test(line)).length, 1);
});

testWith(NEEDS, "stud starts, serves and ends without a log daemon", async () => {
  await using rsyslog = await Rsyslog.start();
  await rsyslog.stop();
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  await using stud = await Stud.start(["-s", "-f", "127.0.0.1,0", "-b", backend.address, pem.path]);
  for (let count = 0; count < 5; count++) await echoOnce(stud.port, pem);
  stud.signal("SIGTERM");
  assertEquals((await stud.ended(10_000)).code, 0);
});

testWith(
  NEEDS,
  "a daemon that stalls delays no client, and gets its lines when it is back",
  async () => {
    await using rsyslog = await Rsyslog.start();
    await using backend = Backend.serve(echo);
    using pem = await temporaryPem();
    await using stud = await Stud.start([
      "-s",
      "-f",
      "127.0.0.1,0",
      "-b",
      backend.address,
      pem.path,
    ]);
    await rsyslog.line(/1 worker serves/);
    rsyslog.stall();
    const lines = flood();
    const reloads = () => stud.stdout.split("reloaded: ").length - 1;
    for (let round = 0; reloads() < lines; round++) {
      assert(round < 10 * lines, `${reloads()} lines only\n${stud.report()}`);
      stud.signal("SIGHUP");
      await echoOnce(stud.port, pem);
    }
    await failHandshake(stud.port);
    await stud.output(/handshake failed/);
    rsyslog.resume();
    await rsyslog.line(/handshake failed/, 30_000);
    const arrived = rsyslog.lines.filter((line) => /reloaded: /.test(line)).length;
    assert(arrived >= lines, `${arrived} of ${reloads()} lines arrived`);
  },
);

testWith(NEEDS, "a daemon that stalls does not keep stud from ending", async () => {
  await using rsyslog = await Rsyslog.start();
  await using stud = await Stud.start(["--self-signed", "-s", "-f", "127.0.0.1,0"]);
  await rsyslog.line(/1 worker serves/);
  rsyslog.stall();
  const lines = flood();
  const reloads = () => stud.stdout.split("reloaded: ").length - 1;
  while (reloads() < lines) {
    stud.signal("SIGHUP");
    await failHandshake(stud.port);
  }
  stud.signal("SIGTERM");
  assertEquals((await stud.ended(10_000)).code, 0);
});
