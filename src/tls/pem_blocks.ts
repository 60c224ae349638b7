/** PEM text of a file that somebody has to correct if it is none. */

import { StartupError } from "../errors.ts";
import { almostBegins, parsePem, type PemBlock } from "../wire/pem.ts";

/** The blocks of a file's text. Throws {@linkcode StartupError} with `source` in front: empty, damaged, or no PEM. */
export function pemBlocks(text: string, source: string): PemBlock[] {
  const blocks = pemBlocksIfAny(text, source);
  if (blocks.length === 0) throw new StartupError(`${source}: ${otherFormat(text, source)}`);
  return blocks;
}

/** The same of a text that may hold none. */
export function pemBlocksIfAny(text: string, source: string): PemBlock[] {
  if (text.trim() === "") throw new StartupError(`${source}: the file is empty`);
  try {
    return parsePem(text);
  } catch (error) {
    throw new StartupError(`${source}: ${(error as Error).message}`, { cause: error });
  }
}

/** Why a file does not hold what it should, for the end of a line: `, only ...`, or nothing. */
export function insteadOf(text: string, blocks: readonly PemBlock[]): string {
  const line = almostBegins(withoutBlocks(text, blocks));
  if (line !== undefined) {
    return `; line ${line} is no -----BEGIN line: those have five dashes on each side and nothing else`;
  }
  const labels = [...new Set(blocks.map(({ label }) => label))];
  if (labels.some((label) => label === "PKCS7" || label === "CMS")) {
    return ", only PKCS #7; convert it: openssl pkcs7 -print_certs -in FILE -out certs.pem";
  }
  return labels.length === 0 ? "" : `, only ${labels.join(", ")}`;
}

/** Blocks are looked away from, not away: line numbers stay. */
function withoutBlocks(text: string, blocks: readonly PemBlock[]): string {
  const begins = new Set(blocks.map(({ line }) => line));
  return text.split(/\r\n|\n|\r/).map((line, at) => begins.has(at + 1) ? "" : line).join("\n");
}

/** What is known of a file without a PEM block by its first bytes, as far as they survive as text. */
function otherFormat(text: string, source: string): string {
  if (text.includes("\0B\0E\0G\0I\0N") || text.includes("B\0E\0G\0I\0N\0")) {
    return "is UTF-16 text; save it as UTF-8 or ASCII";
  }
  const line = almostBegins(text);
  if (line !== undefined) {
    return `line ${line} is no -----BEGIN line: those have five dashes on each side and nothing else`;
  }
  if (!/^0[\u0080-\uffff]/.test(text)) return "not a PEM file (it has no -----BEGIN line)";
  const head = text.slice(0, 12);
  // X.690: a SEQUENCE, and in it the version number that PKCS #12 (RFC 7292) and keys begin with.
  if (head.includes("\x02\x01\x03")) {
    return `is PKCS #12, not PEM; convert it: openssl pkcs12 -in ${source} -out cert.pem -nodes`;
  }
  if (head.includes("\x02\x01\x00") || head.includes("\x02\x01\x01\x04")) {
    return `is a key in DER, not PEM; convert it: openssl pkey -inform DER -in ${source} -out key.pem`;
  }
  return `is DER, not PEM; convert it: openssl x509 -inform DER -in ${source} -out cert.pem`;
}
