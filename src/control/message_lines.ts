/**
 * Encodes messages as lines of JSON. It is also the worker's end of the channel: it reads requests, in whatever
 * pieces they arrive.
 */

import { LineReader } from "./line_reader.ts";
import {
  type PackedCertificate,
  type RequestKind,
  REQUESTS,
  type WorkerRequest,
} from "./messages.ts";
import { readCertificate } from "./packed_configuration.ts";
import { ProtocolError } from "./shapes.ts";

/** One message as a line, newline included. */
export function messageLine(message: { readonly type: string; readonly id?: number }): string {
  return `${JSON.stringify(message)}\n`;
}

/**
 * The requests of a supervisor; lines that are not requests are skipped. A request's `followers` is the number of
 * certificates after its line, which become its `certificates`. A request cut off by the end of the stream is
 * skipped. `refuse` is called with an answer for each request that this worker does not know: the supervisor may
 * have another version.
 */
export async function* readRequests(
  stream: ReadableStream<Uint8Array>,
  refuse: (id: number, fault: string) => void = () => {},
): AsyncGenerator<WorkerRequest> {
  const reader = new LineReader(stream);
  const bytes = (length: number) => reader.bytes(length);
  for (let line; (line = await reader.line()) !== undefined;) {
    const message = decodeMessage(line);
    if (message === undefined) continue;
    const certificates: PackedCertificate[] = [];
    while (certificates.length < (message.followers ?? 0)) {
      const own = await reader.line();
      const certificate = own === undefined ? undefined : await readCertificate(own, bytes);
      if (certificate === undefined) return;
      certificates.push(certificate);
    }
    try {
      yield parseRequest(message.followers === undefined ? message : { ...message, certificates });
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
  readonly followers?: number;
  readonly certificates?: readonly PackedCertificate[];
}

/** The message in a line. Undefined if it is not a message: something else wrote to the same stream. */
export function decodeMessage<Message = AnyMessage>(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isMessage = typeof value === "object" && value !== null && "type" in value;
    return isMessage ? value as Message : undefined;
  } catch {
    return undefined;
  }
}
