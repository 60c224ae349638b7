/** Rows of the corpus as files in a folder of the test's own. */

import { mapBounded } from "../../src/plan/map_bounded.ts";
import { type Authorities, encoded, Making } from "./making.ts";
import type { Row } from "./row.ts";

/** A row whose file is there. */
export interface MadeRow {
  readonly row: Row;
  readonly making: Making;
  /** Of the file. */
  readonly path: string;
  readonly args: readonly string[];
}

/** Makes the files of rows, each in a folder of its own below this one, readable to their owner alone. */
export function madeRows(
  rows: readonly Row[],
  authorities: Authorities,
  folder: string,
): Promise<MadeRow[]> {
  return mapBounded(rows, AT_ONCE, async (row) => {
    const own = `${folder}/${row.name}`;
    await Deno.mkdir(own);
    const path = `${own}/file.pem`;
    const making = new Making(authorities, row.name, own);
    try {
      const content = await row.make(making, path);
      if (content !== undefined) {
        await Deno.writeFile(path, typeof content === "string" ? encoded(content) : content);
      }
      const args = await (row.args?.(path, making) ?? [path]);
      for await (const { name, isFile } of Deno.readDir(own)) {
        if (isFile) await Deno.chmod(`${own}/${name}`, 0o600);
      }
      return { row, making, path, args };
    } catch (error) {
      throw new Error(`the file of ${row.name} cannot be made`, { cause: error });
    }
  });
}

/** Each may run a program. */
const AT_ONCE = 4;
