/** Makes an OpenSSL session the client's side: the server name, the certificate checks, and the ALPN offer. */

import type { SslServer } from "../openssl.ts";
import { isIpAddress } from "../../wire/ip_address.ts";
import { cString, must, type Pointer } from "./memory.ts";
import type { Libraries } from "./symbols.ts";

/** Prepares a new SSL for a server. Throws {@linkcode OpenSslError} for an invalid name. */
export function beginConnecting(
  libraries: Libraries,
  session: Pointer,
  { name }: SslServer,
  verified: boolean,
): void {
  const { ssl, crypto } = libraries;
  ssl.SSL_set_connect_state(session);
  if (name === undefined) return;
  const text = cString(name);
  const isAddress = isIpAddress(name);
  // RFC 6066 section 3: an address is not a server name.
  if (!isAddress) {
    const asked = ssl.SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, HOST_NAME, text);
    must(libraries, asked, "server name");
  }
  if (!verified) return;
  const rules = ssl.SSL_get0_param(session);
  // RFC 9525: by default OpenSSL accepts the common name if there is no DNS name, and wildcards within a label.
  crypto.X509_VERIFY_PARAM_set_hostflags(rules, NEVER_CHECK_SUBJECT | NO_PARTIAL_WILDCARDS);
  const checked = isAddress
    ? crypto.X509_VERIFY_PARAM_set1_ip_asc(rules, text)
    : ssl.SSL_set1_host(session, text);
  must(libraries, checked, "server name");
}

/** Makes every session of a context offer these (RFC 7301 section 3.1). */
export function offerAlpn(
  libraries: Libraries,
  context: Pointer,
  protocols: readonly string[],
): void {
  const names = protocols.map((name) => new TextEncoder().encode(name));
  const list = new Uint8Array(names.flatMap((name) => [name.length, ...name]));
  // Unlike the others, this function returns 0 for success.
  const refused = libraries.ssl.SSL_CTX_set_alpn_protos(context, list, list.length);
  must(libraries, refused === 0 ? 1 : 0, "ALPN");
}

// openssl/tls1.h and openssl/x509v3.h.
const SSL_CTRL_SET_TLSEXT_HOSTNAME = 55;
const NO_PARTIAL_WILDCARDS = 0x4;
const NEVER_CHECK_SUBJECT = 0x20;
const HOST_NAME = 0n;
