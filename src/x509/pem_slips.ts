/**
 * Finds lines that were meant to begin or end a PEM block but do not, so that messages can say why: too many dashes,
 * lower-case letters, more text on the line. It never parses a block from such a line.
 */

/** A malformed boundary line. */
export interface PemSlip {
  /** The line number, from 1. */
  readonly line: number;
  /** What is wrong with it, beginning with `line N`. */
  readonly fault: string;
  /** Whether the line starts with dashes, so that it is probably not a comment. */
  readonly isClear: boolean;
}

/** Each line of a text that was meant to begin a block but does not. */
export function beginningSlips(text: string, begun: ReadonlySet<number>): PemSlip[] {
  const begins = text.match(/BEGIN /gi)?.length ?? 0;
  // Most files are correct, and there may be ten thousand.
  if (begins <= begun.size) return [];
  return text.split(/\r\n|\n|\r/).flatMap((content, at) => {
    const line = at + 1;
    if (begun.has(line) || !BEGINS.test(content)) return [];
    const isClear = /^\s*[-\u2010-\u2015\u2212]/.test(content);
    return [{ line, fault: faultOf(content, "BEGIN", line), isClear }];
  });
}

/** What is wrong with the first of a block's lines that was meant to end it, with its line number. */
export function endingSlip(lines: readonly string[], firstLine: number): string | undefined {
  const at = lines.findIndex((content) => ENDS.test(content));
  return at < 0 ? undefined : faultOf(lines[at]!, "END", firstLine + at);
}

function faultOf(content: string, edge: "BEGIN" | "END", line: number): string {
  if (new RegExp(`(?:^|[^-])-----${edge} [^a-z-]+-----(?:[^-]|$)`).test(content)) {
    return content.includes("\\n")
      ? `line ${line} has \\n where line feeds belong`
      : `line ${line}: a -----${edge} line must be a line of its own`;
  }
  if (new RegExp(`(?:^|[^-])-----${edge} [^-]+-----(?:[^-]|$)`, "i").test(content)) {
    return `line ${line}: -----${edge} and what it names are written in capitals`;
  }
  return `line ${line} is no -----${edge} line: those have five dashes on each side and nothing else`;
}

const DASH = "[-\\u2010-\\u2015\\u2212]";
const NAME = "[A-Z0-9.# ]*(?:CERTIFICATE|KEY|PARAMETERS|CRL|REQUEST|CMS|PKCS ?#?7)";
const BEGINS = new RegExp(`${DASH}\\s*BEGIN ${NAME}`, "i");
const ENDS = new RegExp(`${DASH}\\s*END ${NAME}`, "i");
