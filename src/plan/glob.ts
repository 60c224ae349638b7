/** Patterns for file names, as described in glob(7) and compared by fnmatch(3) without flags. */

/**
 * Makes the test for one pattern: `*`, `?`, `[…]` with ranges, `[!…]` and classes such as `[:digit:]`, and a backslash
 * that makes the next character literal. A bracket that is never closed is literal.
 */
export function globMatcher(pattern: string): (name: string) => boolean {
  let source = "";
  for (const [token] of pattern.matchAll(TOKEN)) {
    if (token === "*") source += ".*";
    else if (token === "?") source += ".";
    else if (token.length > 2 && token.startsWith("[")) source += brackets(token.slice(1, -1));
    else source += literal(token.length > 1 && token.startsWith("\\") ? token.slice(1) : token);
  }
  const expression = expressionOf(source);
  return (name) => expression?.test(name) ?? false;
}

/** A closing bracket that comes first is one of the characters. */
const TOKEN = /\\[^]|\[[!^]?\]?(?:\[:[a-z]+:\]|\\[^]|[^\]\\])*\]|[^]/gu;

const CLASSES: Readonly<Record<string, string>> = {
  alnum: "a-zA-Z0-9",
  alpha: "a-zA-Z",
  digit: "0-9",
  lower: "a-z",
  punct: "!-\\/:-@\\[-`\\{-~",
  space: "\\s",
  upper: "A-Z",
  xdigit: "0-9a-fA-F",
};

function brackets(content: string): string {
  const negated = /^[!^]/.test(content);
  const members = (negated ? content.slice(1) : content).replaceAll(
    /\[:([a-z]+):\]|\\?([^])/gu,
    (_, name: string | undefined, character: string) =>
      name === undefined ? member(character) : CLASSES[name] ?? "",
  );
  return `[${negated ? "^" : ""}${members}]`;
}

/** Everything but the hyphen of a range is literal. */
function member(character: string): string {
  return character === "-" ? "-" : literal(character);
}

function literal(character: string): string {
  return /[\^$\\.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

/** Undefined if no name can match: the end of a range is before its start. */
function expressionOf(source: string): RegExp | undefined {
  try {
    return new RegExp(`^(?:${source})$`, "su");
  } catch {
    return undefined;
  }
}
