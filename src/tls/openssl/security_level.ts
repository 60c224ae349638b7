/**
 * OpenSSL's security level (SSL_CTX_set_security_level(3)), which a cipher list sets with `@SECLEVEL`. What is too
 * weak for one level may be allowed at another. Only OpenSSL knows which, so stud asks it.
 */

import { OpenSslError } from "../../runtime/openssl.ts";

/** Whether OpenSSL may accept at a lower level what it has refused. */
export function isTooWeak({ message }: OpenSslError): boolean {
  return /too small|too weak/.test(message);
}

/**
 * The advice to add to a message about something too weak. `attempt` creates the same thing with another cipher
 * list, and throws {@linkcode OpenSslError} if that is refused again.
 */
export function levelAdvice(
  ciphers: string | undefined,
  attempt: (ciphers: string) => void,
): string {
  const list = ciphers?.replace(/[:, ]?@SECLEVEL=\d/g, "") || USUAL_CIPHERS;
  for (const level of [1, 0]) {
    const wanted = `${list}:@SECLEVEL=${level}`;
    if (!isTaken(() => attempt(wanted))) continue;
    const ssl = /@SECLEVEL/.test(ciphers ?? "") ? "" : " or --ssl";
    return `; too weak for its security level: use a stronger one, or allow it with -c '${wanted}'${ssl}`;
  }
  return "; too weak for OpenSSL at any security level (@SECLEVEL)";
}

function isTaken(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    if (!(error instanceof OpenSslError)) throw error;
    return false;
  }
}

/** A short form of stud's default ciphers. */
const USUAL_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";
