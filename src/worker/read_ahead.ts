/** Reads messages as they arrive, so that some can be answered while an earlier one is still being processed. */

import { deferred } from "../deferred.ts";

/**
 * Yields the same messages in the same order, except those for which `take` returns true. `take` sees each message
 * as soon as it has been read. Reading continues whether or not the next message is requested. Rejects as the
 * source does.
 */
export async function* readAhead<Message>(
  source: AsyncIterable<Message>,
  take: (message: Message) => boolean,
): AsyncGenerator<Message> {
  const waiting: Message[] = [];
  let more = deferred<void>();
  let over = false;
  let fault: { readonly error: unknown } | undefined;
  const read = async () => {
    try {
      for await (const message of source) {
        if (take(message)) continue;
        waiting.push(message);
        more.resolve();
      }
    } catch (error) {
      fault = { error };
    }
    over = true;
    more.resolve();
  };
  void read();
  for (;;) {
    while (waiting.length > 0) yield waiting.shift()!;
    if (fault !== undefined) throw fault.error;
    if (over) return;
    await more.promise;
    more = deferred();
  }
}
