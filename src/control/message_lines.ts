/** Frames control messages as lines of JSON, and takes them apart again from any fragmentation. */

import type { TlsConfiguration } from "../tls/tls_configuration.ts";
import type { WorkerConfiguration } from "./messages.ts";

/** One message as a line, newline included. */
export function messageLine(message: { readonly type: string }): string {
  return `${JSON.stringify(message)}\n`;
}

/**
 * The octets of the message that starts a worker. What it says of TLS may be tens of megabytes long and is
 * the same for every worker, so it is encoded once for all of them.
 */
export function startLine(configuration: WorkerConfiguration): Uint8Array[] {
  const { tls, ...rest } = configuration;
  let shared = encodedTls.get(tls);
  if (shared === undefined) {
    shared = new TextEncoder().encode(JSON.stringify(tls));
    encodedTls.set(tls, shared);
  }
  const start = JSON.stringify({ type: "start", configuration: rest });
  const around = [`${start.slice(0, -2)},"tls":`, "}}\n"];
  const [before, after] = around.map((text) => new TextEncoder().encode(text));
  return [before!, shared, after!];
}

const encodedTls = new WeakMap<TlsConfiguration, Uint8Array>();

/** The lines of a byte stream, without their newlines. A last line without one is a line too. */
export async function* readLines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  // A line with ten thousand certificates is tens of megabytes long and comes in pieces of 64 KiB: what has
  // been looked at once is not looked at again before the line is whole.
  let parts: string[] = [];
  for await (const octets of stream) {
    const [end, ...lines] = decoder.decode(octets, { stream: true }).split("\n");
    parts.push(end!);
    for (const line of lines) {
      yield parts.join("");
      parts = [line];
    }
  }
  const rest = parts.join("");
  if (rest !== "") yield rest;
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
