/** Server names that no honest client sends: refused or ignored, and never able to write into the log. */

import { assert, assertEquals } from "../support/assert.ts";
import { join, realClientHello, withServerName } from "../support/client_hello.ts";
import { answerTo } from "../support/raw_client.ts";
import { Site } from "../support/site.ts";
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

for (const [what, name] of Object.entries(NAMES)) {
  testWith({ linux: true }, `a server name of ${what} harms neither worker nor log`, async () => {
    await using site = await Site.startEcho();
    const { worker } = site;
    const hello = withServerName(await realClientHello(), name);
    await answerTo(site.port, hello, { fin: true });
    await site.stud.output(/handshake failed: .* \(client 127\.0\.0\.1:\d+ to /);
    await site.echoOnce();
    assertEquals(site.worker, worker);
    const log = site.stud.stdout + site.stud.stderr;
    assert(/^[\x20-\x7e…\n]*$/.test(log), `unprintable: ${JSON.stringify(log)}`);
    for (const line of log.split("\n")) {
      assert(line === "" || /^\S+Z (info|warning|error): /.test(line), line);
      assert(line.length < 1_200, line);
      assert(!line.includes("everything is lost") || line.includes("handshake failed"), line);
    }
    await site.released();
  });
}
