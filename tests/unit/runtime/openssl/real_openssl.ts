/** The host's OpenSSL, and sessions of it that talk to a real client. */

import type { KeyBytes } from "../../../../src/x509/key_bytes.ts";
import { openOpenSsl } from "../../../../src/runtime/openssl/library.ts";
import type { SslContextOptions, SslOutput, SslSession } from "../../../../src/runtime/openssl.ts";
import { assertEquals } from "../../../support/assert.ts";
import { writeAll } from "../../../support/backend.ts";
import { type PemFile, temporaryPem } from "../../../support/certificates.ts";
import { within } from "../../../support/eventually.ts";
import { made } from "../../../support/made_certificates.ts";
import { connectTls } from "../../../support/tls_client.ts";

/** Opened outside the tests: it stays open for as long as the process lives. */
export const library = openOpenSsl();

/** A certificate of a P-256 key. */
export const EC = await made({ names: ["localhost"] });

/** What a context is told of a certificate and its key alone. */
export function certificateOf(
  certificateChain: string,
  privateKey: string | KeyBytes,
): Pick<SslContextOptions, "certificates"> {
  const rest = { dhParameters: undefined, ocspResponse: undefined };
  return { certificates: [{ certificateChain, privateKey, ...rest }] };
}

/** With the library's defaults, as far as it has any. */
export const OPTIONS: SslContextOptions = {
  ...certificateOf(EC.certificate, EC.key),
  protocols: ["TLSv1.2", "TLSv1.3"],
  ciphers: undefined,
  ciphersuites: undefined,
  groups: undefined,
  preferServerCiphers: false,
  sslEngine: undefined,
  securityLevel: undefined,
  alpnProtocols: [],
  verify: "none",
  authorities: "",
  revocationLists: [],
  sessionIdContext: new Uint8Array(32),
  sessionTimeout: 3_600,
};

/** A session and a client that have done their handshake. Use it with `using`. */
export class Talk implements Disposable {
  readonly session: SslSession;
  readonly client: Deno.TlsConn;
  /** The session's end of the client's connection. */
  readonly conn: Deno.Conn;
  readonly #pem: PemFile;

  private constructor(session: SslSession, client: Deno.TlsConn, conn: Deno.Conn, pem: PemFile) {
    this.session = session;
    this.client = client;
    this.conn = conn;
    this.#pem = pem;
  }

  /** The certificate that the client was shown, PEM text. */
  get served(): string {
    return this.#pem.certificate;
  }

  static async begin(): Promise<Talk> {
    const pem = await temporaryPem();
    const key = pem.text.slice(pem.text.indexOf("-----BEGIN PRIVATE KEY-----"));
    const context = library.newContext({ ...OPTIONS, ...certificateOf(pem.certificate, key) });
    const session = context.newSession();
    // It keeps what it needs.
    context.free();
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const connecting = connectTls((listener.addr as Deno.NetAddr).port, pem);
    const conn = await listener.accept();
    const buffer = new Uint8Array(16 << 10);
    for (let done = false; !done;) {
      const length = await within(10_000, "the client", conn.read(buffer));
      done = session.handshake(buffer, length!);
      await deliver(session.takeOutput(), conn);
    }
    return new Talk(session, await connecting, conn, pem);
  }

  /** What the client's session makes of these octets, as it goes over the wire. */
  async ciphertext(plaintext: Uint8Array): Promise<Uint8Array> {
    await writeAll(this.client, plaintext);
    return await this.arrived(plaintext.length);
  }

  /** What has come from the client: records that hold at least so much. */
  async arrived(plaintext: number): Promise<Uint8Array> {
    let bytes = new Uint8Array();
    for (let held = 0; held < plaintext || held === 0;) {
      const more = new Uint8Array(64 << 10);
      const count = await within(10_000, "the client", this.conn.read(more));
      bytes = Uint8Array.from([...bytes, ...more.subarray(0, count!)]);
      held = heldBy(bytes);
    }
    return bytes;
  }

  /** Sends what the session wants sent, and reads at the client as much plaintext as it holds. */
  async clientReads(length: number, output = this.session.takeOutput()): Promise<Uint8Array> {
    const bytes = new Uint8Array(length);
    const sending = deliver(output, this.conn);
    for (let at = 0; at < length;) {
      at += await within(10_000, "the session", this.client.read(bytes.subarray(at))) ?? length;
    }
    await sending;
    return bytes;
  }

  [Symbol.dispose](): void {
    this.session.free();
    this.conn.close();
    this.client.close();
    this.#pem[Symbol.dispose]();
  }
}

/** Sends an output and gives it back. */
export async function deliver(output: SslOutput | undefined, conn: Deno.Conn): Promise<void> {
  if (output === undefined) return;
  await writeAll(conn, output.bytes);
  output.release();
}

/** Octets in a pattern that differs from one place to the next, and from one seed to another. */
export function pattern(length: number, seed = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + (at >> 8) * 7 + seed) & 0xff);
}

/** Tells where octets differ instead of showing all of them. */
export function assertOctets(actual: Uint8Array, expected: Uint8Array, message?: string): void {
  const place = actual.findIndex((byte, at) => byte !== expected[at]);
  assertEquals([actual.length, place], [expected.length, -1], message);
}

/** How much plaintext whole TLS 1.3 records hold (RFC 8446 section 5.2). */
function heldBy(bytes: Uint8Array): number {
  let held = 0;
  for (let at = 0; at + 5 <= bytes.length;) {
    const length = (bytes[at + 3]! << 8) + bytes[at + 4]!;
    at += 5 + length;
    if (at <= bytes.length) held += length - TYPE_AND_TAG;
  }
  return held;
}

const TYPE_AND_TAG = 1 + 16;
