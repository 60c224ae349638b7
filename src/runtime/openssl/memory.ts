/** Text and bytes between JavaScript and C, and the error queue of OpenSSL. */

import { OpenSslError } from "../openssl.ts";
import type { Libraries } from "./symbols.ts";

/** A pointer that is not NULL. */
export type Pointer = Deno.PointerObject;

/** A C string: text with a NUL at the end. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${text}\0`));
}

/** The text at a pointer, or undefined for NULL. */
export function textAt(pointer: Deno.PointerValue): string | undefined {
  return pointer === null ? undefined : Deno.UnsafePointerView.getCString(pointer);
}

/** The address of a buffer that JavaScript owns; the buffer must outlive every use of the address. */
export function addressOf(bytes: Uint8Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(bytes));
}

/** Throws the first error in the queue if `result` means failure: NULL, or not above 0. */
export function must<Result extends number | bigint | Deno.PointerValue>(
  { crypto }: Libraries,
  result: Result,
  subject?: string,
): NonNullable<Result> {
  const given: number | bigint | Deno.PointerValue = result;
  const failed = typeof given === "number" || typeof given === "bigint"
    ? given <= 0
    : given === null;
  if (failed) throw queuedError(crypto, subject);
  return result as NonNullable<Result>;
}

/**
 * Empties the error queue and returns its errors as one. The first error is nearest to the cause; the others say
 * through which functions it passed. For a session, those add nothing, so only the first is reported. When a setting of
 * the operator's is refused (`subject`), they may be the only helpful part, so each is reported once.
 */
export function queuedError(crypto: Libraries["crypto"], subject?: string): OpenSslError {
  const first = crypto.ERR_get_error();
  const reasons = new Set<string>();
  for (let code = first; code !== 0n; code = subject === undefined ? 0n : crypto.ERR_get_error()) {
    const reason = textAt(crypto.ERR_reason_error_string(code));
    if (reason !== undefined) reasons.add(reason);
  }
  crypto.ERR_clear_error();
  const unknown = first === 0n ? "no reason given" : `error ${first.toString(16)}`;
  const number = Number(first & REASON_MASK);
  const library = (first & SYSTEM_FLAG) === 0n ? first >> LIBRARY_SHIFT : 0n;
  const isAlert = library === LIBRARY_SSL && number > ALERT_OFFSET &&
    number <= ALERT_OFFSET + 0xff;
  return new OpenSslError([...reasons].join(", ") || unknown, {
    subject,
    alert: isAlert ? number - ALERT_OFFSET : undefined,
    fromEngine: library >= LIBRARY_USER,
  });
}

// How OpenSSL 3 packs an error (openssl/err.h).
const SYSTEM_FLAG = 0x8000_0000n;
const LIBRARY_SHIFT = 23n;
const LIBRARY_SSL = 20n;
/** Numbers from here on belong to libraries outside OpenSSL, which are engines. */
const LIBRARY_USER = 128n;
const REASON_MASK = 0x7f_ffffn;
/** SSL_AD_REASON_OFFSET: reasons above it are alerts from the peer. */
const ALERT_OFFSET = 1000;
