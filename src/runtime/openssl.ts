/**
 * The host's OpenSSL as the TLS engine sees it: contexts (SSL_CTX) and sessions (SSL) that encrypt and decrypt bytes
 * and never touch a socket. No pointer crosses this interface, only bytes, text and objects of the implementation.
 *
 * A session is used synchronously: a call takes ciphertext that has arrived, and the caller then fetches what must be
 * sent with `takeOutput`.
 */

import type { EngineSettings } from "../config/settings.ts";
import type { KeyBytes } from "../x509/key_bytes.ts";
import type { Agreement } from "./agreement.ts";

/** OpenSSL refused. The message is OpenSSL's own reason, without codes. */
export class OpenSslError extends Error {
  override readonly name = "OpenSslError";
  /** The refused setting of {@linkcode SslContextOptions}; undefined for an error of a session. */
  readonly subject: string | undefined;
  /** The number of the alert that the peer sent (RFC 8446 section 6), or undefined. */
  readonly alert: number | undefined;
  /** Whether an engine caused the error, so that the peer is not to blame. */
  readonly fromEngine: boolean;

  constructor(
    reason: string,
    { subject, alert, fromEngine = false }: {
      readonly subject?: string;
      readonly alert?: number;
      readonly fromEngine?: boolean;
    } = {},
  ) {
    super(reason);
    this.subject = subject;
    this.alert = alert;
    this.fromEngine = fromEngine;
  }
}

/** The library. */
export interface OpenSsl {
  /** OpenSSL's name for itself, for example `OpenSSL 3.0.22 4 Aug 2026`. */
  readonly version: string;
  /**
   * Loads an OpenSSL engine by its id and makes it the default for everything it supports; `auto` registers all
   * available engines. Throws {@linkcode OpenSslError}.
   */
  useEngine(id: string): void;
  /** Throws {@linkcode OpenSslError} whose `subject` names the refused option. */
  newContext(options: SslContextOptions): SslContext;
}

/** One certificate of a context. A context may have one for each type of key. */
export interface SslCertificate {
  /** PEM text, leaf first. */
  readonly certificateChain: string;
  /**
   * PEM text, or the id under which the engine knows the key. Bytes are overwritten once the library has the key; the
   * same object then stands for the key in other contexts too.
   */
  readonly privateKey: string | KeyBytes;
  /** PEM text. */
  readonly dhParameters: string | undefined;
  /** DER, stapled for clients that ask (RFC 6066 section 8). */
  readonly ocspResponse: Uint8Array | undefined;
}

/**
 * How a context is made: the operator's settings, with stud's defaults where it has its own. Undefined leaves the
 * library's default.
 */
export interface SslContextOptions extends Omit<EngineSettings, "sniNomatchAbort"> {
  readonly certificates: readonly SslCertificate[];
  /** SSL_CTX_set_security_level(3), unless the cipher list sets one itself. */
  readonly securityLevel: number | undefined;
  readonly verify: "none" | "optional" | "required";
  /** PEM text of the authorities of client certificates. */
  readonly authorities: string;
  /**
   * PEM text of one revocation list each. If there are any, each certificate of a chain must be covered by a valid list
   * and not be revoked.
   */
  readonly revocationLists: readonly string[];
  /** Sessions are resumed only under the same value. Max 32 bytes. */
  readonly sessionIdContext: Uint8Array;
  /** Seconds for which a session may be resumed. */
  readonly sessionTimeout: number;
  /** The server to connect to, for the client's side of sessions; `verify` and `authorities` then apply to servers. */
  readonly server?: SslServer;
}

/** The server that the client's side of a session connects to. */
export interface SslServer {
  /** The DNS name or IP address that its certificate must be for, if it is verified. A DNS name is also sent as SNI. */
  readonly name: string | undefined;
}

/** Keys that seal session tickets. */
export interface SslTicketKeys {
  /** 16 bytes. */
  readonly name: Uint8Array;
  /** 32 bytes, HMAC-SHA256. */
  readonly hmacKey: Uint8Array;
  /** 32 bytes, AES-256-CBC. */
  readonly aesKey: Uint8Array;
  /** The three of them in this order, 80 bytes. */
  readonly all: Uint8Array;
}

/** One set of rules for handshakes (SSL_CTX). */
export interface SslContext {
  /** Seals and opens tickets with these keys from now on. */
  setTicketKeys(keys: SslTicketKeys): void;
  /**
   * From now on staples this OCSP response (DER), or none, with the certificate at this index of the context's options.
   */
  staple(index: number, response: Uint8Array | undefined): void;
  /** Begins a session: the server's side, unless the options name a server. */
  newSession(): SslSession;
  /** Releases it; sessions keep what they need from it. */
  free(): void;
}

/** What a handshake agreed on, in OpenSSL's names. */
export interface SslFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly group: string | undefined;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  /** The context's certificate that was presented; undefined after a resumption if there are several. */
  readonly certificate: SslCertificate | undefined;
  /** PEM text of the client's certificate. */
  readonly peerCertificate: string | undefined;
  /** X509_V_ code of the client's certificate. */
  readonly verifyResult: number;
}

/** One connection's TLS (SSL). Every method throws {@linkcode OpenSslError} when the session has failed. */
export interface SslSession {
  /**
   * Takes `length` bytes of ciphertext and continues the handshake; true when it is done. Tickets sealed with the keys
   * `former` are also accepted, and renewed.
   */
  handshake(input: Uint8Array, length: number, former?: FormerTicketKeys): boolean;
  /**
   * Takes `length` bytes of ciphertext and decrypts as much as `into` holds. Returns the number of bytes, 0 if more
   * ciphertext is needed, or null at the peer's close_notify. `input` and `into` may be the same buffer.
   */
  read(input: Uint8Array, length: number, into: Uint8Array): number | null;
  /** Whether {@linkcode SslSession.read} may return more without more ciphertext. */
  readonly mayHaveMore: boolean;
  /** Whether part of a record has arrived, but not all of it. Asks the library. */
  readonly holdsPart: boolean;
  /** Encrypts all of it. */
  write(bytes: Uint8Array): void;
  /** Produces close_notify. */
  closeWrite(): void;
  /** Whether {@linkcode SslSession.takeOutput} would return output. */
  readonly hasOutput: boolean;
  /** The output of the calls so far, or undefined. It must be returned with `release`. */
  takeOutput(): SslOutput | undefined;
  /** Only once the handshake is done. */
  readonly facts: SslFacts;
  /** See `Duplex`. */
  readonly agreement: Agreement | undefined;
  /** PEM text of the certificate that a server has presented, even if it was refused; undefined before that. */
  readonly shownCertificate: string | undefined;
  /** Releases it. After this, no other method may be called; this one may be called again. */
  free(): void;
}

/** Keys for tickets that were not sealed with the context's own keys. */
export interface FormerTicketKeys {
  readonly former: SslTicketKeys;
  readonly current: SslTicketKeys;
}

/** Bytes to be sent. They are in the library's memory and valid until `release`. */
export interface SslOutput {
  readonly bytes: Uint8Array;
  release(): void;
}
