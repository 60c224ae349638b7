/** Contexts (SSL_CTX): options, certificates, client verification, and the callbacks that OpenSSL needs. */

import type {
  SslCertificate,
  SslContext,
  SslContextOptions,
  SslSession,
  SslTicketKeys,
} from "../openssl.ts";
import { OpenSslError } from "../openssl.ts";
import type { Callbacks } from "./callbacks.ts";
import { beginConnecting, offerAlpn } from "./connecting.ts";
import type { Keys } from "./keys.ts";
import { cString, must, type Pointer, queuedError } from "./memory.ts";
import type { PeerStores, UsedStore } from "./peer_stores.ts";
import { certificatesFromPem, fromPem } from "./pem_objects.ts";
import { DenoSslSession, type SessionRules, type SessionServices } from "./session.ts";

/** What contexts share. */
export interface ContextServices extends SessionServices {
  readonly callbacks: Callbacks;
  readonly peerStores: PeerStores;
  readonly keys: Keys;
}

/** An SSL_CTX. */
export class DenoSslContext implements SslContext {
  readonly #services: ContextServices;
  readonly #pointer: Pointer;
  readonly #rules: SessionRules;
  readonly #certificatesByAddress = new Map<bigint, SslCertificate>();
  /** The context owns them; their addresses identify the certificate that a session uses. */
  readonly #leaves: Pointer[] = [];
  #store: UsedStore | undefined;

  constructor(services: ContextServices, options: SslContextOptions) {
    this.#services = services;
    const { ssl, crypto } = services.libraries;
    const { server, alpnProtocols, verify } = options;
    const certificates = this.#certificatesByAddress;
    this.#rules = server === undefined ? { verifiesClients: verify !== "none", certificates } : {
      ...{ verifiesClients: false, certificates },
      begin: (session) => beginConnecting(services.libraries, session, server, verify !== "none"),
    };
    crypto.ERR_clear_error();
    const method = server === undefined ? ssl.TLS_server_method() : ssl.TLS_client_method();
    this.#pointer = must(services.libraries, ssl.SSL_CTX_new(method));
    try {
      this.#setRules(options);
      this.#setPeerRules(options);
      for (const certificate of options.certificates) this.#add(certificate);
      if (alpnProtocols.length > 0 && server === undefined) {
        services.callbacks.selectAlpn(this.#pointer, alpnProtocols);
      } else if (alpnProtocols.length > 0) {
        offerAlpn(services.libraries, this.#pointer, alpnProtocols);
      }
    } catch (error) {
      this.free();
      throw error;
    }
  }

  setTicketKeys(keys: SslTicketKeys): void {
    const bytes = new Uint8Array(keys.all);
    this.#must(this.#ctrl(SSL_CTRL_SET_TLSEXT_TICKET_KEYS, bytes.length, bytes));
  }

  staple(index: number, response: Uint8Array | undefined): void {
    this.#services.callbacks.staple(this.#pointer, this.#leaves[index]!, response);
  }

  newSession(): SslSession {
    return new DenoSslSession(this.#services, this.#pointer, this.#rules);
  }

  free(): void {
    this.#services.callbacks.forget(this.#pointer);
    this.#services.libraries.ssl.SSL_CTX_free(this.#pointer);
    this.#store?.release();
  }

  #setRules(options: SslContextOptions): void {
    const { ssl } = this.#services.libraries;
    const context = this.#pointer;
    ssl.SSL_CTX_set_options(
      context,
      SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | disabledVersions(options.protocols) |
        (options.preferServerCiphers ? SSL_OP_CIPHER_SERVER_PREFERENCE : 0n),
    );
    const versions = options.protocols.map((protocol) => VERSIONS[protocol]!.number);
    this.#must(this.#ctrl(SSL_CTRL_SET_MIN_PROTO_VERSION, Math.min(...versions)), "protocols");
    this.#must(this.#ctrl(SSL_CTRL_SET_MAX_PROTO_VERSION, Math.max(...versions)), "protocols");
    this.#ctrl(SSL_CTRL_MODE, SSL_MODE_RELEASE_BUFFERS);
    // Its buffer keeps its size, one record: glibc tidies its whole heap whenever 64 KiB are freed, which made an
    // upload a tenth more expensive.
    this.#ctrl(SSL_CTRL_SET_READ_AHEAD, 1);
    if (options.securityLevel !== undefined) {
      ssl.SSL_CTX_set_security_level(context, options.securityLevel);
    }
    if (options.ciphers !== undefined) {
      this.#must(ssl.SSL_CTX_set_cipher_list(context, cString(options.ciphers)), "ciphers");
    }
    if (options.ciphersuites !== undefined) {
      const suites = cString(options.ciphersuites);
      this.#must(ssl.SSL_CTX_set_ciphersuites(context, suites), "ciphersuites");
    }
    if (options.groups !== undefined) {
      this.#must(this.#ctrl(SSL_CTRL_SET_GROUPS_LIST, 0, cString(options.groups)), "groups");
    }
    // Sessions are stored in the clients' tickets; a cache would help only in this process.
    this.#ctrl(SSL_CTRL_SET_SESS_CACHE_MODE, SSL_SESS_CACHE_OFF);
    ssl.SSL_CTX_set_timeout(context, BigInt(options.sessionTimeout));
    const id = new Uint8Array(options.sessionIdContext);
    this.#must(ssl.SSL_CTX_set_session_id_context(context, id, id.length));
  }

  #setPeerRules(options: SslContextOptions): void {
    const { verify, server } = options;
    if (verify === "none") return;
    const { ssl } = this.#services.libraries;
    const mode = SSL_VERIFY_PEER | (verify === "required" ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
    ssl.SSL_CTX_set_verify(this.#pointer, mode, null);
    this.#store = this.#services.peerStores.use(options);
    ssl.SSL_CTX_set1_cert_store(this.#pointer, this.#store.pointer);
    if (server !== undefined) return;
    for (const authority of this.#store.certificates) {
      ssl.SSL_CTX_add_client_CA(this.#pointer, authority);
    }
  }

  #add(certificate: SslCertificate): void {
    const { ssl, crypto } = this.#services.libraries;
    const context = this.#pointer;
    const [leaf, ...chain] = this.#certificates(certificate.certificateChain, "certificate");
    try {
      this.#must(ssl.SSL_CTX_use_certificate(context, leaf!), "certificate");
      // The context owns the certificate now; its address later identifies the one that a session uses.
      this.#certificatesByAddress.set(Deno.UnsafePointer.value(leaf!), certificate);
      for (const each of chain) this.#must(this.#addChain(each), "certificate");
    } finally {
      for (const each of [leaf!, ...chain]) crypto.X509_free(each);
    }
    const key = this.#services.keys.load(certificate.privateKey);
    try {
      this.#must(ssl.SSL_CTX_use_PrivateKey(context, key), "private key");
    } finally {
      crypto.EVP_PKEY_free(key);
    }
    this.#must(ssl.SSL_CTX_check_private_key(context), "private key");
    if (certificate.dhParameters !== undefined) this.#setDhParameters(certificate.dhParameters);
    const index = this.#leaves.push(leaf!) - 1;
    if (certificate.ocspResponse !== undefined) this.staple(index, certificate.ocspResponse);
  }

  /** SSL_CTX_add1_chain_cert: the context takes its own reference. */
  #addChain(certificate: Pointer): bigint {
    const { ssl } = this.#services.libraries;
    return ssl.SSL_CTX_ctrl_address(this.#pointer, SSL_CTRL_CHAIN_CERT, 1n, certificate);
  }

  #setDhParameters(pem: string): void {
    const { ssl, crypto } = this.#services.libraries;
    const subject = "DH parameters";
    const read = (bio: Pointer) => crypto.PEM_read_bio_Parameters(bio, null);
    const parameters = this.#fromPem(pem, subject, read);
    if (ssl.SSL_CTX_set0_tmp_dh_pkey(this.#pointer, parameters) > 0) return;
    crypto.EVP_PKEY_free(parameters);
    const { message } = queuedError(crypto);
    // The code that read the file has warned about it; other clients are still served.
    if (message !== "dh key too small") throw new OpenSslError(message, { subject });
  }

  #certificates(pem: string, subject: string): Pointer[] {
    return certificatesFromPem(this.#services.libraries, pem, subject);
  }

  #fromPem(pem: string, subject: string, read: (bio: Pointer) => Deno.PointerValue): Pointer {
    return fromPem(this.#services.libraries, pem, subject, read);
  }

  #ctrl(command: number, value: number, data: Uint8Array<ArrayBuffer> | null = null): bigint {
    const { ssl } = this.#services.libraries;
    return BigInt(ssl.SSL_CTX_ctrl(this.#pointer, command, BigInt(value), data));
  }

  #must<Result extends number | bigint | Deno.PointerValue>(result: Result, subject?: string) {
    return must(this.#services.libraries, result, subject);
  }
}

/** Versions between the oldest and the newest that are not enabled. */
function disabledVersions(protocols: readonly string[]): bigint {
  return Object.entries(VERSIONS)
    .filter(([name]) => !protocols.includes(name))
    .reduce((options, [, version]) => options | version.disable, 0n);
}

const VERSIONS: Readonly<Record<string, { readonly number: number; readonly disable: bigint }>> = {
  "TLSv1.0": { number: 0x301, disable: 1n << 26n },
  "TLSv1.1": { number: 0x302, disable: 1n << 28n },
  "TLSv1.2": { number: 0x303, disable: 1n << 27n },
  "TLSv1.3": { number: 0x304, disable: 1n << 29n },
};

// openssl/ssl.h.
const SSL_CTRL_MODE = 33;
const SSL_CTRL_SET_READ_AHEAD = 41;
const SSL_CTRL_SET_SESS_CACHE_MODE = 44;
const SSL_CTRL_SET_TLSEXT_TICKET_KEYS = 59;
const SSL_CTRL_CHAIN_CERT = 89;
const SSL_CTRL_SET_GROUPS_LIST = 92;
const SSL_CTRL_SET_MIN_PROTO_VERSION = 123;
const SSL_CTRL_SET_MAX_PROTO_VERSION = 124;
const SSL_MODE_RELEASE_BUFFERS = 0x10;
const SSL_SESS_CACHE_OFF = 0;
const SSL_OP_NO_COMPRESSION = 1n << 17n;
const SSL_OP_CIPHER_SERVER_PREFERENCE = 1n << 22n;
const SSL_OP_NO_RENEGOTIATION = 1n << 30n;
const SSL_VERIFY_PEER = 1;
const SSL_VERIFY_FAIL_IF_NO_PEER_CERT = 2;
