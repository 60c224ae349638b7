/** `deno task demo`: seen from a terminal, it explains itself, answers, and leaves nothing behind. */

import { request } from "node:https";
import { assert, assertEquals, assertStringIncludes } from "../support/assert.ts";
import { eventually, within } from "../support/eventually.ts";
import { processesWith } from "../support/proc.ts";
import { testWith } from "../support/tools.ts";

const DEMO = new URL("../../scripts/demo.ts", import.meta.url).pathname;

Deno.test("the demo makes one request through stud, shows what arrived, and ends with --once", async () => {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", DEMO, "--once"],
    stdin: "null",
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assertEquals(code, 0, text + new TextDecoder().decode(stderr));
  assertStringIncludes(text, "one request through it: https://127.0.0.1:");
  assertStringIncludes(text, "TLSv1.3");
  assertStringIncludes(text, "PROXY TCP4 127.0.0.1 127.0.0.1 ");
  assert(/relayed by: {3}worker [12] \(process \d+\)/.test(text), text);
  assertStringIncludes(text, "try it yourself:");
});

testWith(
  { linux: true },
  "the demo serves until it is told to end, and leaves no process",
  async () => {
    const mark = crypto.randomUUID();
    const demo = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--quiet", DEMO],
      stdin: "null",
      stdout: "piped",
      stderr: "null",
      env: { NO_COLOR: "1", STUD_TEST_MARK: mark },
    }).spawn();
    let text = "";
    const reading = demo.stdout.pipeThrough(new TextDecoderStream()).pipeTo(
      new WritableStream({ write: (part) => void (text += part) }),
    );
    try {
      await eventually(
        "the demo serves",
        () => /It serves until Ctrl-C/.test(text),
        20_000,
        () => text,
      );
      const [, url] = /curl -k (https:\S+)/.exec(text)!;
      assertStringIncludes(await answer(url!), `"PROXY TCP4 127.0.0.1 127.0.0.1 `);
      const [, statusPage] = /status page at (http:\S+),/.exec(text)!;
      const page = await answer(url!, { accept: "text/html" });
      assert(/<b>PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+<\/b>/.test(page), page);
      assert(/<p>worker [12]<\/p><p class="fact">process \d+/.test(page), page);
      assertStringIncludes(page, `href="${statusPage}"`);
      const metrics = await (await fetch(`${statusPage}metrics`)).text();
      assert(/^stud_build_info\{/m.test(metrics), metrics);
    } finally {
      demo.kill("SIGTERM");
    }
    assertEquals((await within(20_000, "the end of the demo", demo.status)).code, 0);
    await reading;
    const family = () => processesWith("STUD_TEST_MARK", mark);
    await eventually("no process of the demo", () => family().length === 0, 15_000, family);
  },
);

/** What the demo answers, to a client that trusts everything. */
async function answer(url: string, headers: Record<string, string> = {}): Promise<string> {
  return await new Promise((resolve, reject) => {
    const options = { rejectUnauthorized: false, agent: false, headers } as const;
    const asked = request(url, options, (response) => {
      let text = "";
      response.on("data", (part) => text += part);
      response.on("end", () => resolve(text));
    });
    asked.on("error", reject);
    asked.end();
  });
}
