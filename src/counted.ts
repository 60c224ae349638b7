/** A number with its noun, as log lines and messages say it. It knows no nouns itself. */

/** `1 connection`, `2 connections`; `plural` if it is not the noun with an s. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
