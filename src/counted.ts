/** Numbers of things, as people say them. */

/** `1 connection`, `2 connections`; `many` where the plural is not the singular and an s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
