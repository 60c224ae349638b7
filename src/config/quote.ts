/**
 * Text from an operator inside a message: quoted, on one line, and harmless on a terminal. It refuses
 * nothing; it is not the log's escaping of text from the network.
 */

/** `text` in double quotes, with control and other invisible characters escaped, cut at 200 characters. */
export function quote(text: string): string {
  return `"${escapeControl(text).replaceAll('"', '\\"')}"`;
}

/** `text` without the quotes: for file names and option names. Otherwise like `quote`. */
export function escapeControl(text: string): string {
  const characters = Array.from(text);
  const shown = characters.slice(0, LONGEST).join("").replace(INVISIBLE, escapeCharacter);
  return characters.length > LONGEST ? `${shown}...` : shown;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case "\n":
      return "\\n";
    case "\r":
      return "\\r";
    case "\t":
      return "\\t";
  }
  const code = character.codePointAt(0)!;
  return code < 0x100
    ? `\\x${code.toString(16).padStart(2, "0")}`
    : `\\u{${code.toString(16).padStart(4, "0")}}`;
}

const LONGEST = 200;

/** Control, format (bidirectional overrides among them), surrogate, line and paragraph separators. */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
