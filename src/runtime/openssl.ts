/**
 * The host's OpenSSL as the TLS engine sees it: contexts (SSL_CTX) and sessions (SSL) that turn octets into
 * other octets and never touch a socket. No pointer crosses this interface; what crosses it are octets,
 * text and objects that the implementation knows.
 *
 * A session is used synchronously: a call takes ciphertext that has arrived, and what must be sent in turn is
 * fetched with `takeOutput` right afterwards.
 */

import type { KeyBytes } from "../key_bytes.ts";

/** OpenSSL refused. The message is its own reason, without codes. */
export class OpenSslError extends Error {
  override readonly name = "OpenSslError";
  /** What was refused: a setting of {@linkcode SslContextOptions}, or undefined in the life of a session. */
  readonly subject: string | undefined;
  /** The number of the alert that the peer sent (RFC 8446 section 6), or undefined. */
  readonly alert: number | undefined;
  /** Whether it is an engine's error: the peer is not to blame. */
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
  /** As OpenSSL calls itself, for example `OpenSSL 3.0.22 4 Aug 2026`. */
  readonly version: string;
  /**
   * Loads an OpenSSL engine by its id and makes it the default for everything it can do; `auto` registers all
   * there are. Throws {@linkcode OpenSslError}.
   */
  useEngine(id: string): void;
  /** Throws {@linkcode OpenSslError} whose `subject` tells which option it does not take. */
  newContext(options: SslContextOptions): SslContext;
}

/** One certificate of a context. Of each type of key there may be one. */
export interface SslCertificate {
  /** PEM text, leaf first. */
  readonly certificateChain: string;
  /**
   * PEM text, or the id under which the engine knows the key. Bytes are overwritten once the library has the key, and
   * the same object then stands for it in other contexts too.
   */
  readonly privateKey: string | KeyBytes;
  /** PEM text. */
  readonly dhParameters: string | undefined;
  /** DER, stapled for clients that ask (RFC 6066 section 8). */
  readonly ocspResponse: Uint8Array | undefined;
}

/** How a context is made. The strings are OpenSSL's own; undefined leaves the library's default. */
export interface SslContextOptions {
  readonly certificates: readonly SslCertificate[];
  /** `TLSv1.0` to `TLSv1.3`. */
  readonly protocols: readonly string[];
  readonly ciphers: string | undefined;
  readonly ciphersuites: string | undefined;
  readonly groups: string | undefined;
  readonly preferServerCiphers: boolean;
  /** SSL_CTX_set_security_level(3), unless the cipher list sets one itself. */
  readonly securityLevel: number | undefined;
  /** By preference; a client with none of them is refused. Empty: its list is not answered. */
  readonly alpnProtocols: readonly string[];
  readonly verify: "none" | "optional" | "required";
  /** PEM text of the authorities of client certificates. */
  readonly authorities: string;
  /**
   * PEM text of one revocation list each. If there are any, each certificate of a chain must be on a list that holds,
   * and not revoked there.
   */
  readonly revocationLists: readonly string[];
  /** Sessions are resumed under an equal one only. 32 octets at most. */
  readonly sessionIdContext: Uint8Array;
  /** Seconds for which a session may be resumed. */
  readonly sessionTimeout: number;
  /** For the client's side of sessions; `verify` and `authorities` are then about servers. */
  readonly server?: SslServer;
}

/** Whom the client's side of a session speaks to. */
export interface SslServer {
  /** The DNS name or IP address that its certificate must be for, if that is verified. SNI asks for the former. */
  readonly name: string | undefined;
}

/** Keys that seal session tickets. */
export interface SslTicketKeys {
  /** 16 octets. */
  readonly name: Uint8Array;
  /** 32 octets, HMAC-SHA256. */
  readonly hmacKey: Uint8Array;
  /** 32 octets, AES-256-CBC. */
  readonly aesKey: Uint8Array;
  /** The three of them in this order, 80 octets. */
  readonly all: Uint8Array;
}

/** One set of rules for handshakes (SSL_CTX). */
export interface SslContext {
  /** Seals and opens tickets with these keys from now on. */
  setTicketKeys(keys: SslTicketKeys): void;
  /**
   * Staples another OCSP response (DER), or none, from now on when it serves the certificate at this place of
   * its options.
   */
  staple(place: number, response: Uint8Array | undefined): void;
  /** Begins a session: the server's side of it, unless the options name a server. */
  newSession(): SslSession;
  /** Releases it; sessions keep what they need of it. */
  free(): void;
}

/** What a handshake agreed on, in OpenSSL's names. */
export interface SslFacts {
  readonly protocol: string;
  readonly cipher: string;
  readonly group: string | undefined;
  readonly alpn: string | undefined;
  readonly resumed: boolean;
  /** Which of the context's was presented; undefined after a resumption, if there are several. */
  readonly certificate: SslCertificate | undefined;
  /** PEM text of the client's certificate. */
  readonly peerCertificate: string | undefined;
  /** X509_V_ code of the client's certificate. */
  readonly verifyResult: number;
}

/** One connection's TLS (SSL). Every method throws {@linkcode OpenSslError} when the session has failed. */
export interface SslSession {
  /**
   * Takes `length` octets of ciphertext and goes on with the handshake; true when it is done. Tickets sealed
   * with the keys `former` are opened too, and renewed.
   */
  handshake(input: Uint8Array, length: number, former?: FormerTicketKeys): boolean;
  /**
   * Takes `length` octets of ciphertext and decrypts as much as `into` holds: how many octets that were, 0 if
   * more ciphertext is needed, null at the peer's close_notify. `input` and `into` may be the same buffer.
   */
  read(input: Uint8Array, length: number, into: Uint8Array): number | null;
  /** Whether {@linkcode SslSession.read} may have more to give without more ciphertext. */
  readonly mayHaveMore: boolean;
  /** Whether the peer has begun a record that is not whole yet. Asks the library. */
  readonly holdsPart: boolean;
  /** Encrypts all of it. */
  write(octets: Uint8Array): void;
  /** Produces close_notify. */
  closeWrite(): void;
  /** Whether {@linkcode SslSession.takeOutput} has something to give. */
  readonly hasOutput: boolean;
  /** What the calls so far want sent, or undefined. It must be given back with `release`. */
  takeOutput(): SslOutput | undefined;
  /** Only once the handshake is done. */
  readonly facts: SslFacts;
  /** PEM text of the certificate that a server has shown, a refused one too; undefined if it is not there yet. */
  readonly shownCertificate: string | undefined;
  /** Releases it. Nothing else may be called afterwards, except this again. */
  free(): void;
}

/** Keys for tickets that were not sealed with the context's own keys. */
export interface FormerTicketKeys {
  readonly former: SslTicketKeys;
  readonly current: SslTicketKeys;
}

/** Octets to be sent. They lie in the library's memory and are valid until `release`. */
export interface SslOutput {
  readonly octets: Uint8Array;
  release(): void;
}
