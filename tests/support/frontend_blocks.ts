/** Frontends of one stud that differ: blocks of its configuration file. */

import { type PemFile, pemFile } from "./certificates.ts";

/**
 * A configuration file with these blocks of frontends, each on a port of its own of 127.0.0.1 unless it names a host.
 * With it the command line names no frontend, and names the engine.
 */
export function frontendBlocks(blocks: readonly string[]): PemFile {
  return pemFile(
    blocks.map((block) => {
      const host = /^\s*host\b/m.test(block) ? "" : 'host = "127.0.0.1"\n';
      return `frontend = {\n${host}port = "0"\n${block}\n}\n`;
    }).join(""),
  );
}
