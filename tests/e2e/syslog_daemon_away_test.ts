/** A log daemon that is restarted, gone or stalled: clients notice nothing, and lines arrive later. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { temporaryPem } from "../support/certificates.ts";
import { eventually } from "../support/eventually.ts";
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

const stalls =
  "a daemon that stalls delays no client, gets its lines when it is back, and does not keep stud from ending";
testWith(NEEDS, stalls, async () => {
  await using rsyslog = await Rsyslog.start();
  await using backend = Backend.serve(echo);
  using pem = await temporaryPem();
  const args = ["-s", "-L", "2", "-f", "127.0.0.1,0", "-b", backend.address, pem.path];
  await using stud = await Stud.start(args);
  await rsyslog.line(/1 worker serves/);
  const lines = flood();
  // Each connection is a line.
  const ended = () => stud.stdout.match(/: ended/g)?.length ?? 0;
  const fill = async () => {
    rsyslog.stall();
    const before = ended();
    for (let count = 0; count < lines; count++) await echoOnce(stud.port, pem);
    await eventually("the lines", () => ended() >= before + lines, 15_000, () => stud.report());
  };
  await fill();
  await failHandshake(stud.port);
  await stud.output(/handshake failed/);
  rsyslog.resume();
  await rsyslog.line(/handshake failed/, 30_000);
  const arrived = rsyslog.lines.filter((line) => /: ended/.test(line)).length;
  assert(arrived >= lines, `${arrived} of ${ended()} lines arrived`);
  await fill();
  stud.signal("SIGTERM");
  assertEquals((await stud.ended(10_000)).code, 0);
});
