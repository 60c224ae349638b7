/**
 * OpenSSL's security level (SSL_CTX_set_security_level(3)), which a cipher list sets by `@SECLEVEL`: what is too weak for
 * one level may do at another. OpenSSL alone knows which, so it is asked.
 */

import { OpenSslError } from "../../runtime/openssl.ts";

/** Whether OpenSSL takes at a lower level, perhaps, what it has refused. */
export function isTooWeak({ message }: OpenSslError): boolean {
  return /too small|too weak/.test(message);
}

/**
 * What a message says of a refusal for weakness. `attempt` makes the same thing with another cipher list, and throws
 * {@linkcode OpenSslError} if it is refused again.
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

/** In short what stud offers without an option. */
const USUAL_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20";
