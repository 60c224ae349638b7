/** Objects of OpenSSL's that are read from PEM text. Whoever asks for one frees it. */

import { OpenSslError } from "../openssl.ts";
import { cString, must, type Pointer } from "./memory.ts";
import type { Libraries } from "./symbols.ts";

/**
 * What `read` makes of the text; of bytes, which are OpenSSL's to read only meanwhile, no copy is made. Throws
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
    // The end of the text is an error to OpenSSL; so is a damaged certificate.
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
