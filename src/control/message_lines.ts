/** Frames control messages as lines of JSON, and takes them apart again from any fragmentation. */

import { LineReader } from "./line_reader.ts";

/** One message as a line, newline included. */
export function messageLine(message: { readonly type: string }): string {
  return `${JSON.stringify(message)}\n`;
}

/**
 * The messages of a supervisor; lines that are none are left out. `parts` of one that has `bytes` are what follows it,
 * each in a buffer of its own. One that is cut off by the end is none.
 */
export async function* readMessages<Message extends { readonly type: string }>(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Message> {
  const reader = new LineReader(stream);
  for (let line; (line = await reader.line()) !== undefined;) {
    const message = decodeMessage<Message & { readonly bytes?: readonly number[] }>(line);
    if (message === undefined) continue;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (const length of message.bytes ?? []) {
      const part = await reader.bytes(length);
      if (part === undefined) return;
      parts.push(part);
    }
    yield message.bytes === undefined ? message : { ...message, parts };
  }
}

/** The message in a line, or undefined if the line is none: something else wrote to the same stream. */
export function decodeMessage<Message extends { readonly type: string }>(
  line: string,
): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isMessage = typeof value === "object" && value !== null && "type" in value;
    return isMessage ? value as Message : undefined;
  } catch {
    return undefined;
  }
}
