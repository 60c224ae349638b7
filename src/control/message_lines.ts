/** Frames messages as lines of JSON, and is the worker's end of the channel: it reads requests from any fragmentation. */

import { LineReader } from "./line_reader.ts";
import { type RequestKind, REQUESTS, type WorkerRequest } from "./messages.ts";
import { ProtocolError } from "./shapes.ts";

/** One message as a line, newline included. */
export function messageLine(message: { readonly type: string; readonly id?: number }): string {
  return `${JSON.stringify(message)}\n`;
}

/**
 * The requests of a supervisor; lines that are none are left out. `bytes` of one are the lengths of what follows it; these
 * are its `parts`, each in a buffer of its own. One that is cut off by the end is none. `refuse` is told of those that
 * this worker does not know, with what to answer: its supervisor may be of another version.
 */
export async function* readRequests(
  stream: ReadableStream<Uint8Array>,
  refuse: (id: number, fault: string) => void = () => {},
): AsyncGenerator<WorkerRequest> {
  const reader = new LineReader(stream);
  for (let line; (line = await reader.line()) !== undefined;) {
    const message = decodeMessage(line);
    if (message === undefined) continue;
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for (const length of message.bytes ?? []) {
      const part = await reader.bytes(length);
      if (part === undefined) return;
      parts.push(part);
    }
    try {
      yield parseRequest(message.bytes === undefined ? message : { ...message, parts });
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      if (typeof message.id === "number") refuse(message.id, error.message);
    }
  }
}

function parseRequest({ type, id, ...fields }: AnyMessage): WorkerRequest {
  if (!Object.hasOwn(REQUESTS, type) || typeof id !== "number") {
    throw new ProtocolError("a request of an unknown kind");
  }
  const kind = type as RequestKind;
  return { type: kind, id, ...REQUESTS[kind].ask(fields, kind) } as WorkerRequest;
}

interface AnyMessage {
  readonly type: string;
  readonly id?: unknown;
  readonly bytes?: readonly number[];
  readonly parts?: readonly Uint8Array[];
}

/** The message in a line, or undefined if the line is none: something else wrote to the same stream. */
export function decodeMessage<Message = AnyMessage>(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isMessage = typeof value === "object" && value !== null && "type" in value;
    return isMessage ? value as Message : undefined;
  } catch {
    return undefined;
  }
}
