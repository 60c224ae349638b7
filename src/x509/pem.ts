/**
 * Parses PEM text as tolerantly as RFC 7468 section 2 allows and OpenSSL does. Every block is returned in one strict
 * form, so that libraries that get it later need not be tolerant too. It knows no file names: callers say which file
 * contains a fault.
 */

import { fromBase64, toBase64 } from "../wire/base64.ts";
import { DerTag, readDer, readFirstDer } from "./der.ts";
import { endingSlip } from "./pem_slips.ts";

/** The content between `-----BEGIN label-----` and `-----END label-----`. */
export interface PemBlock {
  /** For example `CERTIFICATE`, `PRIVATE KEY`, `RSA PRIVATE KEY`, `EC PRIVATE KEY`, `DH PARAMETERS`. */
  readonly label: string;
  /** In the strict form: base64 in lines of 64 characters, each with a line feed. */
  readonly text: string;
  /** The line number where it begins, from 1. */
  readonly line: number;
  /** The first line that contains something other than base64, if there is one. */
  readonly oddLine?: number;
}

/** Thrown for a block that does not end, ends with another label, or contains no base64. Names the line. */
export class PemFormatError extends Error {
  override readonly name = "PemFormatError";
}

interface OpenBlock {
  readonly label: string;
  readonly line: number;
  readonly lines: string[];
}

/**
 * Finds every PEM block in order. Text between blocks is ignored, also an end without a beginning. A wrong label is
 * corrected: a `TRUSTED CERTIFICATE` becomes a certificate, and a key may have the label of another key format. Throws
 * {@linkcode PemFormatError}.
 */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let open: OpenBlock | undefined;
  let line = 0;
  for (const raw of text.split(/\r\n|\n|\r/)) {
    line++;
    for (const part of partsOf(raw.trim())) {
      const [, edge, label = ""] = BOUNDARY.exec(part) ?? [];
      if (edge === "END" && open !== undefined) {
        blocks.push(closed(open, label, line));
        open = undefined;
      } else if (edge === "BEGIN") {
        if (open) throw unended(open, `line ${line}: ${named(open)} has no end before this`);
        open = { label, line, lines: [] };
      } else if (edge === undefined) {
        open?.lines.push(part);
      }
    }
  }
  if (open) throw unended(open, `${named(open)} has no end (the file is truncated)`);
  return blocks;
}

/** The bytes of a block. Throws {@linkcode PemFormatError} for text that is not base64. */
export function pemBytes(block: PemBlock): Uint8Array<ArrayBuffer> {
  const { text } = block;
  const body = text.slice(text.indexOf("\n") + 1, text.lastIndexOf("-----END"));
  // Line feeds may stay in base64.
  return decoded(body.includes(":") ? bodyOf(body.split("\n")) : body, block);
}

/** Why a block is damaged, for the end of a line, as far as its text shows: `: line 3 is not base64`. */
export function pemDamage(block: PemBlock): string {
  if (block.oddLine !== undefined) return `: line ${block.oddLine} is not base64`;
  return block.text.split("\n").length === EMPTY_LINES ? ": it is empty" : "";
}

/** A block in the strict form. */
export function formatPem(label: string, bytes: Uint8Array): string {
  return strict(label, [], cut(toBase64(bytes)));
}

/** Whether a key block is encrypted: PKCS #8 by its label, the older formats by their headers (RFC 1421). */
export function isEncryptedKey(block: PemBlock): boolean {
  return block.label === "ENCRYPTED PRIVATE KEY" || /^Proc-Type:.*ENCRYPTED/m.test(block.text);
}

/** Whether the block contains a private key of any kind. */
export function isPrivateKey(block: Pick<PemBlock, "label">): boolean {
  return block.label.endsWith("PRIVATE KEY");
}

/**
 * A line, or its parts: if files without a final line feed are concatenated, an end and a beginning are on one line.
 */
function partsOf(line: string): string[] {
  if (!line.includes("-----")) return [line];
  if (BOUNDARY.test(line)) return [line];
  const end = /-----END [^-]+-----/.exec(line);
  if (end === null) return [line];
  const rest = line.slice(end.index + end[0].length);
  const parts = [line.slice(0, end.index), end[0], ...rest === "" ? [] : partsOf(rest)];
  return parts.filter((part) => part !== "");
}

function closed(open: OpenBlock, label: string, endLine: number): PemBlock {
  if (open.label !== label) {
    throw new PemFormatError(`line ${endLine}: ${named(open)} ends as ${label}`);
  }
  const headers = headersOf(open.lines);
  const body = bodyOf(open.lines);
  const { line } = open;
  const oddLine = ODD.test(body) ? firstOddLine(open) : undefined;
  const found = { label: open.label, line, ...oddLine !== undefined && { oddLine } };
  const { label: own, bytes } = corrected(found, headers, body);
  if (bytes !== undefined) return { label: own, text: formatPem(own, bytes), line };
  return { ...found, label: own, text: strict(own, headers, linesOf(open.lines, body)) };
}

function firstOddLine({ line, lines }: OpenBlock): number | undefined {
  const at = lines.findIndex((content) => !content.includes(":") && ODD.test(content.trim()));
  return at < 0 ? undefined : line + 1 + at;
}

function unended({ line, lines }: OpenBlock, fault: string): PemFormatError {
  return new PemFormatError(endingSlip(lines, line + 1) ?? fault);
}

/** The content of a block, with the label that TLS libraries use for it. */
function corrected(
  block: BlockPlace,
  headers: readonly string[],
  body: string,
): { readonly label: string; readonly bytes?: Uint8Array } {
  const { label } = block;
  if (label === "X509 CERTIFICATE") return { label: "CERTIFICATE" };
  // OpenSSL's own format: the certificate, followed by its trusted uses.
  if (label === "TRUSTED CERTIFICATE") {
    return { label: "CERTIFICATE", bytes: firstElement(decoded(body, block), block) };
  }
  if (headers.length === 0 && isPrivateKey(block) && label !== "ENCRYPTED PRIVATE KEY") {
    return { label: keyLabel(decoded(body, block)) ?? label };
  }
  return { label };
}

/** The label for a key's format, by its first fields; undefined if no known format has them. */
function keyLabel(bytes: Uint8Array): string | undefined {
  try {
    const tags = readDer(bytes).children().map(({ tag }) => tag);
    const [first, second, third] = tags;
    if (first === DerTag.sequence && second === DerTag.octetString) return "ENCRYPTED PRIVATE KEY";
    if (first !== DerTag.integer) return undefined;
    // RFC 5958, RFC 5915, and RFC 8017 appendix A.1.2, whose key has nine numbers.
    if (second === DerTag.sequence && third === DerTag.octetString) return "PRIVATE KEY";
    if (second === DerTag.octetString) return "EC PRIVATE KEY";
    const isRsa = tags.length >= 9 && tags.slice(0, 9).every((tag) => tag === DerTag.integer);
    return isRsa ? "RSA PRIVATE KEY" : undefined;
  } catch {
    return undefined;
  }
}

function firstElement(bytes: Uint8Array, block: BlockPlace): Uint8Array {
  try {
    return readFirstDer(bytes).whole;
  } catch (error) {
    throw new PemFormatError(`${named(block)} holds no certificate`, { cause: error });
  }
}

function decoded(body: string, block: BlockPlace): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(body);
  } catch (error) {
    const where = block.oddLine === undefined ? "" : ` (line ${block.oddLine})`;
    throw new PemFormatError(`${named(block)} is not base64${where}`, { cause: error });
  }
}

/** Headers of RFC 1421, such as `Proc-Type: 4,ENCRYPTED`. */
function headersOf(lines: readonly string[]): string[] {
  return lines.filter((line) => line.includes(":"));
}

function bodyOf(lines: readonly string[]): string {
  return lines.filter((line) => !line.includes(":")).join("").replace(/\s+/g, "");
}

/** Reuses lines that are strict already: most files are, and there may be ten thousand of them. */
function linesOf(lines: readonly string[], body: string): readonly string[] {
  const last = lines.length - 1;
  const isStrict = lines.every(({ length }, at) =>
    at === last ? length <= WIDTH : length === WIDTH
  );
  return isStrict && last * WIDTH < body.length ? lines : cut(body);
}

function cut(base64: string): string[] {
  return base64.match(LINE) ?? [];
}

function strict(label: string, headers: readonly string[], lines: readonly string[]): string {
  const head = headers.length === 0 ? [] : [...headers, ""];
  return [`-----BEGIN ${label}-----`, ...head, ...lines, `-----END ${label}-----`, ""].join("\n");
}

type BlockPlace = Pick<PemBlock, "label" | "line" | "oddLine">;

function named({ label, line }: BlockPlace): string {
  return `the ${label} block of line ${line}`;
}

/** Exactly five dashes (RFC 7468 section 3); labels have no lower case but may contain a dot (`X9.42`). */
const BOUNDARY = /^-----(BEGIN|END) ([^a-z-]*[^a-z -]) *-----$/;
const ODD = /[^A-Za-z0-9+/=\s]/;
/** Lines of an empty block: its boundary lines, and the text after the last line feed. */
const EMPTY_LINES = 3;
const WIDTH = 64;
const LINE = /.{1,64}/g;
