/** A worker that is somebody else's by now: what is written into its pipe, and what becomes of it and of the others. */

import { assert, assertEquals } from "../support/assert.ts";
import { Backend, echo } from "../support/backend.ts";
import { eventually } from "../support/eventually.ts";
import { MemoryWatch } from "../support/memory_watch.ts";
import { gone, isAlive } from "../support/proc.ts";
import { Shared } from "../support/shared.ts";
import { Site } from "../support/site.ts";
import { Folder } from "../support/tls_site.ts";

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Writes into the pipe by which a worker speaks to its supervisor, as somebody who has taken it over could. */
async function writeAs(worker: number, stream: 1 | 2, content: string | Uint8Array): Promise<void> {
  using pipe = await Deno.open(`/proc/${worker}/fd/${stream}`, { write: true });
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  try {
    for (let sent = 0; sent < bytes.length;) sent += await pipe.write(bytes.subarray(sent));
  } catch (error) {
    // Its supervisor has ended it.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}

const folder = new Folder();
const ACCESS_LOG = `${folder.path}/access.log`;
const sites = new Shared(() =>
  Site.start({
    args: ["-n", "2", `--access-log=${ACCESS_LOG}`],
    backend: Backend.serve(echo),
    owns: [folder],
  })
);

/** The two workers: one that is somebody else's by now, and the other. */
function workersOf(site: Site): { victim: number; other: number } {
  const [victim, other] = site.stud.workers() as [number, number];
  return { victim, other };
}

const BREACHES: Readonly<Record<string, [content: string | Uint8Array, words: RegExp]>> = {
  "an unknown level": ['{"type":"log","level":"fatal","text":"a"}\n', /log\.level is none of/],
  "an unknown kind": ['{"type":"__proto__"}\n', /a message of an unknown kind/],
  "a number that is none": [
    '{"type":"ended","counters":{"accepted":"x"}}\n',
    /ended\.counters\.accepted is not a whole number/,
  ],
  "an answer to nothing": ['{"type":"answer"}\n', /an answer without a request/],
};

const ABOUT = { event: "reloaded", fields: {} };

for (const [name, [content, words]] of Object.entries(BREACHES)) {
  sites.test(
    { linux: true, root: true, notOnNode: true },
    `a worker that sends ${name} is named, killed and replaced, and the other serves on`,
    async (site) => {
      const { victim, other } = workersOf(site);
      await writeAs(victim, 1, content);
      await site.stud.output(new RegExp(`\\(process ${victim}\\) broke the control protocol: `));
      assert(words.test(site.stud.stderr), site.stud.report());
      await gone([victim]);
      await site.stud.output(/worker \d serves again/);
      assert(isAlive(other));
      for (let count = 0; count < 10; count++) await site.echoOnce();
    },
  );
}

sites.test(
  { linux: true, root: true, notOnNode: true },
  "600 MiB without a line feed cost the supervisor a few of them, and the worker its life",
  async (site) => {
    const { victim } = workersOf(site);
    using memory = new MemoryWatch(site.stud.pid);
    const piece = new Uint8Array(1 << 20).fill(65);
    for (let count = 0; count < 600 && isAlive(victim); count++) {
      await writeAs(victim, 1, piece).catch(() => {});
    }
    await site.stud.output(/broke the control protocol: a line of more than 1048576 bytes/);
    await gone([victim]);
    await site.stud.output(/worker \d serves again/);
    assert(memory.growth < 40, `${memory.growth} MiB`);
    await site.echoOnce();
  },
);

sites.test(
  { linux: true, root: true, notOnNode: true },
  "a worker that writes without end neither fills the supervisor's memory nor silences the other",
  async (site) => {
    const { victim, other } = workersOf(site);
    using memory = new MemoryWatch(site.stud.pid);
    const lines = new TextEncoder().encode(
      '{"type":"log","level":"info","text":"flood","event":"reloaded","fields":{}}\n'.repeat(
        20_000,
      ),
    );
    const end = Date.now() + 1_500;
    const flood = (async () => {
      while (Date.now() < end) await writeAs(victim, 1, lines);
    })();
    await site.stud.output(/log lines lost: more than 1000 per second/);
    for (let count = 0; count < 10; count++) await site.echoOnce();
    await writeAs(
      other,
      1,
      '{"type":"log","level":"info","text":"heard","event":"reloaded","fields":{}}\n',
    );
    await site.stud.output(/worker \d: heard/);
    await flood;
    assert(memory.growth < 60, `${memory.growth} MiB`);
    site.stud.signal("SIGHUP");
    await site.stud.output(/nothing has changed/);
    assert(isAlive(victim), "it kept the protocol");
    // What it says is lost for a while yet.
    Deno.kill(victim, "SIGKILL");
    await site.stud.output(/worker \d serves again/);
  },
);

sites.test(
  { linux: true, root: true, notOnNode: true },
  "lines that a worker makes up hold no line feed and no escape sequence, in the access log neither",
  async (site) => {
    const { victim } = workersOf(site);
    const accessLog = () => Deno.readTextFileSync(ACCESS_LOG);
    const forged = "a\n2026-01-01 forged\r\x1b[2J\x9b\u2028\u202e end";
    await writeAs(
      victim,
      1,
      `${JSON.stringify({ type: "access", lines: [forged] })}\n` +
        `${JSON.stringify({ type: "log", level: "info", text: forged, ...ABOUT })}\n` +
        "not a message \x1b[31m\u202e end\n",
    );
    await writeAs(victim, 2, `thread 'main' panicked \x1b[31m\u202e${"x".repeat(5_000)} end\n`);
    await eventually("the access line", () => accessLog().includes(" end"));
    await eventually("the panic's last words", () => site.stud.stderr.split(" end").length >= 2);
    await site.stud.output(/not a message .* end/);
    const lines = (text: string) => text.split("\n").slice(0, -1);
    // Others are those of the other tests' clients.
    assertEquals(lines(accessLog()).filter((line) => line.includes("forged")), [
      "a\\u000a2026-01-01 forged\\u000d\\u001b[2J\\u009b\\u2028\\u202e end",
    ]);
    for (const line of [...lines(site.stud.stdout), ...lines(site.stud.stderr)]) {
      assert(!UNPRINTABLE.test(line), line);
      assert(line.length < 1_200, line);
    }
    assert(isAlive(victim), "it kept the protocol");
  },
);
