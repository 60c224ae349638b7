/** Recognizes UTF-16, the encoding of some editors, in text that was decoded as UTF-8. It decodes nothing. */

/** Which UTF-16 it is, by iconv's names; undefined if it is neither. Bytes that are not UTF-8 are U+FFFD. */
export function utf16Encoding(text: string): "UTF-16LE" | "UTF-16BE" | undefined {
  if (LITTLE_ENDIAN.test(text)) return "UTF-16LE";
  return BIG_ENDIAN.test(text) ? "UTF-16BE" : undefined;
}

/** Optionally a byte order mark, then ASCII characters, each with a NUL after or before it. */
const LITTLE_ENDIAN = /^(?:\ufffd\ufffd)?(?:[\t\n\r -~]\0){3}/;
const BIG_ENDIAN = /^(?:\ufffd\ufffd)?(?:\0[\t\n\r -~]){3}/;
