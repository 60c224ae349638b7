/**
 * The three things that OpenSSL does only through a callback: choosing an ALPN protocol, stapling an OCSP response, and
 * opening tickets that were sealed with keys other than the context's. Each is one callback for the whole process, made
 * when it is first needed; an address identifies the context.
 *
 * They run inside SSL_do_handshake. They must not throw, and the pointers passed to them are valid only until they
 * return.
 */

import type { FormerTicketKeys, SslTicketKeys } from "../openssl.ts";
import { addressOf, cString, type Pointer } from "./memory.ts";
import type { Libraries } from "./symbols.ts";

/** Callbacks for the contexts of one library. */
export class Callbacks {
  readonly #libraries: Libraries;
  #alpn: Deno.UnsafeCallback<typeof ALPN> | undefined;
  #status: Deno.UnsafeCallback<typeof STATUS> | undefined;
  #ticket: Deno.UnsafeCallback<typeof TICKET> | undefined;
  /** Lists of protocols by preference; a context stores the index of its own. */
  readonly #protocols: string[] = [];
  /** Responses in DER by the address of their certificate; a context stores the number of its own. */
  readonly #responses = new Map<number, Map<bigint, Uint8Array>>();
  readonly #numbers = new Map<bigint, number>();
  #lastNumber = 0;
  #former: FormerTicketKeys | undefined;

  constructor(libraries: Libraries) {
    this.#libraries = libraries;
  }

  /** From now on the context answers ALPN with the first of these that the client offers. */
  selectAlpn(context: Pointer, protocols: readonly string[]): void {
    const list = protocols.join(",");
    if (!this.#protocols.includes(list)) this.#protocols.push(list);
    this.#alpn ??= new Deno.UnsafeCallback(
      ALPN,
      (_session, out, outLength, offered, length, argument) =>
        this.#chooseAlpn(out!, outLength!, offered!, length, argument),
    );
    this.#libraries.ssl.SSL_CTX_set_alpn_select_cb(
      context,
      this.#alpn.pointer,
      asArgument(this.#protocols.indexOf(list) + 1),
    );
  }

  /** From now on the context staples the response, or none, when it serves the certificate. */
  staple(context: Pointer, certificate: Pointer, response: Uint8Array | undefined): void {
    const { ssl } = this.#libraries;
    const owner = Deno.UnsafePointer.value(context);
    if (response === undefined) {
      const known = this.#responses.get(this.#numbers.get(owner) ?? 0);
      known?.delete(Deno.UnsafePointer.value(certificate));
      return;
    }
    const number = this.#numbers.get(owner) ?? ++this.#lastNumber;
    const responses = this.#responses.get(number) ?? new Map<bigint, Uint8Array>();
    this.#numbers.set(owner, number);
    this.#responses.set(number, responses.set(Deno.UnsafePointer.value(certificate), response));
    this.#status ??= new Deno.UnsafeCallback(
      STATUS,
      (session, argument) => this.#staple(session!, argument),
    );
    ssl.SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_STATUS_CALLBACK, this.#status.pointer);
    ssl.SSL_CTX_ctrl_address(context, SSL_CTRL_SET_STATUS_ARGUMENT, 0n, asArgument(number));
  }

  /** Opens and renews tickets sealed with other keys, until it is called with undefined. */
  openTickets(context: Pointer, former: FormerTicketKeys | undefined): void {
    this.#former = former;
    this.#ticket ??= new Deno.UnsafeCallback(
      TICKET,
      (_session, name, iv, cipher, mac, sealing) =>
        this.#initTicket({ name: name!, iv: iv!, cipher: cipher!, mac: mac! }, sealing === 1),
    );
    const callback = former === undefined ? null : this.#ticket.pointer;
    this.#libraries.ssl.SSL_CTX_set_tlsext_ticket_key_evp_cb(context, callback);
  }

  /** Forgets what belongs to a context that is about to be freed. */
  forget(context: Pointer): void {
    const owner = Deno.UnsafePointer.value(context);
    const number = this.#numbers.get(owner);
    if (number === undefined) return;
    this.#numbers.delete(owner);
    this.#responses.delete(number);
  }

  /** SSL_CTX_alpn_select_cb(3): the answer points into the client's own list. */
  #chooseAlpn(
    out: Pointer,
    outLength: Pointer,
    offered: Pointer,
    length: number,
    argument: Deno.PointerValue,
  ): number {
    const list = bytesAt(offered, length);
    const wanted = this.#protocols[asNumber(argument) - 1]?.split(",") ?? [];
    const offsets = offsetsOf(list);
    for (const protocol of wanted) {
      const offset = offsets.get(protocol);
      if (offset === undefined) continue;
      new BigUint64Array(bytesAt(out, 8).buffer)[0] = Deno.UnsafePointer.value(offered) +
        BigInt(offset);
      bytesAt(outLength, 1)[0] = protocol.length;
      return SSL_TLSEXT_ERR_OK;
    }
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  }

  /** SSL_CTX_set_tlsext_status_cb(3): OpenSSL frees the bytes that it receives. */
  #staple(session: Pointer, argument: Deno.PointerValue): number {
    const { ssl, crypto } = this.#libraries;
    const certificate = Deno.UnsafePointer.value(ssl.SSL_get_certificate(session));
    const response = this.#responses.get(asNumber(argument))?.get(certificate);
    if (response === undefined) return SSL_TLSEXT_ERR_NOACK;
    const copy = crypto.CRYPTO_malloc(BigInt(response.length), null, 0);
    if (copy === null) return SSL_TLSEXT_ERR_NOACK;
    bytesAt(copy, response.length).set(response);
    const length = BigInt(response.length);
    ssl.SSL_set_tlsext_status_ocsp_resp(session, SSL_CTRL_SET_STATUS_RESPONSE, length, copy);
    return SSL_TLSEXT_ERR_OK;
  }

  /** SSL_CTX_set_tlsext_ticket_key_evp_cb(3). */
  #initTicket(ticket: TicketParts, sealing: boolean): number {
    const { crypto } = this.#libraries;
    if (this.#former === undefined) return TICKET_UNKNOWN;
    const { former, current } = this.#former;
    const name = bytesAt(ticket.name, current.name.length);
    if (sealing) {
      name.set(current.name);
      if (crypto.RAND_bytes(ticket.iv, IV_BYTES) !== 1) return TICKET_FAILED;
      return this.#init(ticket, current, crypto.EVP_EncryptInit_ex) ? TICKET_OPENED : TICKET_FAILED;
    }
    for (const keys of [former, current]) {
      if (!keys.name.every((byte, at) => byte === name[at])) continue;
      if (!this.#init(ticket, keys, crypto.EVP_DecryptInit_ex)) return TICKET_FAILED;
      return keys === former ? TICKET_RENEW : TICKET_OPENED;
    }
    return TICKET_UNKNOWN;
  }

  #init(
    { cipher, iv, mac }: TicketParts,
    keys: SslTicketKeys,
    initCipher: Libraries["crypto"]["EVP_EncryptInit_ex"],
  ): boolean {
    const { crypto } = this.#libraries;
    const aesKey = new Uint8Array(keys.aesKey);
    const hmacKey = new Uint8Array(keys.hmacKey);
    return initCipher(cipher, crypto.EVP_aes_256_cbc(), null, aesKey, iv) === 1 &&
      crypto.EVP_MAC_init(mac, hmacKey, BigInt(hmacKey.length), digestParameters()) === 1;
  }
}

/** What OpenSSL passes for one ticket. */
interface TicketParts {
  readonly name: Pointer;
  readonly iv: Pointer;
  /** EVP_CIPHER_CTX. */
  readonly cipher: Pointer;
  /** EVP_MAC_CTX. */
  readonly mac: Pointer;
}

/** OSSL_PARAM(3): the digest of an HMAC, and the end of the list. */
function digestParameters(): BigUint64Array<ArrayBuffer> {
  const length = BigInt(DIGEST_VALUE.length - 1);
  return new BigUint64Array([
    ...[addressOf(DIGEST_NAME), OSSL_PARAM_UTF8_STRING, addressOf(DIGEST_VALUE), length, 0n],
    ...[0n, 0n, 0n, 0n, 0n],
  ]);
}

/** The index of each protocol in an ALPN list (RFC 7301: each has its length before it, in one byte). */
function offsetsOf(list: Uint8Array): Map<string, number> {
  const offsets = new Map<string, number>();
  for (let at = 0; at < list.length; at += 1 + list[at]!) {
    const start = at + 1;
    offsets.set(String.fromCharCode(...list.subarray(start, start + list[at]!)), start);
  }
  return offsets;
}

/** C memory, to be read and written while the callback runs. */
function bytesAt(pointer: Pointer, length: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, length));
}

/** A number in place of an address that C passes on without using it. */
function asArgument(number: number): Deno.PointerValue {
  return Deno.UnsafePointer.create(BigInt(number));
}

function asNumber(argument: Deno.PointerValue): number {
  return Number(Deno.UnsafePointer.value(argument));
}

const ALPN = {
  parameters: ["pointer", "pointer", "pointer", "pointer", "u32", "pointer"],
  result: "i32",
} as const;
const STATUS = { parameters: ["pointer", "pointer"], result: "i32" } as const;
const TICKET = {
  parameters: ["pointer", "pointer", "pointer", "pointer", "pointer", "i32"],
  result: "i32",
} as const;

const IV_BYTES = 16;
// openssl/tls1.h and the man pages above.
const SSL_CTRL_SET_STATUS_CALLBACK = 63;
const SSL_CTRL_SET_STATUS_ARGUMENT = 64;
const SSL_CTRL_SET_STATUS_RESPONSE = 71;
const SSL_TLSEXT_ERR_OK = 0;
const SSL_TLSEXT_ERR_ALERT_FATAL = 2;
const SSL_TLSEXT_ERR_NOACK = 3;
const TICKET_FAILED = -1;
const TICKET_UNKNOWN = 0;
const TICKET_OPENED = 1;
const TICKET_RENEW = 2;

const DIGEST_NAME = cString("digest");
const DIGEST_VALUE = cString("SHA256");
const OSSL_PARAM_UTF8_STRING = 4n;
