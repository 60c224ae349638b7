/** `@std/assert`, with types. Tests import assertions from here only. */

// @ts-types="./std_assert.d.ts"
export {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
