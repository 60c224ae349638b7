/** `--help` of the scripts: each prints the comment at its head, which says what it does and which arguments it takes. */

/** Ends the program with the script's head comment if its arguments ask for help. `script` is its `import.meta.url`. */
export async function helpIfAsked(script: string): Promise<void> {
  if (!asksForHelp(Deno.args)) return;
  console.log(headComment(await Deno.readTextFile(new URL(script))));
  Deno.exit(0);
}

/** Whether arguments ask for help. */
export function asksForHelp(args: readonly string[]): boolean {
  return args.includes("--help") || args.includes("-h");
}

/** The text of the first doc comment in a module, without its marks. */
export function headComment(source: string): string {
  const [, comment = ""] = /^\/\*\*([^]*?)\*\//.exec(source) ?? [];
  return comment.replace(/^ \* ?/gm, "").trim();
}
