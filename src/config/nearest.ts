/** The known name that an operator probably meant. It only makes suggestions: a similar name is never accepted. */

/**
 * The candidate with the fewest typing errors in `text` (one letter too many, missing, wrong, or two swapped), if these
 * are max a third of its letters. Among equal candidates the first one; undefined if there is none.
 */
export function nearest(text: string, candidates: Iterable<string>): string | undefined {
  if (text.length > LONGEST) return undefined;
  let best: string | undefined;
  let fewest = Math.max(1, Math.floor(text.length / 3)) + 1;
  for (const candidate of candidates) {
    const errors = typingErrors(text.toLowerCase(), candidate.toLowerCase());
    if (errors < fewest) {
      fewest = errors;
      best = candidate;
    }
  }
  return best;
}

/** The part of a message that suggests `name`, or nothing: `; did you mean --workers?`. */
export function suggestion(name: string | undefined, prefix = ""): string {
  return name === undefined ? "" : `; did you mean ${prefix}${name}?`;
}

/** Optimal string alignment distance. */
function typingErrors(typed: string, meant: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: meant.length + 1 }, (_, column) => column);
  for (let row = 1; row <= typed.length; row++) {
    const current = [row];
    for (let column = 1; column <= meant.length; column++) {
      const wrong = typed[row - 1] === meant[column - 1] ? 0 : 1;
      let errors = Math.min(
        last[column]! + 1,
        current[column - 1]! + 1,
        last[column - 1]! + wrong,
      );
      const swapped = row > 1 && column > 1 && typed[row - 1] === meant[column - 2] &&
        typed[row - 2] === meant[column - 1];
      if (swapped) errors = Math.min(errors, beforeLast[column - 2]! + 1);
      current.push(errors);
    }
    beforeLast = last;
    last = current;
  }
  return last[meant.length]!;
}

const LONGEST = 64;
