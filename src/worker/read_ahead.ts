/** Reads messages as they come, so that some can be answered while an earlier one is still being carried out. */

import { deferred } from "../deferred.ts";

/**
 * The same messages in the same order, without those that `take` has taken, which sees each as soon as it has been read.
 * Reading goes on whether anybody asks for the next one or not. Rejects as the source does.
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
