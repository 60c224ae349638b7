/**
 * Parses and encodes DER (X.690) one element at a time, as far as certificates and keys need it: definite lengths and
 * tags of one octet. It does not know any structure: callers say what an element should be.
 */

import { joinBytes } from "../wire/bytes.ts";

/** One element. The views share the bytes that were parsed. */
export class DerElement {
  /** The identifier octet, as in {@linkcode DerTag}. */
  readonly tag: number;
  readonly #bytes: Uint8Array;
  readonly #start: number;
  readonly #contentStart: number;
  readonly #end: number;

  /** Parses the element at an index. Throws {@linkcode DerFormatError}. */
  constructor(bytes: Uint8Array, start: number, limit: number) {
    const tag = bytes[start];
    let length = bytes[start + 1];
    if (tag === undefined || length === undefined || start + 2 > limit) {
      throw new DerFormatError("an element has no end");
    }
    if ((tag & 0x1f) === 0x1f) throw new DerFormatError("a tag of several octets");
    let contentStart = start + 2;
    if (length >= 0x80) {
      const size = length - 0x80;
      if (size === 0 || size > 4) throw new DerFormatError("a length that DER does not have");
      length = 0;
      for (const end = contentStart + size; contentStart < end; contentStart++) {
        length = length * 256 + (bytes[contentStart] ?? 0);
      }
    }
    this.tag = tag;
    this.#bytes = bytes;
    this.#start = start;
    this.#contentStart = contentStart;
    this.#end = contentStart + length;
    if (this.#end > limit) throw new DerFormatError("an element is longer than what holds it");
  }

  /** Bytes of tag, length and content. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** A view of its content. */
  get content(): Uint8Array {
    return this.#bytes.subarray(this.#contentStart, this.#end);
  }

  /** A view of tag, length and content. */
  get whole(): Uint8Array {
    return this.#bytes.subarray(this.#start, this.#end);
  }

  /** The elements in a constructed element. Throws {@linkcode DerFormatError}. */
  children(): DerElement[] {
    const children: DerElement[] = [];
    for (let at = this.#contentStart; at < this.#end;) {
      const child = new DerElement(this.#bytes, at, this.#end);
      children.push(child);
      at = child.#end;
    }
    return children;
  }
}

/** Identifier octets of the types in certificates and keys. */
export const DerTag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Thrown for bytes that are not DER. */
export class DerFormatError extends Error {
  override readonly name = "DerFormatError";
}

/** Parses bytes that are exactly one element. Throws {@linkcode DerFormatError}. */
export function readDer(bytes: Uint8Array): DerElement {
  const element = readFirstDer(bytes);
  if (element.length !== bytes.length) throw new DerFormatError("octets after the end");
  return element;
}

/** Parses the first element and ignores what follows. Throws {@linkcode DerFormatError}. */
export function readFirstDer(bytes: Uint8Array): DerElement {
  return new DerElement(bytes, 0, bytes.length);
}

/** An element that must be present with this tag. Throws {@linkcode DerFormatError}. */
export function expectDer(element: DerElement | undefined, tag: number): DerElement {
  if (element?.tag !== tag) throw new DerFormatError("a field is missing or of another type");
  return element;
}

/** The elements of a SEQUENCE that must be present. Throws {@linkcode DerFormatError}. */
export function derSequence(element: DerElement | undefined): DerElement[] {
  return expectDer(element, DerTag.sequence).children();
}

/** The dotted form of an OBJECT IDENTIFIER that must be present. Throws {@linkcode DerFormatError}. */
export function derIdentifier(element: DerElement | undefined): string {
  return objectIdentifier(expectDer(element, DerTag.objectIdentifier).content);
}

/** The content of a BIT STRING of whole bytes, as in keys and signatures. Throws {@linkcode DerFormatError}. */
export function derBits(element: DerElement | undefined): Uint8Array {
  const { content } = expectDer(element, DerTag.bitString);
  // The first octet is the number of unused bits in the last one.
  if (content[0] !== 0) throw new DerFormatError("a bit string of odd bits");
  return content.subarray(1);
}

/** Throws {@linkcode DerFormatError} unless an element's lengths are consistent at every depth. */
export function checkDer(element: DerElement): void {
  if ((element.tag & CONSTRUCTED) === 0) return;
  for (const child of element.children()) checkDer(child);
}

/** The dotted form of an object identifier's content, for example `2.5.29.17`. */
export function objectIdentifier(content: Uint8Array): string {
  let text = "";
  let number = 0;
  for (const byte of content) {
    number = number * 128 + (byte & 0x7f);
    if ((byte & 0x80) !== 0) continue;
    text += text === "" ? firstTwo(number) : `.${number}`;
    number = 0;
  }
  return text === "" ? firstTwo(0) : text;
}

/** The first two numbers are encoded as one. */
function firstTwo(number: number): string {
  const root = Math.min(2, Math.floor(number / 40));
  return `${root}.${number - 40 * root}`;
}

/** Encodes one element; its content is the parts in their order. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return joinBytes(Uint8Array.of(tag, ...encodedLength(length)), ...parts);
}

function encodedLength(length: number): number[] {
  if (length < 0x80) return [length];
  const bytes: number[] = [];
  for (let rest = length; rest > 0; rest >>>= 8) bytes.unshift(rest & 0xff);
  return [0x80 | bytes.length, ...bytes];
}

const CONSTRUCTED = 0x20;
