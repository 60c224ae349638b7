/**
 * What a row of the corpus is: a small file as it comes in real life, how it is made, and what becomes of it. Nothing is
 * stored: every file is made by the test that reads it.
 */

import type { Making } from "./making.ts";

/** One file, and its right outcome. */
export interface Row {
  /** What is odd about it, in lower case with hyphens: its certificate's DNS name is this and `.test`. */
  readonly name: string;
  /** The file, or what has made something else at the path. */
  readonly make: (making: Making, path: string) => Content | Promise<Content>;
  /** Arguments that name the file, besides the engine; default: its path alone. */
  readonly args?: (path: string, making: Making) => string[] | Promise<string[]>;
  /** For every engine, or for each. */
  readonly outcome: Outcome | ByEngine;
}

/** What a file holds; undefined: the row has made it by itself. */
export type Content = string | Uint8Array | undefined;

/** An outcome for each engine. */
export interface ByEngine {
  readonly openssl: Outcome;
  readonly rustls: Outcome;
}

/**
 * What becomes of a file. In lines $file stands for its path, # for the number of a line that depends on the length of a
 * signature, and … for what is different each time, or is said by the TLS library in words of its own.
 */
export type Outcome =
  | {
    readonly kind: "served";
    /** The only line that is said of it, as a warning; undefined: none. */
    readonly warning: string | undefined;
    /** Whether `openssl s_client` with everything that it can do gets in. */
    readonly reached: boolean;
  }
  | { readonly kind: "refused"; readonly line: string };

/** The file is served, and nothing is said of it, or one warning. */
export function served(warning?: string): Outcome {
  return { kind: "served", warning, reached: true };
}

/** The file is served, but no client that a test has can use it. */
export function servedToNobody(warning?: string): Outcome {
  return { kind: "served", warning, reached: false };
}

/** stud does not start with it, and says this line. */
export function refused(line: string): Outcome {
  return { kind: "refused", line };
}

/** The outcome for an engine; Node's is an OpenSSL. */
export function outcomeFor({ outcome }: Pick<Row, "outcome">, engine: keyof ByEngine): Outcome {
  return "kind" in outcome ? outcome : outcome[engine];
}

/** Whether a line is the expected one. */
export function isLine(line: string, expected: string, path: string): boolean {
  const parts = expected.split("…").map((part) =>
    part.replaceAll("$file", path).replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(
      /\b(line|to) #/g,
      "$1 \\d+",
    )
  );
  return new RegExp(`^${parts.join(".*")}$`).test(line);
}

/** The numbers of lines that a message names and that are plain base64 in the file, so that nothing is wrong with them. */
export function innocentLines(message: string, text: string): number[] {
  const lines = text.split(/\r\n|\n|\r/);
  return [...message.matchAll(/\b(?:line|lines \d+ to) (\d+)/g)].map(([, number]) => Number(number))
    .filter((number) => /^[A-Za-z0-9+/=]+$/.test(lines[number - 1]?.trim() ?? "x"));
}
