/** A stud that takes plaintext and speaks TLS to a backend: the other way round than a {@linkcode Site}. */

import { Authority } from "./authority.ts";
import { Backend } from "./backend.ts";
import { type PemFile, pemFile } from "./certificates.ts";
import { openSockets, socketsBackTo } from "./descriptors.ts";
import { connectRaw } from "./raw_client.ts";
import { Stud } from "./stud.ts";
import { Wire } from "./wire.ts";

/** Where the parts differ from the usual. */
export interface OutgoingOptions {
  readonly args?: readonly string[];
  /** For the names in the backend's certificate; default: `127.0.0.1`. */
  readonly names?: readonly string[];
  readonly alpn?: string[];
  /** Puts a wire between stud and the backend. */
  readonly wired?: boolean;
  /** The machine that stud runs on trusts the backend's authority, as far as rustls is concerned. */
  readonly trustedByMachine?: boolean;
  /** Leaves `--backend-ca` out. */
  readonly withoutCa?: boolean;
  /** As `--backend` takes it, for a backend that is none of the site's. */
  readonly backendAddress?: string;
}

/** The parts, running. Use it with `await using`. */
export class OutgoingSite implements AsyncDisposable {
  readonly stud: Stud;
  readonly backend: Backend;
  readonly authority: Authority;
  readonly wire: Wire | undefined;
  readonly #ca: PemFile;
  readonly #baseline = new Map<number, number>();

  private constructor(stud: Stud, parts: Parts) {
    this.stud = stud;
    this.backend = parts.backend;
    this.authority = parts.authority;
    this.wire = parts.wire;
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
    const ca = pemFile(authority.certificate);
    const parts = { authority, backend, wire, ca };
    const address = options.backendAddress ?? `127.0.0.1,${wire?.port ?? port}`;
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
    const accepted = this.backend.accept();
    accepted.catch(() => {});
    const client = await connectRaw(this.stud.port);
    // The backend's library does its handshake when it is asked to read, or to do it.
    const peer = await accepted as Deno.TlsConn;
    await peer.handshake();
    return { client, peer };
  }

  /** Waits until the worker lives on and holds no more sockets than at its start. Linux only. */
  async released(limit = 15_000): Promise<void> {
    for (const [pid, baseline] of this.#baseline) await socketsBackTo(baseline, pid, limit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stud[Symbol.asyncDispose]();
    await dispose({ ...this, ca: this.#ca });
  }
}

type Parts = Pick<OutgoingSite, "backend" | "authority" | "wire"> & { readonly ca: PemFile };

async function dispose({ backend, wire, ca }: Parts): Promise<void> {
  await wire?.[Symbol.asyncDispose]();
  await backend[Symbol.asyncDispose]();
  ca[Symbol.dispose]();
}
