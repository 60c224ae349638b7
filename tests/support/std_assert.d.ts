/** The assertions of `@std/assert` that the tests use. The npm package has no types. */

// deno-lint-ignore no-explicit-any
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

export function assert(expression: unknown, message?: string): asserts expression;

export function assertEquals<T>(actual: T, expected: T, message?: string): void;

export function assertStringIncludes(actual: string, expected: string, message?: string): void;

export function assertThrows(callback: () => unknown, message?: string): unknown;
export function assertThrows<E extends Error>(
  callback: () => unknown,
  errorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): E;

export function assertRejects(
  callback: () => PromiseLike<unknown>,
  message?: string,
): Promise<unknown>;
export function assertRejects<E extends Error>(
  callback: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  messageIncludes?: string,
  message?: string,
): Promise<E>;
