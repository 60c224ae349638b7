/**
 * Sessions (SSL): octets in, octets out. Ciphertext goes in through one memory BIO that all sessions of the
 * process share, since a call takes all of it before another one can begin; it comes out through shared ones
 * too (output_bio.ts). A connection therefore owns nothing of OpenSSL's but its SSL.
 */

import type { FormerTicketKeys, SslFacts, SslOutput, SslSession } from "../openssl.ts";
import { OpenSslError } from "../openssl.ts";
import type { Callbacks } from "./callbacks.ts";
import { must, type Pointer, queuedError, textAt } from "./memory.ts";
import { type OutputBio, type OutputBios, SMALL_OUTPUT } from "./output_bio.ts";
import type { Libraries } from "./symbols.ts";

/** What all sessions share. */
export interface SessionServices {
  readonly libraries: Libraries;
  /** Where every session reads from. */
  readonly input: Pointer;
  /** For records and flights of handshakes. */
  readonly outputs: OutputBios;
  /** For writes of many records at once. */
  readonly largeOutputs: OutputBios;
  readonly callbacks: Callbacks;
}

/** An SSL in server mode. */
export class DenoSslSession implements SslSession {
  readonly #services: SessionServices;
  readonly #context: Pointer;
  #pointer: Pointer | null;
  #output: OutputBio | undefined;
  /** Whether `#output` holds something of ours and has been taken from the pool. */
  #produced = false;
  /** Ciphertext that OpenSSL has not taken yet. */
  #rest: Uint8Array<ArrayBuffer> | undefined;
  /** Met after octets that had to be handed over first. */
  #failure: OpenSslError | undefined;
  mayHaveMore = false;

  constructor(services: SessionServices, context: Pointer) {
    this.#services = services;
    this.#context = context;
    const { libraries: { ssl, crypto }, input } = services;
    crypto.ERR_clear_error();
    this.#pointer = must(services.libraries, ssl.SSL_new(context));
    ssl.SSL_set_accept_state(this.#pointer);
    crypto.BIO_up_ref(input);
    ssl.SSL_set0_rbio(this.#pointer, input);
  }

  handshake(input: Uint8Array, length: number, former?: FormerTicketKeys): boolean {
    const { libraries: { ssl }, callbacks } = this.#services;
    const session = this.#begin(input, length);
    if (former !== undefined) callbacks.openTickets(this.#context, former);
    const result = ssl.SSL_do_handshake(session);
    if (former !== undefined) callbacks.openTickets(this.#context, undefined);
    const done = result === 1;
    const failure = done ? undefined : this.#failureOf(result);
    // The client's first data may have come with the end of its handshake.
    this.mayHaveMore = done && ssl.SSL_has_pending(session) === 1;
    this.#end();
    if (failure !== undefined) throw failure;
    return done;
  }

  read(input: Uint8Array, length: number, into: Uint8Array): number | null {
    if (this.#failure !== undefined) throw this.#failure;
    const { libraries: { ssl, crypto }, input: bio } = this.#services;
    const session = this.#begin(input, length);
    let total = 0;
    let ended = false;
    this.mayHaveMore = false;
    for (;;) {
      const space = total === 0 ? into : into.subarray(total);
      const octets = ssl.SSL_read(session, space as Uint8Array<ArrayBuffer>, space.length);
      if (octets > 0) {
        total += octets;
        const more = ssl.SSL_has_pending(session) === 1 || crypto.BIO_ctrl_pending(bio) > 0n;
        if (!more) break;
        if (total < into.length) continue;
        this.mayHaveMore = true;
        break;
      }
      const error = ssl.SSL_get_error(session, octets);
      ended = error === SSL_ERROR_ZERO_RETURN;
      if (!ended && error !== SSL_ERROR_WANT_READ) this.#failure = queuedError(crypto);
      break;
    }
    // What ended it is told again by the next call.
    if ((ended || this.#failure !== undefined) && total > 0) this.mayHaveMore = true;
    this.#end();
    if (total > 0) return total;
    if (this.#failure !== undefined) throw this.#failure;
    return ended ? null : 0;
  }

  write(octets: Uint8Array): void {
    const { ssl } = this.#services.libraries;
    const { outputs, largeOutputs } = this.#services;
    const pool = octets.length > LARGE_WRITE ? largeOutputs : outputs;
    const session = this.#begin(octets, 0, pool);
    const result = ssl.SSL_write(session, octets as Uint8Array<ArrayBuffer>, octets.length);
    const failure = result > 0 ? undefined : this.#failureOf(result) ?? incomplete();
    this.#end(pool);
    if (failure !== undefined) throw failure;
  }

  closeWrite(): void {
    const { libraries: { ssl, crypto } } = this.#services;
    // A session that has failed has said so with an alert, and sends nothing more.
    ssl.SSL_shutdown(this.#begin(NOTHING, 0));
    crypto.ERR_clear_error();
    this.#end();
  }

  takeOutput(): SslOutput | undefined {
    if (!this.#produced) return undefined;
    this.#produced = false;
    return this.#output;
  }

  get facts(): SslFacts {
    const { ssl } = this.#services.libraries;
    const session = this.#session();
    const group = Number(ssl.SSL_ctrl(session, SSL_CTRL_GET_NEGOTIATED_GROUP, 0n, null));
    return {
      protocol: textAt(ssl.SSL_get_version(session)) ?? "",
      cipher: textAt(ssl.SSL_CIPHER_get_name(ssl.SSL_get_current_cipher(session))) ?? "",
      group: group === 0 ? undefined : textAt(ssl.SSL_group_to_name(session, group)),
      alpn: this.#alpn(session),
      resumed: ssl.SSL_session_reused(session) === 1,
      peerCertificate: this.#peerCertificate(session),
      verifyResult: Number(ssl.SSL_get_verify_result(session)),
    };
  }

  free(): void {
    if (this.#pointer === null) return;
    this.takeOutput()?.release();
    this.#services.libraries.ssl.SSL_free(this.#pointer);
    this.#pointer = null;
  }

  /** Gives it ciphertext, and a BIO for its output that nobody is sending from. */
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
    if (length > 0) crypto.BIO_write(bio, input as Uint8Array<ArrayBuffer>, length);
    return session;
  }

  /** Keeps what OpenSSL left of the shared input, and its output from the next session. */
  #end(pool = this.#services.outputs): void {
    const { libraries: { crypto }, input } = this.#services;
    const left = Number(crypto.BIO_ctrl_pending(input));
    if (left > 0) {
      this.#rest = new Uint8Array(left);
      crypto.BIO_read(input, this.#rest, left);
      this.mayHaveMore = true;
    }
    if (this.#output!.measure() > 0 && !this.#produced) {
      this.#produced = true;
      pool.take();
    }
  }

  #failureOf(result: number): OpenSslError | undefined {
    const { ssl, crypto } = this.#services.libraries;
    const error = ssl.SSL_get_error(this.#session(), result);
    return error === SSL_ERROR_WANT_READ ? undefined : queuedError(crypto);
  }

  #alpn(session: Pointer): string | undefined {
    const start = new BigUint64Array(1);
    const length = new Uint32Array(1);
    this.#services.libraries.ssl.SSL_get0_alpn_selected(session, start, length);
    const at = Deno.UnsafePointer.create(start[0]!);
    if (at === null || length[0] === 0) return undefined;
    return new TextDecoder().decode(Deno.UnsafePointerView.getArrayBuffer(at, length[0]!));
  }

  #peerCertificate(session: Pointer): string | undefined {
    const { ssl, crypto } = this.#services.libraries;
    const certificate = ssl.SSL_get1_peer_certificate(session);
    if (certificate === null) return undefined;
    const bio = crypto.BIO_new(crypto.BIO_s_mem())!;
    crypto.PEM_write_bio_X509(bio, certificate);
    const pem = new Uint8Array(Number(crypto.BIO_ctrl_pending(bio)));
    crypto.BIO_read(bio, pem, pem.length);
    crypto.BIO_free(bio);
    crypto.X509_free(certificate);
    return new TextDecoder().decode(pem);
  }

  #session(): Pointer {
    if (this.#pointer === null) throw new OpenSslError("the session has been released");
    return this.#pointer;
  }
}

function incomplete(): OpenSslError {
  return new OpenSslError("write before the handshake was done");
}

const NOTHING = new Uint8Array();
/** Octets of plaintext that, as records, no longer fit into a BIO of the small kind. */
const LARGE_WRITE = SMALL_OUTPUT - (4 << 10);
// openssl/ssl.h.
const SSL_ERROR_WANT_READ = 2;
const SSL_ERROR_ZERO_RETURN = 6;
const SSL_CTRL_GET_NEGOTIATED_GROUP = 134;
