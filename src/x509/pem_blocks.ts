/** Parses the PEM text of a file, with errors that tell the operator how to correct the file. */

import { StartupError } from "../errors.ts";
import { parsePem, type PemBlock } from "./pem.ts";
import { beginningSlips, type PemSlip } from "./pem_slips.ts";
import { inCommand, otherFormat } from "./other_formats.ts";

/**
 * The blocks of a file's text. Throws {@linkcode StartupError}, starting with `source`, for empty, damaged, or non-PEM
 * text.
 */
export function pemBlocks(text: string, source: string): PemBlock[] {
  const blocks = pemBlocksIfAny(text, source);
  if (blocks.length === 0) throw new StartupError(`${source}: ${notPem(text, source)}`);
  return blocks;
}

/** The same for a text that may contain no block. */
export function pemBlocksIfAny(text: string, source: string): PemBlock[] {
  if (text.trim() === "") throw new StartupError(`${source}: the file is empty`);
  try {
    return parsePem(text);
  } catch (error) {
    throw new StartupError(`${source}: ${(error as Error).message}`, { cause: error });
  }
}

/**
 * Why a file does not contain what is needed, for the end of a line: what may have been meant as that, or what the file
 * contains instead, with line numbers.
 */
export function insteadOf(text: string, blocks: readonly PemBlock[], source: string): string {
  const [slip] = slips(text, blocks);
  if (slip !== undefined) return `; ${slip.fault}`;
  if (blocks.length === 0) return "";
  const labels = [...new Set(blocks.map(({ label }) => label))];
  const found = labels.map((label) => `${label} (${linesOf(blocks, label)})`).join(", ");
  return `, only ${found}${remedyFor(labels, source)}`;
}

/** Warnings about lines that look like the beginning of a block but are not, so that the text after them is ignored. */
export function unreadBlocks(text: string, blocks: readonly PemBlock[], source: string): string[] {
  return slips(text, blocks).filter(({ isClear }) => isClear).map(({ fault }) =>
    `${source}: ${fault}; what follows it is not read`
  );
}

function notPem(text: string, source: string): string {
  const [slip] = slips(text, []);
  if (slip === undefined) return otherFormat(text, source);
  if (!slip.fault.includes("\\n")) return slip.fault;
  return `${slip.fault}; convert it: sed 's/\\\\n/\\n/g' ${inCommand(source)} > new.pem`;
}

function slips(text: string, blocks: readonly PemBlock[]): PemSlip[] {
  return beginningSlips(text, new Set(blocks.map(({ line }) => line)));
}

function linesOf(blocks: readonly PemBlock[], label: string): string {
  const lines = blocks.filter((block) => block.label === label).map(({ line }) => line);
  return lines.length === 1 ? `line ${lines[0]}` : `lines ${lines[0]} to ${lines.at(-1)}`;
}

function remedyFor(labels: readonly string[], source: string): string {
  const has = (...wanted: string[]) => labels.some((label) => wanted.includes(label));
  if (has("CERTIFICATE")) return "";
  if (has("PKCS7", "PKCS #7 SIGNED DATA", "CMS")) {
    return `; convert it: openssl pkcs7 -print_certs -in ${inCommand(source)} -out certs.pem`;
  }
  if (has("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")) {
    return "; use the certificate that the authority issued for the request";
  }
  return "";
}
