/** Server names that no honest client sends: served by default, or refused, and never able to write into the log. */

import { assert, assertEquals } from "../support/assert.ts";
import { join, realClientHello, withServerName } from "../support/client_hello.ts";
import { eventually } from "../support/eventually.ts";
import { alertIn, answerTo } from "../support/raw_client.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { BY_OPENSSL, TLS_LIBRARY } from "../support/stud.ts";
import { testWith } from "../support/tools.ts";

const text = (words: string) => new TextEncoder().encode(words);

const NAMES: Readonly<Record<string, Uint8Array>> = {
  "300 octets": text("a".repeat(300)),
  "16 KiB": text("long.".repeat(3277)),
  "60,000 octets": text("x".repeat(60_000)),
  "nothing": text(""),
  "a NUL": text("local\0host"),
  "escape codes": text("\x1b[2J\x1b[31mred\x1b]0;title\x07"),
  "a forged log line": text("x\n2026-01-01T00:00:00.000Z error: everything is lost"),
  "octets that are no UTF-8": join([text("local"), [0xff, 0xfe, 0xc0, 0x80]]),
  "an IP address": text("127.0.0.1"),
  "placeholders": text("{subject} %s %n ${PATH}"),
};

/** Those that OpenSSL itself refuses. */
const REFUSED = ["300 octets", "16 KiB", "60,000 octets", "a NUL"];

const sites = new Shared(() => Site.startEcho([], 12));

for (const [what, name] of Object.entries(NAMES)) {
  sites.test(
    { linux: true },
    `a server name of ${what} harms neither worker nor log`,
    async (site) => {
      const { worker } = site;
      const hello = withServerName(await realClientHello(), name);
      const received = await answerTo(site.port, hello, { fin: true });
      await site.stud.output(/handshake failed: .* \(client 127\.0\.0\.1:\d+ to /);
      if (TLS_LIBRARY !== "rustls") {
        // Peers serve whatever else there is by their default certificate: it begins with a ServerHello.
        const isRefused = REFUSED.includes(what);
        assertEquals(received.bytes[0], isRefused ? 21 : 22, site.stud.report());
        assertEquals(
          /malformed|more than 32 KiB/.test(site.stud.stdout),
          isRefused,
          site.stud.report(),
        );
      }
      await site.echoOnce();
      assertEquals(site.worker, worker);
      const log = site.stud.stdout + site.stud.stderr;
      assert(/^[\x20-\x7e…\n\ufffd]*$/.test(log), `unprintable: ${JSON.stringify(log)}`);
      for (const line of log.split("\n")) {
        assert(line === "" || /^\S+Z (info|warning|error): /.test(line), line);
        assert(line.length < 1_200, line);
        assert(!line.includes("everything is lost") || line.includes("handshake failed"), line);
      }
      await site.released();
    },
  );
}

const STRANGE: readonly string[] = [
  ...["[::1]", "::1", "*.example.org", "a b", "bücher.example", "a..b", ".", "", '"x" sni=y'],
  "x\n2026-01-01T00:00:00.000Z client=- forged=yes",
];

testWith({ linux: true }, "the access log holds what is no name in quotes", async () => {
  if (TLS_LIBRARY === "rustls") return;
  await using site = await Site.startEcho(["--access-log=-", BY_OPENSSL]);
  for (const name of STRANGE) {
    await answerTo(site.port, withServerName(await realClientHello(), text(name)), { fin: true });
  }
  const lines = () => site.stud.stdout.split("\n").filter((line) => / client=127/.test(line));
  await eventually("a line for each", () => lines().length === STRANGE.length);
  const names = lines().map((line) => / sni=("(?:[^"\\]|\\.)*"|\S+) tls=/.exec(line)?.[1]);
  assertEquals(names.map((name) => name?.startsWith('"') ? JSON.parse(name) : name), [...STRANGE]);
  assert(!/^\S+ client=- forged/m.test(site.stud.stdout), site.stud.report());
});

testWith({ linux: true }, "--sni-nomatch-abort refuses what is no name", async () => {
  await using site = await Site.startEcho(["--sni-nomatch-abort", BY_OPENSSL]);
  for (const name of STRANGE) {
    const hello = withServerName(await realClientHello(), text(name));
    assertEquals(alertIn(await answerTo(site.port, hello)), 112, name);
  }
  await site.stud.output(
    /no certificate for the requested name \(client \S+ to \S+ for "\[::1\]"[;)]/,
  );
  await site.echoOnce();
});
