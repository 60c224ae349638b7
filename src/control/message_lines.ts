/** Frames control messages as lines of JSON, and takes them apart again from any fragmentation. */

/** One message as a line, newline included. */
export function messageLine(message: { readonly type: string }): string {
  return `${JSON.stringify(message)}\n`;
}

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

/** The messages of a stream; lines that are none are left out. */
export async function* readMessages<Message extends { readonly type: string }>(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Message> {
  for await (const line of readLines(stream)) {
    const message = decodeMessage<Message>(line);
    if (message !== undefined) yield message;
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
