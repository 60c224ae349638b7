/**
 * Splits PEM text (RFC 7468) into its blocks and takes the octets out of them. It knows nothing of what they
 * mean, and no file names: callers say which file a fault is in.
 */

import { fromBase64 } from "./base64.ts";

/** One `-----BEGIN label-----` block, with its text from the first dash to the last, newline included. */
export interface PemBlock {
  /** For example `CERTIFICATE`, `PRIVATE KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY`, `DH PARAMETERS`. */
  readonly label: string;
  readonly text: string;
}

/** Thrown for a block that begins and never ends, or ends under another label. */
export class PemFormatError extends Error {
  override readonly name = "PemFormatError";
}

/** Finds every PEM block in order; text between blocks is ignored. Throws {@linkcode PemFormatError}. */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: { label: string; lines: string[] } | undefined;
  for (const raw of text.split(/\r\n|\n|\r/)) {
    const line = raw.trim();
    const boundary = /^-----(BEGIN|END) ([A-Z0-9 ]+)-----$/.exec(line);
    if (boundary === null) {
      open?.lines.push(line);
      continue;
    }
    const [, edge, label = ""] = boundary;
    if (edge === "BEGIN") {
      if (open) throw new PemFormatError(`the ${open.label} block has no end`);
      open = { label, lines: [line] };
      continue;
    }
    if (open?.label !== label) throw new PemFormatError(`a ${label} block ends where none began`);
    blocks.push({ label, text: [...open.lines, line, ""].join("\n") });
    open = undefined;
  }
  if (open) throw new PemFormatError(`the ${open.label} block has no end (the file is truncated)`);
  return blocks;
}

/**
 * The octets that a block holds in base64, RFC 1421 headers left out. Throws {@linkcode PemFormatError} for
 * text that is not base64.
 */
export function pemOctets(block: PemBlock): Uint8Array {
  const lines = block.text.trimEnd().split("\n").slice(1, -1);
  const body = lines.filter((line) => !line.includes(":")).join("");
  try {
    return fromBase64(body);
  } catch (error) {
    throw new PemFormatError(`the ${block.label} block is not base64`, { cause: error });
  }
}

/** Whether a key block is encrypted: PKCS #8 by its label, the older formats by their headers (RFC 1421). */
export function isEncryptedKey(block: PemBlock): boolean {
  return block.label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type:.*ENCRYPTED/m.test(block.text);
}

/** Whether the block holds a private key of any kind. */
export function isPrivateKey(block: PemBlock): boolean {
  return block.label.endsWith("PRIVATE KEY");
}
