/** The log's formats for programs: each line is one, and says exactly what it was given, whatever that contains. */

import fc from "fast-check";
import { configureLog, Outputs } from "../../../src/log/log.ts";
import type { LineFacts } from "../../../src/log/logger.ts";
import { MACHINE_STAMPS } from "../../../src/log/stamps.ts";
import { assert, assertEquals } from "../../support/assert.ts";
import { FakeRuntime } from "../../support/fake_runtime.ts";
import { LOG } from "../../support/log_settings.ts";
import { parseLogfmt } from "../../support/logfmt.ts";

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;
const LINE = { date: new Date("2030-01-02T03:04:05.678Z"), pid: 1, level: "info" } as const;

Deno.test("json is an object with time, level, event, message and the fields, with their types", () => {
  const line = MACHINE_STAMPS.json({
    ...{ ...LINE, event: "handshake_failed", text: 'worker 1: "x"' },
    fields: { worker: 1, resumed: false, sni: "a\u202eb", handshake: 0.5 },
  });
  assertEquals(
    line,
    '{"time":"2030-01-02T03:04:05.678Z","level":"info","event":"handshake_failed",' +
      '"message":"worker 1: \\"x\\"","worker":1,"resumed":false,"sni":"a\\u202eb","handshake":0.5}',
  );
  assertEquals(JSON.parse(line).sni, "a\u202eb");
});

Deno.test("logfmt quotes what is empty, has spaces, quotes or equals signs, or is not visible ASCII", () => {
  const fields = {
    plain: "198.51.100.7:443",
    empty: "",
    equals: "a=b",
    quote: 'a"b',
    n: 1,
    e: "é",
  };
  assertEquals(
    MACHINE_STAMPS.logfmt({ ...LINE, event: "stopped", text: "two words", fields }),
    'time=2030-01-02T03:04:05.678Z level=info event=stopped message="two words" ' +
      'plain=198.51.100.7:443 empty="" equals="a=b" quote="a\\"b" n=1 e="é"',
  );
});

/** Texts as attackers like them, and arbitrary ones. */
const HOSTILE = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom(
    'a" level=error b="c',
    "a\nlevel=error",
    "a level=error",
    'a","level":"error',
    "\x1b[31m\u2028\u202e\ud800",
    "a\\",
    "=",
    "{reason}",
  ),
);

Deno.test("no text of a stranger forges a line or a field", async () => {
  const fact = fc.oneof(HOSTILE, fc.integer(), fc.boolean(), fc.double());
  await fc.assert(fc.asyncProperty(HOSTILE, fact, async (reason, fact) => {
    for (const format of ["json", "logfmt"] as const) {
      const runtime = new FakeRuntime();
      const outputs = new Outputs(runtime, { settings: { ...LOG, format } });
      const log = configureLog(outputs.sink, "info");
      log.info("{kind} ({detail})", { kind: reason, detail: fact }, {
        event: "handshake_failed",
        fields: { sni: reason, level: "error", time: reason, message: undefined },
      });
      await outputs.flushed();
      const lines = runtime.processes.stdout.split("\n");
      assertEquals([lines.length, lines[1]], [2, ""]);
      assert(!UNPRINTABLE.test(lines[0]!), lines[0]);
      const read = format === "json" ? JSON.parse(lines[0]!) : parseLogfmt(lines[0]!);
      assertEquals(
        Object.keys(read),
        ["time", "level", "event", "message", "kind", "detail", "sni"],
      );
      assertEquals([read.level, read.event], ["info", "handshake_failed"]);
    }
  }));
});

Deno.test("values are fields in snake_case with their types, and a call may add and remove some", () => {
  const seen: LineFacts[] = [];
  const log = configureLog((_level, _text, about) => seen.push(about), "info");
  log.info("worker {index} keeps dying; next start in {seconds} s", { index: 2, seconds: 1.5 });
  log.warning("{rest} expire soon or have expired", { rest: "3 more certificates" }, {
    fields: { rest: undefined, count: 3, clientName: "a\nb", isNew: true, none: undefined },
  });
  log.error("{source}: no OCSP response is fetched: {message}", { source: "a", message: "b" });
  log.error("{line}", { line: new Error("x") }, { event: "startup_failed" });
  assertEquals(seen, [
    { event: "worker_keeps_dying", fields: { worker: 2, seconds: 1.5 } },
    {
      event: "certificates_expire",
      fields: { count: 3, client_name: "a\\x0ab", is_new: true },
    },
    { event: "ocsp_certificate_unusable", fields: { source: "a", reason: "b" } },
    { event: "startup_failed", fields: { line: "Error: x" } },
  ]);
});

Deno.test("lines that the log itself adds are in its format too", async () => {
  const runtime = new FakeRuntime();
  const outputs = new Outputs(runtime, { settings: { ...LOG, format: "json" } });
  const log = configureLog(outputs.sink, "info");
  for (let count = 0; count < 5_100; count++) log.info("another stud has taken over");
  await outputs.flushed();
  const lines = runtime.processes.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  const lost = lines.filter(({ event }) => event === "log_lines_lost");
  assertEquals(lost.map(({ level, count }) => [level, count]), [["warning", 99]]);
});
