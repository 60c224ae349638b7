/** PEM text of a file that somebody has to correct if it is none. */

import { StartupError } from "../errors.ts";
import { parsePem, type PemBlock } from "../wire/pem.ts";

/** The blocks of a file's text. Throws {@linkcode StartupError} with `source` in front: empty, or damaged. */
export function pemBlocks(text: string, source: string): PemBlock[] {
  if (text.trim() === "") throw new StartupError(`${source}: the file is empty`);
  try {
    return parsePem(text);
  } catch (error) {
    throw new StartupError(`${source}: ${(error as Error).message}`, { cause: error });
  }
}
