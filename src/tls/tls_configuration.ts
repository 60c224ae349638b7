/**
 * Everything an engine is told about TLS, in a form that goes through the control pipe as JSON, private keys apart: PEM
 * text instead of files, secrets instead of their paths.
 */

import type { CertificateFacts } from "../x509/certificate_file.ts";
import type { ClientName } from "../x509/client_name.ts";
import type { RevocationList } from "../x509/revocation_lists.ts";
import type { ClientVerify, EngineSettings, TlsLibraryName } from "../config/settings.ts";
import type { KeyBytes } from "../key_bytes.ts";

/** PEM text of one certificate with its chain (leaf first), and of its private key. */
export interface CertificateAndKey {
  readonly certificateChain: string;
  /**
   * PEM text, in a worker as bytes; or a `pkcs11:` URI (RFC 7512) of a key that an OpenSSL engine holds.
   */
  readonly privateKey: string | KeyBytes;
}

/** A certificate, and what is particular to it. */
export interface ServedCertificate extends CertificateAndKey, CertificateFacts {
  /** Names its private key among others. It is made of the key, and tells nothing of it. */
  readonly keyId?: string;
  /** An OCSP response to staple (RFC 6960, DER), in base64. */
  readonly ocspResponse?: string;
  /** Rules for the clients of this certificate instead of the general ones. */
  readonly clientRules?: ClientRules;
}

/** A newer OCSP response for a certificate that is being served. */
export interface Staple {
  readonly fingerprint: string;
  /** DER, in base64; null: nothing is to be stapled any more. */
  readonly response: string | null;
}

/** Whether clients must show certificates, and whom they must be from. */
export interface ClientRules {
  readonly verify: ClientVerify;
  /** PEM text of the certificate authorities; empty exactly if `verify` is `none`. */
  readonly authorities: string;
  /**
   * If there are any, every certificate below an authority is looked up in that authority's list, and refused where
   * there is none that holds. Undefined: none is.
   */
  readonly revocationLists?: readonly RevocationList[];
  /** Who may connect; undefined: whose certificate is good. Only with `required`, and never empty. */
  readonly allowed?: readonly ClientName[];
}

/** How the backend is spoken to where TLS goes out instead of in. */
export interface BackendTls {
  /** PEM text of the authorities its certificate must be from; undefined: the ones that the library trusts. */
  readonly authorities: string | undefined;
  /** The revocation lists that are in the file of the authorities, if there are any. */
  readonly revocationLists?: readonly RevocationList[];
  /** The DNS name or IP address it must be for; SNI asks for the former. Undefined: neither is done. */
  readonly name: string | undefined;
  readonly verify: boolean;
}

/** What is told where TLS goes to the backend. */
export type OutgoingConfiguration = TlsConfiguration & { readonly backend: BackendTls };

/** Everything an engine is told: what the operator has said of it, and what was found out for it. */
export interface TlsConfiguration extends EngineSettings {
  /** Which engine it is for. */
  readonly library: TlsLibraryName;
  /** Which one serves if the library cannot be opened; undefined: none. */
  readonly orElse?: "rustls";
  /** Why it cannot, where that has been found out already. */
  readonly missing?: string;
  /** The option that asked for OpenSSL, for messages. */
  readonly because?: string;
  /**
   * TLS goes to the backend: clients speak plaintext, and what below is about certificates is stud's own, one
   * or none. Undefined: TLS comes from clients.
   */
  readonly backend?: BackendTls;
  /** In the order listed: of several for one name and type of key the first is served. */
  readonly certificates: readonly ServedCertificate[];
  /** Index of the certificate for clients that name none, or one that no certificate is for. */
  readonly defaultCertificate: number;
  readonly clientRules: ClientRules;
  /** What the keys of session tickets are derived from, in base64, at least 32 octets. */
  readonly ticketSecret: string;
}
