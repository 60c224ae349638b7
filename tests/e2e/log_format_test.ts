/** `--log-format`: programs can read every line of a run, whatever happens in it. */

import { assert, assertEquals } from "../support/assert.ts";
import { eventually } from "../support/eventually.ts";
import { parseLogfmt } from "../support/logfmt.ts";
import { Rsyslog } from "../support/rsyslog.ts";
import { failHandshake } from "../support/serving.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { byLibrary, Stud } from "../support/stud.ts";
import { Folder } from "../support/tls_site.ts";
import { testWith } from "../support/tools.ts";

// deno-lint-ignore no-explicit-any -- lines are data
type Line = any;

const PARSERS = { json: JSON.parse as (line: string) => Line, logfmt: parseLogfmt };

for (const [format, parse] of Object.entries(PARSERS)) {
  testWith(
    { linux: true },
    `${format}: start, a failed handshake, reloads, a worker's death and the end are lines with fields`,
    async () => {
      await using site = await Site.startEcho(["--log-format", format, "-L2"]);
      const { stud } = site;
      const lines = () =>
        `${stud.stdout}${stud.stderr}`.split("\n").filter((line) => line !== "").map(parse);
      const line = async (event: string, count = 1): Promise<Line> => {
        const found = () => lines().filter((one) => one.event === event);
        await eventually(event, () => found().length >= count, 20_000, () => stud.report());
        return found()[count - 1];
      };
      const { worker } = site;

      const serving = await line("serving");
      assert(serving.message.startsWith("1 worker serves on 127.0.0.1:"), serving.message);
      assertEquals([String(serving.workers), serving.frontends, serving.level], [
        ...["1", `127.0.0.1:${site.port}`, "info"],
      ]);
      assertEquals(serving.backend, site.backend.address.replace(",", ":"));

      const client = await failHandshake(site.port);
      const failed = await line("handshake_failed");
      assertEquals([failed.client, failed.frontend], [client, `127.0.0.1:${site.port}`]);
      assertEquals([String(failed.worker), String(failed.pid)], ["1", String(worker)]);
      assert(failed.message.startsWith(`worker 1: handshake failed: ${failed.reason} (client `));

      await site.echoOnce();
      const protocol = byLibrary({ rustls: undefined, openssl: "TLSv1.3" });
      await eventually(
        "the end of a connection and what it agreed on",
        () =>
          lines().some((one) =>
            one.event === "connection_closed" && one.level === "debug" && one.protocol === protocol
          ),
      );

      stud.signal("SIGHUP");
      assert((await line("reloaded")).what !== undefined);
      const { path } = site.pem;
      const good = Deno.readTextFileSync(path);
      Deno.writeTextFileSync(path, "no certificate\n");
      stud.signal("SIGHUP");
      await eventually("the fault of the file", () => {
        return lines().some(({ event }) =>
          ["reload_failed", "certificate_quarantined"].includes(event)
        );
      });
      Deno.writeTextFileSync(path, good);

      Deno.kill(worker, "SIGKILL");
      const died = await line("worker_died");
      assertEquals([String(died.worker), String(died.pid), died.level], [
        ...["1", String(worker), "error"],
      ]);
      assert(died.reason.startsWith("killed by SIGKILL"), died.reason);
      const again = await line("worker_serves_again");
      assertEquals(again.message, `worker 1 serves again (process ${again.pid})`);

      stud.signal("SIGUSR2");
      const counters = await line("counters");
      assertEquals([String(counters.accepted), String(counters.worker)], ["0", "1"]);
      assert("bytes_to_backend" in counters, JSON.stringify(counters));
      stud.signal("SIGTERM");
      await stud.ended();
      assertEquals(String((await line("stopped")).accepted), "0");
      for (const one of lines()) {
        assertEquals(Object.keys(one).slice(0, 4), ["time", "level", "event", "message"]);
        assert(Math.abs(Date.now() - Date.parse(one.time)) < 120_000, one.time);
      }
      if (format === "json") assertEquals([typeof died.pid, typeof failed.worker], NUMBERS);
    },
  );
}

const NUMBERS = ["number", "number"];

testWith({ linux: true }, "a start that fails is a line of the same format", async () => {
  const stud = Stud.spawn([
    ...["--log-format=json", "--self-signed", "-f", "127.0.0.1,0", "-b", "127.0.0.1,9"],
    ...["-c", "NOSUCH", "--tls-library=openssl"],
  ]);
  await using _ = stud;
  assertEquals((await stud.ended()).code, 1);
  const last = JSON.parse(stud.stderr.trimEnd().split("\n").at(-1)!);
  assertEquals([last.event, last.level, last.exit_code], ["startup_failed", "error", 1]);
  assert(last.message.includes("NOSUCH"), last.message);
});

testWith(
  { linux: true },
  "the log file has the same lines, and so has hitch's log if they are asked for",
  async () => {
    using folder = new Folder();
    const path = `${folder.path}/stud.log`;
    const user = Deno.uid() === 0 ? ["--user=nobody"] : [];
    await using stud = Stud.spawn([
      ...["--compat=hitch", "--log-format=json", "--log-filename", path, ...user],
      ...["--self-signed", "-f", "[127.0.0.1]:0", "-b", "[127.0.0.1]:9"],
    ]);
    await eventually("it serves", () => /serves? on/.test(readIfThere(path)), 20_000, () => {
      return stud.report();
    });
    const lines = readIfThere(path).trimEnd().split("\n").map((line) => JSON.parse(line));
    assert(lines.some(({ event }) => event === "serving"), JSON.stringify(lines));
    assertEquals([stud.stdout, stud.stderr], ["", ""]);
  },
);

/** With rustls and a sampled access log, after a reload; and what it said until then. */
const sampled = new Shared(async () => {
  const site = await Site.startEcho([
    ...["--tls-library=rustls", "--access-log=-", "--access-log-sample=1/2"],
  ]);
  return Object.assign(site, { started: await reloaded(site) });
});

const MISSING = /info: --access-log: rustls does not report .*/g;

sampled.test(
  { linux: true },
  "the fields that rustls does not report are named once, if there is an access log",
  async ({ started }) => {
    assertEquals(started.match(MISSING), [
      "info: --access-log: rustls does not report sni, tls, cipher, group, resumed, alpn, ja4, " +
      "client_subject; --tls-library=openssl does",
    ], started);
    await using other = await Site.startEcho(["--tls-library=rustls"]);
    assertEquals((await reloaded(other)).match(MISSING), null, other.stud.report());
  },
);

async function reloaded({ stud }: Site): Promise<string> {
  stud.signal("SIGHUP");
  await stud.output(/reloaded: /);
  return stud.stdout;
}

testWith(
  { tools: ["rsyslogd"], root: true, linux: true, notOnNode: true },
  "syslog takes the log in its format, and the access log under a name of its own, sampled",
  async () => {
    await using rsyslog = await Rsyslog.start();
    await using site = await Site.startEcho([
      ...["-s", "--syslog-facility=local3", "--log-format=json"],
      ...["--access-log=syslog:", "--access-log-format=json", "--access-log-sample=1/1000000"],
    ]);
    const tag = (name: string) => `^local3 info ${name}\\[${site.stud.pid}\\]: +`;
    const serving = await rsyslog.line(new RegExp(`${tag("stud")}{.*"event":"serving"`));
    assertEquals(JSON.parse(serving.slice(serving.indexOf("{"))).workers, 1);

    for (let count = 0; count < 5; count++) await site.echoOnce();
    const client = await failHandshake(site.port);
    const line = await rsyslog.line(new RegExp(`${tag("stud-access")}{`));
    const access = JSON.parse(line.slice(line.indexOf("{")));
    // The good ones before it are left out, one of a million.
    assertEquals([access.client, access.end, access.sample], [client, "handshake-failed", 1]);
  },
);

sampled.test(
  { linux: true },
  "--access-log-sample=1/2 leaves out about every other connection",
  async (site) => {
    for (let count = 0; count < 60; count++) await site.echoOnce();
    await failHandshake(site.port);
    await site.stud.output(/ end=handshake-failed .* sample=1$/m);
    const lines = site.stud.stdout.split("\n").filter((line) =>
      / end=(orderly|closed) /.test(line)
    );
    // The chance that this fails is less than one in a million.
    assert(lines.length >= 10 && lines.length <= 50, `${lines.length} of 60`);
    assert(lines.every((line) => line.endsWith(" sample=2")), lines.join("\n"));
  },
);

function readIfThere(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
