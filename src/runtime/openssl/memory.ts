/** Text and octets between JavaScript and C, and the error queue of OpenSSL. */

import { OpenSslError } from "../openssl.ts";
import type { Libraries } from "./symbols.ts";

/** A pointer that is not NULL. */
export type Pointer = Deno.PointerObject;

/** Text as C has it, with a NUL at the end. */
export function cString(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(`${text}\0`));
}

/** The text at a pointer, or undefined for NULL. */
export function textAt(pointer: Deno.PointerValue): string | undefined {
  return pointer === null ? undefined : Deno.UnsafePointerView.getCString(pointer);
}

/** The address of a buffer that JavaScript owns; it must outlive whoever gets the address. */
export function addressOf(octets: Uint8Array<ArrayBuffer> | BigUint64Array<ArrayBuffer>): bigint {
  return Deno.UnsafePointer.value(Deno.UnsafePointer.of(octets));
}

/** Throws the reason at the front of the queue of errors if `result` is none of success: NULL, or not above 0. */
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
 * The first error in the queue, which is emptied. The first one is nearest to the cause; those behind it say
 * through which functions it passed.
 */
export function queuedError(crypto: Libraries["crypto"], subject?: string): OpenSslError {
  const code = crypto.ERR_get_error();
  const reason = code === 0n
    ? "no reason given"
    : textAt(crypto.ERR_reason_error_string(code)) ?? `error ${code.toString(16)}`;
  crypto.ERR_clear_error();
  const number = Number(code & REASON_MASK);
  const isAlert = (code & SYSTEM_FLAG) === 0n && (code >> LIBRARY_SHIFT) === LIBRARY_SSL &&
    number > ALERT_OFFSET;
  return new OpenSslError(reason, {
    subject,
    alert: isAlert ? number - ALERT_OFFSET : undefined,
  });
}

// How OpenSSL 3 packs an error (openssl/err.h).
const SYSTEM_FLAG = 0x8000_0000n;
const LIBRARY_SHIFT = 23n;
const LIBRARY_SSL = 20n;
const REASON_MASK = 0x7f_ffffn;
/** SSL_AD_REASON_OFFSET: reasons above it are alerts of the peer. */
const ALERT_OFFSET = 1000;
