/** Work on many things at once, but never on too many. */

/**
 * Does the work for every item, for at most `limit` of them at the same time, and returns the results in the
 * order of the items. After a failure nothing new is begun, and the failure of the first item that failed is
 * thrown: which one that is does not depend on who was faster.
 */
export async function mapBounded<Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  let next = 0;
  const failures: { readonly index: number; readonly error: unknown }[] = [];
  const lane = async () => {
    while (next < items.length && failures.length === 0) {
      const index = next++;
      try {
        results[index] = await work(items[index]!, index);
      } catch (error) {
        failures.push({ index, error });
      }
    }
  };
  await Promise.all(Array.from({ length: limit }, lane));
  const [first] = failures.sort((a, b) => a.index - b.index);
  if (first !== undefined) throw first.error;
  return results;
}
