/**
 * Reads DER (X.690) one element at a time, as far as certificates and keys need it: definite lengths and
 * tags of one octet. It knows no structure: callers say what an element should be.
 */

/** One element. Both views share the octets that were read. */
export interface DerElement {
  /** The identifier octet, as in {@linkcode DerTag}. */
  readonly tag: number;
  readonly content: Uint8Array;
  /** Tag, length and content. */
  readonly whole: Uint8Array;
}

/** Identifier octets of the types that certificates and keys are made of. */
export const DerTag = {
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Thrown for octets that are not DER. */
export class DerFormatError extends Error {
  override readonly name = "DerFormatError";
}

/** Reads octets that are one element and nothing else. Throws {@linkcode DerFormatError}. */
export function readDer(octets: Uint8Array): DerElement {
  const element = elementAt(octets, 0);
  if (element.whole.length !== octets.length) throw new DerFormatError("octets after the end");
  return element;
}

/** Reads the element that octets begin with, whatever comes behind it. Throws {@linkcode DerFormatError}. */
export function readFirstDer(octets: Uint8Array): DerElement {
  return elementAt(octets, 0);
}

/** Reads the elements that a constructed one is made of. Throws {@linkcode DerFormatError}. */
export function derChildren({ content }: DerElement): DerElement[] {
  const children: DerElement[] = [];
  for (let at = 0; at < content.length;) {
    const child = elementAt(content, at);
    children.push(child);
    at += child.whole.length;
  }
  return children;
}

/** Throws {@linkcode DerFormatError} unless octets are one element whose lengths agree at every depth. */
export function checkDer(octets: Uint8Array): void {
  const check = (element: DerElement) => {
    if ((element.tag & CONSTRUCTED) !== 0) derChildren(element).forEach(check);
  };
  check(readDer(octets));
}

/** The dotted form of an object identifier's content, for example `2.5.29.17`. */
export function objectIdentifier(content: Uint8Array): string {
  const numbers: number[] = [];
  let number = 0;
  for (const octet of content) {
    number = number * 128 + (octet & 0x7f);
    if ((octet & 0x80) !== 0) continue;
    numbers.push(number);
    number = 0;
  }
  const [first = 0, ...others] = numbers;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - 40 * root, ...others].join(".");
}

const CONSTRUCTED = 0x20;

function elementAt(octets: Uint8Array, at: number): DerElement {
  const tag = octets[at];
  let length = octets[at + 1];
  if (tag === undefined || length === undefined) throw new DerFormatError("an element has no end");
  if ((tag & 0x1f) === 0x1f) throw new DerFormatError("a tag of several octets");
  let start = at + 2;
  if (length >= 0x80) {
    const size = length - 0x80;
    if (size === 0 || size > 4) throw new DerFormatError("a length that DER does not have");
    length = 0;
    for (const octet of octets.subarray(start, start + size)) length = length * 256 + octet;
    start += size;
  }
  const end = start + length;
  if (end > octets.length) throw new DerFormatError("an element is longer than what holds it");
  return { tag, content: octets.subarray(start, end), whole: octets.subarray(at, end) };
}
