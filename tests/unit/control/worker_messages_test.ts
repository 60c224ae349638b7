/** What a supervisor takes from a worker: the shapes of messages, and nothing else, whatever the worker writes. */

import fc from "fast-check";
import { messageLine } from "../../../src/control/message_lines.ts";
import {
  MAX_ACCESS_LINE,
  MAX_FIELD,
  MAX_FIELDS,
  MAX_LINE,
  MAX_TEXT,
  type WorkerEvent,
} from "../../../src/control/messages.ts";
import { ProtocolError } from "../../../src/control/shapes.ts";
import {
  accessMessages,
  messageText,
  parseWorkerMessage,
} from "../../../src/control/worker_messages.ts";
import { assert, assertEquals, assertThrows } from "../../support/assert.ts";
import { TOTALS } from "../../support/worker_configuration.ts";

/** One good message of each kind, with all its fields. */
const GOOD: readonly WorkerEvent[] = [
  {
    ...{ type: "log", level: "warning", text: "careful", event: "limit_reached" },
    fields: { limit: "max-handshakes", count: 1.5, resumed: true },
  },
  { type: "access", lines: ["a=1", '{"b":2}'] },
  { type: "busy" },
  { type: "counters", counters: { accepted: 1 } },
  { type: "replace-me" },
  { type: "ended", counters: TOTALS },
];

const LOG = { type: "log", level: "info", text: "a", event: "reloaded", fields: {} } as const;

/** One more than a line may have. */
const MANY_FIELDS = Object.fromEntries(
  Array.from({ length: MAX_FIELDS + 1 }, (_, index) => [`field${index}`, index]),
);

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Every text in a value. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(textsIn) : [];
}

Deno.test("parseWorkerMessage() takes every kind of message as it is", () => {
  for (const message of GOOD) assertEquals(parseWorkerMessage(messageLine(message)), message);
});

Deno.test("parseWorkerMessage() knows what is no message", () => {
  for (const line of ["", "panic!", "{", "null", "1", '"type"', "[]", '{"text":"a"}']) {
    assertEquals(parseWorkerMessage(line), undefined, line);
  }
});

Deno.test("parseWorkerMessage() refuses other kinds, levels, numbers, lengths and types", () => {
  const bad: [message: unknown, words: string][] = [
    [{ type: "shell" }, "a message of an unknown kind"],
    [{ type: "__proto__" }, "a message of an unknown kind"],
    [{ type: "toString" }, "a message of an unknown kind"],
    [{ type: 1 }, "a message of an unknown kind"],
    [{ type: "log", text: "a" }, "log.level is none of debug, info, warning, error"],
    [{ type: "log", level: "constructor", text: "a" }, "log.level is none of"],
    [{ type: "log", level: "info", text: { toString: 1 } }, "log.text is not a text"],
    [{ type: "log", level: "info", text: "x".repeat(MAX_TEXT + 1) }, "log.text is longer than"],
    [{ type: "log", level: "info", text: "a" }, "log.event is unknown"],
    [{ ...LOG, event: "constructor" }, "log.event is unknown"],
    [{ ...LOG, fields: undefined }, "log.fields is not an object"],
    [{ ...LOG, fields: { a: { b: 1 } } }, "log.fields is not a text"],
    [{ ...LOG, fields: { a: null } }, "log.fields is not a text"],
    [{ ...LOG, fields: { "a b": 1 } }, "log.fields has an invalid name"],
    [{ ...LOG, fields: { 'a":1,"level': 1 } }, "log.fields has an invalid name"],
    [{ ...LOG, fields: { a: "x".repeat(MAX_FIELD + 1) } }, "log.fields is longer than"],
    [{ ...LOG, fields: MANY_FIELDS }, "log.fields has more than 64 values"],
    [{ type: "access", lines: "a" }, "access.lines is not a list"],
    [{ type: "access", lines: [1] }, "access.lines is not a text"],
    [{ type: "access", lines: Array(10_001).fill("") }, "access.lines is longer than 10000"],
    [{ type: "access", lines: ["x".repeat(MAX_ACCESS_LINE + 1)] }, "access.lines is longer than"],
    [{ type: "counters", counters: { "a b": 1 } }, "counters.counters has an invalid name"],
    [{ type: "ended" }, "ended.counters is not an object"],
    ...[-1, 0.5, NaN, 2 ** 53, "1", null].map((accepted): [unknown, string] => [
      { type: "ended", counters: { ...TOTALS, accepted } },
      "ended.counters.accepted is not a whole number",
    ]),
  ];
  for (const [message, words] of bad) {
    const error = assertThrows(() => parseWorkerMessage(JSON.stringify(message)), ProtocolError);
    assert(error.message.includes(words), `${error.message} for ${words}`);
  }
});

Deno.test("parseWorkerMessage() leaves out what a kind does not have", () => {
  assertEquals(parseWorkerMessage('{"type":"busy","level":"info","__proto__":{"a":1}}'), {
    type: "busy",
  });
});

Deno.test("parseWorkerMessage() escapes line ends, control characters and what turns text round", () => {
  const forged = "a\r\n\x1b[2J\x9b1m\u2028\u202e\ud800";
  const safe = "a\\x0d\\x0a\\x1b[2J\\x9b1m\\u{2028}\\u{202e}\\u{d800}";
  const line = JSON.stringify({ ...LOG, text: forged, fields: { sni: forged } });
  assertEquals(parseWorkerMessage(line), { ...LOG, text: safe, fields: { sni: safe } });
  assertEquals(parseWorkerMessage(JSON.stringify({ type: "access", lines: [forged] })), {
    type: "access",
    lines: ["a\\u000d\\u000a\\u001b[2J\\u009b1m\\u2028\\u202e\\ud800"],
  });
});

Deno.test("parseWorkerMessage() takes no other values, and gives no text that forges, whatever JSON it is", () => {
  const kinds = fc.oneof(fc.constantFrom(...GOOD.map(({ type }) => type as string)), fc.string());
  const names = ["level", "text", "lines", "library", "fault", "reopened", "counters", "portInUse"];
  const fields = fc.dictionary(
    fc.oneof(fc.constantFrom(...names), fc.string()),
    fc.oneof(fc.jsonValue(), fc.string({ unit: "binary" }), fc.constantFrom("info", "error")),
  );
  fc.assert(
    fc.property(kinds, fields, (type, rest) => {
      let message: ReturnType<typeof parseWorkerMessage>;
      try {
        message = parseWorkerMessage(
          `{"type":${JSON.stringify(type)},${JSON.stringify({ ...rest, "": 0 }).slice(1)}`,
        );
      } catch (error) {
        assert(error instanceof ProtocolError, String(error));
        assert(!UNPRINTABLE.test(error.message));
        return;
      }
      assert(GOOD.some((good) => good.type === message!.type));
      for (const text of textsIn(message)) assert(!UNPRINTABLE.test(text));
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("what workers send is never longer than what supervisors take", () => {
  assertEquals(messageText("short"), "short");
  assertEquals(messageText("x".repeat(MAX_TEXT + 1)).length, MAX_TEXT);
  const longest = "\\u001b".repeat(MAX_ACCESS_LINE / 6 | 0);
  const lines = [longest, "", ...Array(100).fill(longest), "last"];
  const messages = accessMessages(lines);
  assertEquals(
    messages.flatMap((message) => {
      const line = messageLine(message);
      assert(new TextEncoder().encode(line).length <= MAX_LINE);
      const parsed = parseWorkerMessage(line);
      return parsed?.type === "access" ? parsed.lines : [];
    }),
    lines,
  );
  assertEquals(accessMessages([]), []);
  assertEquals(accessMessages(["a", "b"]), [{ type: "access", lines: ["a", "b"] }]);
});
