/** Many clients, but not all of them at the same moment. */

/** Does something `count` times, `atOnce` of them at a time. Rejects with the first failure. */
export async function eachOf(
  count: number,
  atOnce: number,
  act: (index: number) => Promise<unknown>,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => {
    while (next < count) await act(next++);
  }));
}
