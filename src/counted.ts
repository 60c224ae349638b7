/** A number with its noun, as log lines and messages say it. It knows no word. */

/** `1 connection`, `2 connections`; `plural` where it is not the noun with an s behind it. */
export function counted(number: number, noun: string, plural = `${noun}s`): string {
  return `${number} ${number === 1 ? noun : plural}`;
}
