/** A client under test between a socket and a session that the test plays. */

import type { PeerError } from "../../../../src/errors.ts";
import type { SecureClient } from "../../../../src/tls/engine.ts";
import { OpenSslClient, type OpenSslServices } from "../../../../src/tls/openssl/client.ts";
import { Contexts } from "../../../../src/tls/openssl/contexts.ts";
import { onStreams } from "../../../../src/tls/openssl/host_library.ts";
import { ScratchBuffers } from "../../../../src/tls/openssl/scratch_buffers.ts";
import { TICKET_PERIOD, TicketKeyring, type TicketKeys } from "../../../../src/tls/ticket_keys.ts";
import type { TlsConfiguration } from "../../../../src/tls/tls_configuration.ts";
import { assertEquals } from "../../../support/assert.ts";
import { FakeOpenSsl, type FakeSession } from "../../../support/fake_openssl.ts";
import { FakeNetwork } from "../../../support/fake_runtime.ts";
import { FakeStream } from "../../../support/fake_stream.ts";
import { hello } from "../../../support/hello_samples.ts";
import { ManualClock } from "../../../support/manual_clock.ts";
import { TLS_CONFIGURATION } from "../../../support/tls_configuration.ts";

/** A client and everything around it. */
export class Bed {
  readonly stream = new FakeStream();
  readonly library = new FakeOpenSsl();
  readonly services: OpenSslServices;
  readonly client: OpenSslClient;
  readonly buffers = new ScratchBuffers();
  /** Counts how often everything else was let go first. */
  readonly clock = new ManualClock();
  readonly #configuration: TlsConfiguration;
  #secure: SecureClient | undefined;

  /** What the session is told before its first use, and what the engine is told besides the usual. */
  constructor(
    prepareSession: (session: FakeSession) => void = () => {},
    particular: Partial<TlsConfiguration> = {},
  ) {
    this.library.prepareSession = prepareSession;
    this.#configuration = { ...TLS_CONFIGURATION, ...particular };
    const library = onStreams(this.library, this.clock, this.buffers);
    this.services = {
      library,
      contexts: new Contexts(library, this.#configuration, this.clock),
      network: new FakeNetwork(),
    };
    this.client = new OpenSslClient(this.stream, this.services);
  }

  /** The only session there is. */
  get session(): FakeSession {
    return this.library.contexts[0]!.sessions[0]!;
  }

  /** Completes the handshake. */
  async established(): Promise<this> {
    this.stream.deliver(hello());
    await this.handshake();
    return this;
  }

  /** What the client becomes is {@linkcode Bed.secure} from then on. */
  async handshake(): Promise<void> {
    this.#secure = await this.client.handshake();
  }

  get secure(): SecureClient {
    return this.#secure!;
  }

  /** Reads into a buffer of so many octets, and gives text. */
  async read(size = 1_000): Promise<string | null> {
    const into = new Uint8Array(size);
    const count = await this.secure.stream.read(into);
    return count === null ? null : this.textOf(into.subarray(0, count));
  }

  async write(text: string): Promise<number> {
    return await this.secure.stream.write(new TextEncoder().encode(text));
  }

  async closeWrite(): Promise<void> {
    await this.secure.stream.closeWrite();
  }

  textOf(bytes: Uint8Array): string {
    return new TextDecoder().decode(bytes);
  }

  /** The ticket keys of a period, counted from now. */
  ticketKeys(period: number): TicketKeys {
    const date = new Date(this.clock.date().getTime() + period * TICKET_PERIOD);
    const secret = new TextEncoder().encode(atob(this.#configuration.ticketSecret));
    return new TicketKeyring(secret, { date: () => date }).current();
  }

  /** Every output that was taken was given back, and none of them twice. */
  assertReleased(): void {
    const releases = this.session.outputs.map((output) => output.releases);
    assertEquals(releases, releases.map(() => 1));
  }
}

/** The error of a promise that must reject, as stud's own. */
export async function faultOf(promise: Promise<unknown>): Promise<PeerError> {
  try {
    await promise;
  } catch (error) {
    return new FakeNetwork().peerError(error, "client");
  }
  throw new Error("no error");
}

/** A fatal alert as a record (RFC 8446 sections 5.1 and 6). */
export function alertRecord(alert: number): Uint8Array {
  return Uint8Array.of(21, 3, 1, 0, 2, 2, alert);
}
