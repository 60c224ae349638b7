/**
 * Sessions (SSL): bytes in, bytes out. Ciphertext goes in through one memory BIO that all sessions of the process
 * share, because each call takes all of it before the next one begins. Ciphertext goes out through shared BIOs too
 * (output_bio.ts). So the SSL is the only OpenSSL object that a connection owns.
 */

import type {
  FormerTicketKeys,
  SslCertificate,
  SslFacts,
  SslOutput,
  SslSession,
} from "../openssl.ts";
import { OpenSslError } from "../openssl.ts";
import { type Agreement, Agreements } from "../agreement.ts";
import type { Callbacks } from "./callbacks.ts";
import { must, type Pointer, queuedError, textAt } from "./memory.ts";
import { type OutputBio, type OutputBios, SMALL_OUTPUT } from "./output_bio.ts";
import type { Libraries } from "./symbols.ts";

/** What all sessions share. */
export interface SessionServices {
  readonly libraries: Libraries;
  /** The BIO that every session reads from. */
  readonly input: Pointer;
  /** For records and flights of handshakes. */
  readonly outputs: OutputBios;
  /** For writes of many records at once. */
  readonly largeOutputs: OutputBios;
  readonly callbacks: Callbacks;
}

/** What the sessions of one context have in common. */
export interface SessionRules {
  readonly verifiesClients: boolean;
  /** By the address that each has in the context. */
  readonly certificates: ReadonlyMap<bigint, SslCertificate>;
  /** Makes a new SSL the client's side; undefined for the server's side. */
  readonly begin?: (session: Pointer) => void;
}

/** Bytes in the form that foreign functions take. */
type Bytes = Uint8Array<ArrayBuffer>;

/** An SSL. */
export class DenoSslSession implements SslSession {
  readonly #services: SessionServices;
  readonly #context: Pointer;
  readonly #rules: SessionRules;
  #pointer: Pointer | null;
  #output: OutputBio | undefined;
  /** Whether `#output` holds output of this session and has been taken from the pool. */
  #produced = false;
  /** Ciphertext that OpenSSL has not taken yet. */
  #rest: Bytes | undefined;
  /** A failure after bytes that had to be returned first. */
  #failure: OpenSslError | undefined;
  mayHaveMore = false;
  #done = false;

  constructor(services: SessionServices, context: Pointer, rules: SessionRules) {
    this.#services = services;
    this.#context = context;
    this.#rules = rules;
    const { libraries: { ssl, crypto }, input } = services;
    crypto.ERR_clear_error();
    this.#pointer = must(services.libraries, ssl.SSL_new(context));
    this.#beginSide(rules, this.#pointer);
    crypto.BIO_up_ref(input);
    ssl.SSL_set0_rbio(this.#pointer, input);
  }

  #beginSide({ begin }: SessionRules, session: Pointer): void {
    const { ssl } = this.#services.libraries;
    if (begin === undefined) return ssl.SSL_set_accept_state(session);
    try {
      begin(session);
    } catch (error) {
      ssl.SSL_free(session);
      throw error;
    }
  }

  handshake(input: Uint8Array, length: number, former?: FormerTicketKeys): boolean {
    const { libraries: { ssl }, callbacks } = this.#services;
    const session = this.#begin(input, length);
    try {
      if (former !== undefined) callbacks.openTickets(this.#context, former);
      const result = ssl.SSL_do_handshake(session);
      if (former !== undefined) callbacks.openTickets(this.#context, undefined);
      if (result !== 1) {
        this.#checkRetry(session, result);
        // A client whose certificate was checked once must not renew its session forever.
        const endless = this.#rules.verifiesClients && ssl.SSL_session_reused(session) === 1;
        if (endless) ssl.SSL_set_num_tickets(session, 0n);
      }
      // The client's first data may have arrived with the end of its handshake.
      this.#done = result === 1;
      this.mayHaveMore = this.#done && ssl.SSL_has_pending(session) === 1;
      return this.#done;
    } finally {
      this.#end();
    }
  }

  read(input: Uint8Array, length: number, into: Uint8Array): number | null {
    if (this.#failure !== undefined) throw this.#failure;
    const { libraries: { ssl, crypto }, input: shared } = this.#services;
    // A large input is read in place, unless the plaintext is about to overwrite it.
    if (length < WORTH_A_BIO || input === into || this.#rest !== undefined) {
      return this.#readFrom(shared, this.#begin(input, length), into);
    }
    const session = this.#begin(input, 0);
    const bio = must(this.#services.libraries, crypto.BIO_new_mem_buf(input as Bytes, length));
    crypto.BIO_ctrl(bio, BIO_C_SET_BUF_MEM_EOF_RETURN, -1n, null);
    ssl.SSL_set0_rbio(session, bio);
    try {
      return this.#readFrom(bio, session, into);
    } finally {
      this.#keepRest(bio);
      crypto.BIO_up_ref(shared);
      ssl.SSL_set0_rbio(session, shared);
    }
  }

  #readFrom(bio: Pointer, session: Pointer, into: Uint8Array): number | null {
    try {
      return this.#readRecords(bio, session, into);
    } finally {
      this.#end();
    }
  }

  #readRecords(bio: Pointer, session: Pointer, into: Uint8Array): number | null {
    const { ssl, crypto } = this.#services.libraries;
    let total = 0;
    this.mayHaveMore = false;
    while (total < into.length) {
      const space = total === 0 ? into : into.subarray(total);
      const bytes = ssl.SSL_read(session, space as Bytes, space.length);
      if (bytes <= 0) return this.#readNoMore(session, bytes, total);
      total += bytes;
      if (ssl.SSL_has_pending(session) === 0 && crypto.BIO_ctrl_pending(bio) === 0) return total;
    }
    this.mayHaveMore = true;
    return total;
  }

  /** Returns what came before the end or the failure, which the next call reports. */
  #readNoMore(session: Pointer, result: number, total: number): number | null {
    const { ssl, crypto } = this.#services.libraries;
    const error = ssl.SSL_get_error(session, result);
    if (error === SSL_ERROR_WANT_READ) return total;
    const ended = error === SSL_ERROR_ZERO_RETURN;
    const failure = ended ? undefined : queuedError(crypto);
    if (total > 0) {
      this.#failure = failure;
      this.mayHaveMore = true;
      return total;
    }
    if (failure !== undefined) throw this.#failure = failure;
    return null;
  }

  get holdsPart(): boolean {
    if (this.#rest !== undefined) return true;
    return this.#services.libraries.ssl.SSL_has_pending(this.#session()) === 1;
  }

  write(bytes: Uint8Array): void {
    const { libraries: { ssl }, outputs, largeOutputs } = this.#services;
    const pool = bytes.length > LARGE_WRITE ? largeOutputs : outputs;
    const session = this.#begin(NOTHING, 0, pool);
    try {
      const result = ssl.SSL_write(session, bytes as Bytes, bytes.length);
      if (result > 0) return;
      this.#checkRetry(session, result);
      throw new OpenSslError("write before the handshake was done");
    } finally {
      this.#end(pool);
    }
  }

  closeWrite(): void {
    const { ssl, crypto } = this.#services.libraries;
    const session = this.#begin(NOTHING, 0);
    try {
      // A failed session has already sent an alert, and sends nothing more.
      ssl.SSL_shutdown(session);
      crypto.ERR_clear_error();
    } finally {
      this.#end();
    }
  }

  get hasOutput(): boolean {
    return this.#produced;
  }

  takeOutput(): SslOutput | undefined {
    if (!this.#produced) return undefined;
    this.#produced = false;
    return this.#output;
  }

  get facts(): SslFacts {
    const { ssl } = this.#services.libraries;
    const session = this.#session();
    // Before that, OpenSSL would look into a session that does not exist yet.
    if (!this.#done) throw new OpenSslError("nothing is agreed on before the handshake is done");
    const resumed = ssl.SSL_session_reused(session) === 1;
    const group = Number(ssl.SSL_ctrl(session, SSL_CTRL_GET_NEGOTIATED_GROUP, 0n, null));
    return {
      protocol: textAt(ssl.SSL_get_version(session)) ?? "",
      cipher: textAt(ssl.SSL_CIPHER_get_name(ssl.SSL_get_current_cipher(session))) ?? "",
      group: group === 0 ? undefined : textAt(ssl.SSL_group_to_name(session, group)),
      alpn: this.#alpn(session),
      resumed,
      certificate: this.#certificate(session, resumed),
      peerCertificate: this.#peerCertificate(session),
      verifyResult: Number(ssl.SSL_get_verify_result(session)),
    };
  }

  get agreement(): Agreement | undefined {
    const session = this.#pointer;
    if (session === null || !this.#done) return undefined;
    const { ssl } = this.#services.libraries;
    const cipher = ssl.SSL_get_current_cipher(session);
    const version = ssl.SSL_version(session);
    const group = Number(ssl.SSL_ctrl(session, SSL_CTRL_GET_NEGOTIATED_GROUP, 0n, null));
    const resumed = ssl.SSL_session_reused(session);
    const protocols = (version & 0xff) * 2 + resumed;
    const key = (protocols * 2 ** 16 + ssl.SSL_CIPHER_get_protocol_id(cipher)) * 2 ** 32 + group;
    return AGREEMENTS.of(key, () => ({
      version: textAt(ssl.SSL_get_version(session)) ?? "unknown",
      cipher: textAt(ssl.SSL_CIPHER_get_name(cipher)) ?? "unknown",
      group: group === 0 ? "none" : textAt(ssl.SSL_group_to_name(session, group)) ?? "unknown",
      resumed: resumed === 1 ? "yes" : "no",
    }));
  }

  get shownCertificate(): string | undefined {
    const { ssl, crypto } = this.#services.libraries;
    const chain = ssl.SSL_get_peer_cert_chain(this.#session());
    const leaf = chain === null ? null : crypto.OPENSSL_sk_value(chain, 0);
    return leaf === null ? undefined : this.#pemText(leaf);
  }

  free(): void {
    if (this.#pointer === null) return;
    this.takeOutput()?.release();
    this.#services.libraries.ssl.SSL_free(this.#pointer);
    this.#pointer = null;
  }

  /** Passes ciphertext to it, and a BIO for its output that is not being sent from. */
  #begin(input: Uint8Array, length: number, pool = this.#services.outputs): Pointer {
    const { libraries: { ssl, crypto }, input: bio } = this.#services;
    const session = this.#session();
    crypto.ERR_clear_error();
    if (!this.#produced) {
      const output = pool.top();
      if (output !== this.#output) {
        crypto.BIO_up_ref(output.pointer);
        ssl.SSL_set0_wbio(session, output.pointer);
        this.#output = output;
      }
    }
    if (this.#rest !== undefined) {
      crypto.BIO_write(bio, this.#rest, this.#rest.length);
      this.#rest = undefined;
    }
    if (length > 0) crypto.BIO_write(bio, input as Bytes, length);
    return session;
  }

  /** Keeps what OpenSSL left of the shared input, and keeps its output away from the next session. */
  #end(pool = this.#services.outputs): void {
    this.#keepRest(this.#services.input);
    if (this.#output!.measure() > 0 && !this.#produced) {
      this.#produced = true;
      pool.take();
    }
  }

  #keepRest(bio: Pointer): void {
    const { crypto } = this.#services.libraries;
    const left = crypto.BIO_ctrl_pending(bio);
    if (left === 0) return;
    this.#rest = new Uint8Array(left);
    crypto.BIO_read(bio, this.#rest, left);
    this.mayHaveMore = true;
  }

  /** Throws unless only more ciphertext is missing. */
  #checkRetry(session: Pointer, result: number): void {
    const { ssl, crypto } = this.#services.libraries;
    if (ssl.SSL_get_error(session, result) === SSL_ERROR_WANT_READ) return;
    throw this.#withVerdict(queuedError(crypto));
  }

  /** Adds the reason why the peer's certificate was refused, which is not in the error queue. */
  #withVerdict(error: OpenSslError): OpenSslError {
    if (error.message !== "certificate verify failed") return error;
    const { ssl, crypto } = this.#services.libraries;
    const result = ssl.SSL_get_verify_result(this.#session());
    const verdict = textAt(crypto.X509_verify_cert_error_string(result));
    return new OpenSslError(`${error.message}: ${verdict}`);
  }

  #alpn(session: Pointer): string | undefined {
    const start = new BigUint64Array(1);
    const length = new Uint32Array(1);
    this.#services.libraries.ssl.SSL_get0_alpn_selected(session, start, length);
    const at = Deno.UnsafePointer.create(start[0]!);
    if (at === null || length[0] === 0) return undefined;
    return new TextDecoder().decode(Deno.UnsafePointerView.getArrayBuffer(at, length[0]!));
  }

  /** A resumed session presents none: of several, it is unknown which one the session began with. */
  #certificate(session: Pointer, resumed: boolean): SslCertificate | undefined {
    const { certificates } = this.#rules;
    if (certificates.size === 1) return certificates.values().next().value;
    if (resumed) return undefined;
    const { ssl } = this.#services.libraries;
    return certificates.get(Deno.UnsafePointer.value(ssl.SSL_get_certificate(session)));
  }

  #peerCertificate(session: Pointer): string | undefined {
    const { ssl, crypto } = this.#services.libraries;
    const certificate = ssl.SSL_get1_peer_certificate(session);
    if (certificate === null) return undefined;
    const pem = this.#pemText(certificate);
    crypto.X509_free(certificate);
    return pem;
  }

  #pemText(certificate: Pointer): string {
    const { crypto } = this.#services.libraries;
    const bio = crypto.BIO_new(crypto.BIO_s_mem())!;
    crypto.PEM_write_bio_X509(bio, certificate);
    const pem = new Uint8Array(crypto.BIO_ctrl_pending(bio));
    crypto.BIO_read(bio, pem, pem.length);
    crypto.BIO_free(bio);
    return new TextDecoder().decode(pem);
  }

  #session(): Pointer {
    if (this.#pointer === null) throw new OpenSslError("the session has been released");
    return this.#pointer;
  }
}

const AGREEMENTS = new Agreements<number>();
const NOTHING = new Uint8Array();
/** Bytes of plaintext that, as records, do not fit into a small BIO. */
const LARGE_WRITE = SMALL_OUTPUT - (4 << 10);
/** Bytes of ciphertext from which a separate BIO costs less than copying. */
const WORTH_A_BIO = 8 << 10;
const BIO_C_SET_BUF_MEM_EOF_RETURN = 130;
// openssl/ssl.h.
const SSL_ERROR_WANT_READ = 2;
const SSL_ERROR_ZERO_RETURN = 6;
const SSL_CTRL_GET_NEGOTIATED_GROUP = 134;
