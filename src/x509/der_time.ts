/** Times in DER as certificates and OCSP write them: in UTC, to the second (RFC 5280 section 4.1.2.5). */

import { type DerElement, DerFormatError, encodeDer } from "./der.ts";

/** The time in a UTCTime or a GeneralizedTime. Throws {@linkcode DerFormatError}. */
export function derTime({ tag, content }: DerElement): Date {
  const text = DECODER.decode(content);
  const form = tag === UTC_TIME ? SHORT : tag === GENERALIZED_TIME ? LONG : undefined;
  const parts = form?.exec(text)?.slice(1).map(Number);
  if (parts === undefined) throw new DerFormatError("not a time");
  const [year = 0, month = 0, day, hour, minute, second] = parts;
  const century = tag === UTC_TIME ? (year < 50 ? 2000 : 1900) : 0;
  const time = new Date(Date.UTC(century + year, month - 1, day, hour, minute, second));
  // Date.UTC converts February 31 to March 3.
  if (time.getUTCMonth() !== month - 1 || time.getUTCDate() !== day) {
    throw new DerFormatError("not a time");
  }
  return time;
}

/** A time as DER: UTCTime until 2049, GeneralizedTime from then on. Fractions of a second are omitted. */
export function encodeDerTime(time: Date): Uint8Array<ArrayBuffer> {
  const text = time.toISOString().replace(/[-:T]|\.\d+/g, "");
  return text < "2050"
    ? encodeDer(UTC_TIME, ENCODER.encode(text.slice(2)))
    : encodeDer(GENERALIZED_TIME, ENCODER.encode(text));
}

/** Whether an element is one of the two. */
export function isDerTime({ tag }: DerElement): boolean {
  return tag === UTC_TIME || tag === GENERALIZED_TIME;
}

const UTC_TIME = 0x17;
const GENERALIZED_TIME = 0x18;
const SHORT = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/;
/** Some responders write fractions of a second. RFC 6960 forbids them, but programs accept them. */
const LONG = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/;
const DECODER = new TextDecoder();
const ENCODER = new TextEncoder();
