/** Makes any text safe for one line of a log: what comes from the network must not forge lines or colours. */

/** Longest line, in UTF-16 code units; the rest is cut. */
const LONGEST = 1_000;

/** Control, format and separator characters, and halves of surrogate pairs: all that a terminal may obey. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** Escapes unprintable characters as `\xNN` or `\u{NNNN}` and cuts very long text. */
export function printable(text: string): string {
  return escaped(text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text);
}

/**
 * Escapes unprintable characters, and cuts nothing: as `\xNN` or `\u{NNNN}`, or each of their UTF-16 code units in
 * another way.
 */
export function escaped(text: string, escapeUnit?: (unit: number) => string): string {
  return text.replace(UNPRINTABLE, (character) => {
    if (escapeUnit !== undefined) {
      return Array.from(
        { length: character.length },
        (_, index) => escapeUnit(character.charCodeAt(index)),
      ).join("");
    }
    const code = character.codePointAt(0) ?? 0;
    return code <= 0xff
      ? `\\x${code.toString(16).padStart(2, "0")}`
      : `\\u{${code.toString(16).padStart(4, "0")}}`;
  });
}
