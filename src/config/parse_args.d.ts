/** The part of `@std/cli/parse-args` that the command line uses. The npm package has no types. */
export function parseArgs(
  args: readonly string[],
  options: {
    /** Names whose values stay text. */
    string: readonly string[];
    /** Names that may repeat: their values are a list, empty if the name is absent. */
    collect: readonly string[];
  },
): Record<string, string[] | undefined>;
