/**
 * An engine's whole TLS configuration, in a form that fits through the control pipe as JSON, except private keys.
 * It has PEM text instead of files, and secrets instead of their paths.
 */

import type { CertificateFacts } from "../x509/certificate_file.ts";
import type { RevocationList } from "../x509/revocation_lists.ts";
import type {
  BackendTlsSetting,
  ClientSettings,
  EngineSettings,
  TlsLibraryName,
} from "../config/settings.ts";
import type { KeyBytes } from "../x509/key_bytes.ts";

/** PEM text of one certificate with its chain (leaf first), and of its private key. */
export interface CertificateAndKey {
  readonly certificateChain: string;
  /** PEM text, in a worker as bytes; or the `pkcs11:` URI (RFC 7512) of a key that an OpenSSL engine holds. */
  readonly privateKey: string | KeyBytes;
}

/** A certificate and its own settings. */
export interface ServedCertificate extends CertificateAndKey, CertificateFacts {
  /** Identifies the private key. It is derived from the key, but reveals nothing about it. */
  readonly keyId?: string;
  /** An OCSP response to staple (RFC 6960, DER), in base64. */
  readonly ocspResponse?: string;
  /** Rules for the clients of this certificate, instead of the general ones. */
  readonly clientRules?: ClientRules;
}

/** A newer OCSP response for a certificate in use. */
export interface Staple {
  readonly fingerprint: string;
  /** DER, in base64; null: staple nothing from now on. */
  readonly response: string | null;
}

/** The operator's rules for clients, with the content of the files that they name. */
export interface ClientRules
  extends Omit<ClientSettings, "authorities" | "revocationLists" | "allowed"> {
  /** PEM text of the certificate authorities; empty only if `verify` is `none`. */
  readonly authorities: string;
  /**
   * If there are any, every certificate below an authority is looked up in that authority's list, and refused if
   * there is no valid list. Undefined: none is looked up.
   */
  readonly revocationLists?: readonly RevocationList[];
  /** The clients that may connect; undefined: all with a valid certificate. Only with `required`, and never empty. */
  readonly allowed?: ClientSettings["allowed"];
}

/**
 * TLS to the backend, when TLS goes out instead of in: the operator's settings, with the content of the file that they
 * name. A DNS name is also sent as SNI.
 */
export interface BackendTls extends Omit<BackendTlsSetting, "ca"> {
  /** PEM text of the authorities that may issue its certificate; undefined: those that the library trusts. */
  readonly authorities: string | undefined;
  /** The revocation lists in the authorities' file, if there are any. */
  readonly revocationLists?: readonly RevocationList[];
}

/** The configuration when TLS goes to the backend. */
export type OutgoingConfiguration = TlsConfiguration & { readonly backend: BackendTls };

/** The configuration of an engine: the operator's settings, and what stud has found out for it. */
export interface TlsConfiguration {
  readonly engine: EngineSettings;
  /** Which engine it is for. */
  readonly library: TlsLibraryName;
  /** The engine to use if the library cannot be opened; undefined: none. */
  readonly orElse?: "rustls";
  /** Why the library cannot be opened, if already known. */
  readonly missing?: string;
  /** The option that asked for OpenSSL, for messages. */
  readonly because?: string;
  /**
   * Set if TLS goes to the backend. Clients then use plaintext, and the certificate fields below are about stud's
   * own certificate, if it has one. Undefined: TLS comes from clients.
   */
  readonly backend?: BackendTls;
  /** In the order listed: of several for one name and key type, the first is served. */
  readonly certificates: readonly ServedCertificate[];
  /** Index of the certificate for clients without a name, or with one that no certificate is for. */
  readonly defaultCertificate: number;
  readonly clientRules: ClientRules;
  /** The secret that the keys of session tickets are derived from, in base64, at least 32 bytes. */
  readonly ticketSecret: string;
}
