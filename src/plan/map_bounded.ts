/** Works on many items at once, up to a limit. */

/**
 * Does the work for every item, for at most `limit` of them at the same time, and returns the results in the order of
 * the items. After a failure no new work begins. Of all failures, that of the first item is thrown, so the result does
 * not depend on timing.
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
