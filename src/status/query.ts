/** The query of a request (RFC 3986 section 3.4), as names and values that an endpoint knows. */

/** A query that an endpoint cannot take; the message says why. */
export class QueryError extends Error {
  override readonly name = "QueryError";
}

/** Path and query of a request's target, which may be absolute (RFC 9112 section 3.2.2). */
export function splitTarget(whole: string): { readonly path: string; readonly query: string } {
  const target = whole.replace(/^http:\/\/[^/?#]+(?=\/)/i, "");
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** The parameters by name. Throws {@linkcode QueryError} for an unknown one, and for one that is given twice. */
export function parseQuery(
  query: string,
  allowed: readonly string[],
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    if (!allowed.includes(name)) {
      const known = allowed.length === 0 ? "there are none here" : `known: ${allowed.join(", ")}`;
      throw new QueryError(`unknown parameter ${JSON.stringify(name.slice(0, 40))}; ${known}`);
    }
    if (values.has(name)) throw new QueryError(`${name} is given twice`);
    if (value === "") throw new QueryError(`${name} has no value`);
    values.set(name, value);
  }
  return values;
}
