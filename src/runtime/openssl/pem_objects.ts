/** OpenSSL objects that are read from PEM text. The caller frees them. */

import { OpenSslError } from "../openssl.ts";
import { cString, must, type Pointer } from "./memory.ts";
import type { Libraries } from "./symbols.ts";

/**
 * Returns what `read` makes from the text. Bytes are not copied: OpenSSL reads them only during the call. Throws
 * {@linkcode OpenSslError} about `subject`.
 */
export function fromPem(
  libraries: Libraries,
  pem: string | Uint8Array<ArrayBuffer>,
  subject: string,
  read: (bio: Pointer) => Deno.PointerValue,
): Pointer {
  const { crypto } = libraries;
  const bytes = typeof pem === "string" ? new Uint8Array(new TextEncoder().encode(pem)) : pem;
  const bio = must(libraries, crypto.BIO_new_mem_buf(bytes, bytes.length));
  try {
    return must(libraries, read(bio), subject);
  } finally {
    crypto.BIO_free(bio);
  }
}

/** Every certificate (X509) of a text, at least one. Throws as {@linkcode fromPem} does. */
export function certificatesFromPem(
  libraries: Libraries,
  pem: string,
  subject: string,
): Pointer[] {
  const { crypto } = libraries;
  const found: Pointer[] = [];
  fromPem(libraries, pem, subject, (bio) => {
    for (;;) {
      const next = crypto.PEM_read_bio_X509(bio, null, null, NO_PASSPHRASE);
      if (next === null) break;
      found.push(next);
    }
    // OpenSSL reports the end of the text as an error, and a damaged certificate too.
    if (Number(crypto.ERR_peek_last_error() & 0x7f_ffffn) !== PEM_R_NO_START_LINE) return null;
    crypto.ERR_clear_error();
    if (found.length === 0) throw new OpenSslError("no certificate in it", { subject });
    return found[0]!;
  });
  return found;
}

/** Without a passphrase OpenSSL would ask for one on the terminal. */
export const NO_PASSPHRASE = cString("");

/** openssl/pemerr.h. */
const PEM_R_NO_START_LINE = 108;
