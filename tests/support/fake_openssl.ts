/**
 * OpenSSL in memory: contexts remember what they were told, and sessions say what a test wants them to. What
 * a session encrypts is the same octets, so that a test can read what was sent.
 */

import type { Agreement } from "../../src/runtime/runtime.ts";
import {
  type FormerTicketKeys,
  type OpenSsl,
  OpenSslError,
  type SslContext,
  type SslContextOptions,
  type SslFacts,
  type SslOutput,
  type SslSession,
  type SslTicketKeys,
} from "../../src/runtime/openssl.ts";

/** The library. */
export class FakeOpenSsl implements OpenSsl {
  version = "OpenSSL 3.0.22 25 Aug 2026";
  /** Every context there ever was, in order. */
  readonly contexts: FakeContext[] = [];
  readonly enginesUsed: string[] = [];
  /** Throws, if the library is to refuse these. */
  judge: (options: SslContextOptions) => void = () => {};
  /** What each new session is told before its first use. */
  prepareSession: (session: FakeSession) => void = () => {};

  useEngine(id: string): void {
    this.enginesUsed.push(id);
  }

  newContext(options: SslContextOptions): SslContext {
    this.judge(options);
    const context = new FakeContext(this, options);
    this.contexts.push(context);
    return context;
  }
}

/** Rules, and what was done with them. */
export class FakeContext implements SslContext {
  readonly options: SslContextOptions;
  /** Every call of `setTicketKeys`. */
  readonly ticketKeys: SslTicketKeys[] = [];
  readonly sessions: FakeSession[] = [];
  /** Every call of `staple`. */
  readonly stapled: [place: number, response: Uint8Array | undefined][] = [];
  freed = false;
  readonly #library: FakeOpenSsl;

  constructor(library: FakeOpenSsl, options: SslContextOptions) {
    this.#library = library;
    this.options = options;
  }

  setTicketKeys(keys: SslTicketKeys): void {
    this.#mustLive();
    this.ticketKeys.push(keys);
  }

  staple(place: number, response: Uint8Array | undefined): void {
    this.#mustLive();
    this.stapled.push([place, response]);
  }

  newSession(): SslSession {
    this.#mustLive();
    const session = new FakeSession();
    this.#library.prepareSession(session);
    this.sessions.push(session);
    return session;
  }

  free(): void {
    this.#mustLive();
    this.freed = true;
  }

  #mustLive(): void {
    if (this.freed) throw new Error("a context that has been freed was used");
  }
}

/** One connection's TLS. */
export class FakeSession implements SslSession {
  /** Everything that came in through `handshake`, a text for each call. */
  readonly handshakes: string[] = [];
  readonly former: (FormerTicketKeys | undefined)[] = [];
  /** How a handshake goes on; by default it is done at once. */
  onHandshake: (input: string) => boolean = () => true;
  /** What a read gives for ciphertext: plaintext, or null at close_notify. By default the same. */
  onRead: (input: string) => string | null = (input) => input;
  /** What a write does before it encrypts. */
  onWrite: () => void = () => {};
  /** Every output that was taken. */
  readonly outputs: FakeOutput[] = [];
  /** Whether the client has begun a record. */
  holdsPart = false;
  facts: SslFacts = {
    protocol: "TLSv1.3",
    cipher: "TLS_AES_128_GCM_SHA256",
    group: "x25519",
    alpn: undefined,
    resumed: false,
    certificate: undefined,
    peerCertificate: undefined,
    verifyResult: 0,
  };
  agreement: Agreement | undefined;
  shownCertificate: string | undefined;
  freed = 0;
  /** What was called after the end, whatever became of the error. */
  readonly misuse: string[] = [];
  #pending = "";
  #produced = "";

  /** Wants this sent, besides what else there is. */
  produce(text: string): void {
    this.#produced += text;
  }

  handshake(input: Uint8Array, length: number, former?: FormerTicketKeys): boolean {
    this.#mustLive("handshake");
    const text = textOf(input.subarray(0, length));
    this.handshakes.push(text);
    this.former.push(former);
    return this.onHandshake(text);
  }

  read(input: Uint8Array, length: number, into: Uint8Array): number | null {
    this.#mustLive("read");
    if (length > 0) {
      const plaintext = this.onRead(textOf(input.subarray(0, length)));
      if (plaintext === null) return null;
      this.#pending += plaintext;
    }
    const { written } = new TextEncoder().encodeInto(this.#pending, into);
    this.#pending = this.#pending.slice(written);
    return written;
  }

  get mayHaveMore(): boolean {
    this.#mustLive("mayHaveMore");
    return this.#pending !== "";
  }

  write(bytes: Uint8Array): void {
    this.#mustLive("write");
    this.onWrite();
    this.produce(textOf(bytes));
  }

  closeWrite(): void {
    this.#mustLive("closeWrite");
    this.produce("[close_notify]");
  }

  get hasOutput(): boolean {
    this.#mustLive("hasOutput");
    return this.#produced !== "";
  }

  takeOutput(): SslOutput | undefined {
    this.#mustLive("takeOutput");
    if (this.#produced === "") return undefined;
    const output = new FakeOutput(new TextEncoder().encode(this.#produced));
    this.#produced = "";
    this.outputs.push(output);
    return output;
  }

  free(): void {
    this.freed++;
  }

  #mustLive(method: string): void {
    if (this.freed === 0) return;
    this.misuse.push(method);
    throw new OpenSslError("the session has been released");
  }
}

/** Octets that are gone once they are released. */
export class FakeOutput implements SslOutput {
  readonly bytes: Uint8Array;
  /** How often `release` was called. */
  releases = 0;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  release(): void {
    this.releases++;
    // The next session writes here.
    this.bytes.fill(0);
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
