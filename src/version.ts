/** The version of stud; `deno task docs` writes it here from deno.json. */
export const VERSION = "1.0.0";
