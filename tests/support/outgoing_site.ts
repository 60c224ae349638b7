/** A stud that takes plaintext and speaks TLS to a backend: the other way round than a {@linkcode Site}. */

import { Authority } from "./authority.ts";
import { Backend } from "./backend.ts";
import { type PemFile, pemFile } from "./certificates.ts";
import { openSockets, socketsBackTo } from "./descriptors.ts";
import type { Junction } from "./junction.ts";
import { connectRaw } from "./raw_client.ts";
import type { Shareable } from "./shared.ts";
import { endShared, Stud } from "./stud.ts";
import { Wire } from "./wire.ts";

/** Where the parts differ from the usual. */
export interface OutgoingOptions {
  readonly args?: readonly string[];
  /** For the names in the backend's certificate; default: `127.0.0.1`. */
  readonly names?: readonly string[];
  readonly alpn?: string[];
  /** Puts a wire between stud and the backend. */
  readonly wired?: boolean;
  /** For tests that share the site: the backend's address is a junction, and every connection has a wire of its own. */
  readonly junction?: Junction;
  /** Authorities that stud trusts besides the backend's, PEM text. */
  readonly otherCas?: string;
  /** The machine that stud runs on trusts the backend's authority, as far as rustls is concerned. */
  readonly trustedByMachine?: boolean;
  /** Leaves `--backend-ca` out. */
  readonly withoutCa?: boolean;
  /** As `--backend` takes it, for a backend that is none of the site's. */
  readonly backendAddress?: string;
}

/** The parts, running. Use it with `await using`. */
export class OutgoingSite implements Shareable {
  readonly stud: Stud;
  readonly backend: Backend;
  readonly authority: Authority;
  readonly #junction: Junction | undefined;
  /** That of the newest connection, if there is a junction. */
  wire: Wire | undefined;
  readonly #ca: PemFile;
  readonly #baseline = new Map<number, number>();

  private constructor(stud: Stud, parts: Parts) {
    this.stud = stud;
    this.backend = parts.backend;
    this.authority = parts.authority;
    this.wire = parts.wire;
    this.#junction = parts.junction;
    this.#ca = parts.ca;
    if (Deno.build.os !== "linux") return;
    for (const pid of stud.workers()) this.#baseline.set(pid, openSockets(pid));
  }

  /** Backend and stud; the backend's connections are taken by the test. */
  static async start(options: OutgoingOptions = {}): Promise<OutgoingSite> {
    const { names = ["ip:127.0.0.1"], alpn = [], args = [] } = options;
    const authority = await Authority.make();
    const backend = Backend.listenTls(await authority.issue({ names }), alpn);
    const port = Number(backend.address.split(",")[1]);
    const wire = options.wired ? new Wire(port) : undefined;
    const { junction, otherCas = "" } = options;
    const ca = pemFile(authority.certificate + otherCas);
    const parts = { authority, backend, wire, junction, ca };
    const address = options.backendAddress ?? junction?.address ??
      `127.0.0.1,${wire?.port ?? port}`;
    try {
      const trust = options.withoutCa ? [] : [`--backend-ca=${ca.path}`];
      const all = ["--client", "-f", "127.0.0.1,0", "-b", address, ...trust, ...args];
      const stud = await Stud.start(
        all,
        options.trustedByMachine ? { SSL_CERT_FILE: ca.path, DENO_TLS_CA_STORE: "system" } : {},
      );
      return new OutgoingSite(stud, parts);
    } catch (error) {
      await dispose(parts);
      throw error;
    }
  }

  /** A client, and the connection that stud opened to the backend for it. */
  async connectThrough(): Promise<{ client: Deno.TcpConn; peer: Deno.Conn }> {
    this.lead();
    const accepted = this.backend.accept();
    accepted.catch(() => {});
    const client = await connectRaw(this.stud.port);
    // The backend's library does its handshake when it is asked to read, or to do it.
    const peer = await accepted as Deno.TlsConn;
    await peer.handshake();
    return { client, peer };
  }

  /** If there is a junction, the next connection goes to this port of 127.0.0.1; default: the backend's. */
  lead(port?: number): void {
    this.wire = this.#junction?.lead(port ?? Number(this.backend.address.split(",")[1])) ??
      this.wire;
  }

  /** Waits until the worker lives on and holds no more sockets than at its start. Linux only. */
  async released(limit = 15_000): Promise<void> {
    for (const [pid, baseline] of this.#baseline) await socketsBackTo(baseline, pid, limit);
  }

  forget(): void {
    this.stud.forget();
  }

  async settle(): Promise<void> {
    await this.#junction?.settle();
    await endShared(this.backend, this.stud);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stud[Symbol.asyncDispose]();
    const { backend, authority, wire } = this;
    await dispose({ backend, authority, wire, junction: this.#junction, ca: this.#ca });
  }
}

interface Parts extends Pick<OutgoingSite, "backend" | "authority" | "wire"> {
  readonly junction: Junction | undefined;
  readonly ca: PemFile;
}

async function dispose({ backend, wire, junction, ca }: Parts): Promise<void> {
  await junction?.[Symbol.asyncDispose]();
  await wire?.[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
  ca[Symbol.dispose]();
}
