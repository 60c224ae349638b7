/** What the tests use of `@std/yaml`. The npm package has no types. */

/** The documents of a text. It throws at what is no YAML. */
export function parseAll(text: string): unknown;
