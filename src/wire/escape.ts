/**
 * Makes untrusted text and bytes safe for one line of a log, a message or a terminal: nothing in them can forge lines,
 * colors or text directions. It refuses nothing and knows no words.
 */

/**
 * One line of a log: unprintable characters as `\xNN` or `\u{NNNN}`, and `…` instead of everything after 1,000
 * characters.
 */
export function printable(text: string): string {
  return escapeText(text.length > MAX_LINE ? `${text.slice(0, MAX_LINE)}…` : text);
}

/** The same for text that is already bounded. */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, escapeCharacter);
}

/** An operator's text for a message: in double quotes, otherwise like {@linkcode escapeControl}. */
export function quote(text: string): string {
  return `"${escapeControl(text).replaceAll('"', '\\"')}"`;
}

/**
 * The same without quotes, for names of files and options: line feeds and tabs as `\n` and `\t`, max 200 characters.
 */
export function escapeControl(text: string): string {
  const characters = Array.from(text);
  const shown = characters.slice(0, MAX_QUOTED).join("").replace(
    UNPRINTABLE,
    (character) => CONTROL.get(character) ?? escapeCharacter(character),
  );
  return characters.length > MAX_QUOTED ? `${shown}…` : shown;
}

/**
 * Bytes in double quotes: printable ASCII unchanged, all others as `\xNN`, and `…` instead of everything after the
 * first 48.
 */
export function quoteBytes(bytes: Uint8Array): string {
  const shown = [...bytes.subarray(0, MAX_BYTES)].map((byte) => {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== QUOTE && byte !== BACKSLASH;
    return isPlain ? String.fromCharCode(byte) : escapeByte(byte);
  });
  return `"${shown.join("")}${bytes.length > MAX_BYTES ? "…" : ""}"`;
}

/** A line that may be JSON, whose strings keep their meaning: `\uNNNN` for every unprintable UTF-16 code unit. */
export function escapeJson(text: string): string {
  return text.replace(UNPRINTABLE, (character) => {
    let escaped = "";
    for (let at = 0; at < character.length; at++) {
      escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`;
    }
    return escaped;
  });
}

function escapeCharacter(character: string): string {
  const code = character.codePointAt(0)!;
  return code <= 0xff ? escapeByte(code) : `\\u{${code.toString(16).padStart(4, "0")}}`;
}

function escapeByte(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

/** Control, format (including bidirectional overrides) and separator characters, and unpaired surrogates. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const CONTROL = new Map([["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"]]);
/** UTF-16 code units. */
const MAX_LINE = 1_000;
/** Characters. */
const MAX_QUOTED = 200;
const MAX_BYTES = 48;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
