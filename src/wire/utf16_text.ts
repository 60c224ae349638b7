/** Recognizes text in UTF-16, the encoding of some editors, in what was read as UTF-8. It decodes nothing. */

/** Which of both UTF-16 it is, by iconv's names; undefined: neither. Bytes that are no UTF-8 are U+FFFD. */
export function utf16Encoding(text: string): "UTF-16LE" | "UTF-16BE" | undefined {
  if (LITTLE_ENDIAN.test(text)) return "UTF-16LE";
  return BIG_ENDIAN.test(text) ? "UTF-16BE" : undefined;
}

/** A byte order mark perhaps, and then letters of ASCII with a NUL behind or before each. */
const LITTLE_ENDIAN = /^(?:\ufffd\ufffd)?(?:[\t\n\r -~]\0){3}/;
const BIG_ENDIAN = /^(?:\ufffd\ufffd)?(?:\0[\t\n\r -~]){3}/;
