/** A promise together with its two functions: `Promise.withResolvers()`, which Node 20 does not have. */

/** A promise that is settled from outside. */
export interface Deferred<Value> {
  readonly promise: Promise<Value>;
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

/** A promise that is settled by the functions beside it. */
export function deferred<Value>(): Deferred<Value> {
  let resolve!: (value: Value) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<Value>((...ends) => [resolve, reject] = ends);
  return { promise, resolve, reject };
}
