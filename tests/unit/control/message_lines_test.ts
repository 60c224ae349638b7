/** Control messages as lines, taken apart again from any fragmentation. */

import fc from "fast-check";
import { decodeMessage, messageLine } from "../../../src/control/message_lines.ts";
import type { WorkerMessage } from "../../../src/control/messages.ts";
import { assertEquals } from "../../support/assert.ts";

Deno.test("messageLine() is one line, whatever the message holds", () => {
  const line = messageLine({ type: "log", level: "info", text: "a\nb\r\u2028\0" } as WorkerMessage);
  assertEquals(line.split("\n").length, 2);
  assertEquals(line.endsWith("\n"), true);
  assertEquals(decodeMessage<WorkerMessage>(line), {
    ...{ type: "log", level: "info", text: "a\nb\r\u2028\0" },
  } as WorkerMessage);
});

Deno.test("decodeMessage() gives back what messageLine() made", () => {
  fc.assert(fc.property(fc.string(), fc.jsonValue(), (type, content) => {
    const message = JSON.parse(JSON.stringify({ type, content }));
    assertEquals(decodeMessage(messageLine(message)), message);
  }));
});

Deno.test("decodeMessage() knows what is no message", () => {
  for (const line of ["", "panic!", "{", "null", "1", '"type"', "[]", '{"text":"a"}']) {
    assertEquals(decodeMessage(line), undefined, line);
  }
});
