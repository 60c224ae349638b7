/** The terminal of this process, the same under Deno and Node. */

import process from "node:process";
import type { Terminal } from "./service.ts";

/** `Service.openTerminal`. */
export function openTerminal(): Promise<Terminal | undefined> {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) return Promise.resolve(undefined);
  stdin.setRawMode(true);
  const terminal: Terminal = {
    get columns() {
      // 0 where nothing has told the terminal its size.
      return stdout.columns || COLUMNS;
    },
    get rows() {
      return stdout.rows || ROWS;
    },
    onKey: () => {},
    close() {
      stdin.off("data", take);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
  const take = (bytes: Uint8Array) => {
    for (const key of new TextDecoder().decode(bytes)) terminal.onKey(key);
  };
  stdin.on("data", take);
  return Promise.resolve(terminal);
}

/** The size of a terminal that does not tell it. */
const COLUMNS = 80;
const ROWS = 24;
