/** A stud with a certificate in front of a backend: what nearly every end-to-end test begins with. */

import { Backend, echo } from "./backend.ts";
import { type PemFile, temporaryPem } from "./certificates.ts";
import { openSockets, socketsBackTo } from "./descriptors.ts";
import { frontendBlocks } from "./frontend_blocks.ts";
import { endShared, Stud } from "./stud.ts";
import { connectTls, echoOnce } from "./tls_client.ts";

/** Where the parts of a site differ from the usual. */
export interface SiteOptions {
  /** More of stud's command line. */
  readonly args?: readonly string[];
  /** Default: one whose connections the test accepts. It ends with the site. */
  readonly backend?: Backend;
  /** For a backend that is no {@linkcode Backend}, as `--backend` takes it. */
  readonly backendAddress?: string;
  /** Default: a free port of 127.0.0.1. */
  readonly frontend?: string;
  /** So many frontends of that address, one for each of the tests that share the site. Default: 1. */
  readonly frontends?: number;
  /** Frontends that differ, in place of those: blocks for {@linkcode frontendBlocks}; `args` then name the engine. */
  readonly blocks?: readonly string[];
  /** What else ends with the site, after stud. */
  readonly owns?: readonly (Disposable | AsyncDisposable)[];
  /** A command that runs stud, such as `prlimit`. */
  readonly prefix?: readonly string[];
}

/** The parts, running. Use it with `await using`. */
export class Site implements AsyncDisposable {
  readonly stud: Stud;
  readonly backend: Backend;
  readonly pem: PemFile;
  readonly #ending: AsyncDisposableStack;
  /** Sockets each worker had open before its first client, or the first client of a test. Linux only. */
  readonly #baseline = new Map<number, number>();
  #turn = 0;

  private constructor(stud: Stud, backend: Backend, pem: PemFile, ending: AsyncDisposableStack) {
    this.#ending = ending;
    this.stud = stud;
    this.backend = backend;
    this.pem = pem;
    this.#countSockets();
  }

  static async start(options: SiteOptions = {}): Promise<Site> {
    const { args = [], frontend = "127.0.0.1,0", backend = Backend.listen() } = options;
    const pem = await temporaryPem();
    const ending = new AsyncDisposableStack();
    for (const each of options.owns ?? []) ending.use(each);
    const address = options.backendAddress ?? backend.address;
    try {
      const { prefix, frontends = 1, blocks } = options;
      const config = blocks && frontendBlocks(blocks);
      if (config) ending.use(config);
      const where = config
        ? ["--config", config.path]
        : Array.from({ length: frontends }, () => ["-f", frontend]).flat();
      const stud = await Stud.start([...where, "-b", address, ...args, pem.path], {}, { prefix });
      return new Site(stud, backend, pem, ending);
    } catch (error) {
      pem[Symbol.dispose]();
      await backend[Symbol.asyncDispose]();
      await ending[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A site whose backend sends everything back. */
  static startEcho(args: readonly string[] = [], frontends?: number): Promise<Site> {
    return Site.start({ args, backend: Backend.serve(echo), frontends });
  }

  /** Of its frontend; tests that share the site have another one each, as far as there are. */
  get port(): number {
    const { ports } = this.stud;
    return ports[this.#turn % ports.length]!;
  }

  /** The process id of the only worker. Linux only. */
  get worker(): number {
    const [first, ...others] = this.stud.workers();
    if (first === undefined || others.length > 0) throw new Error(this.stud.report());
    return first;
  }

  /** Connects a TLS client. */
  connect(): Promise<Deno.TlsConn> {
    return connectTls(this.port, this.pem);
  }

  /** A client, and the connection that stud opened to the backend for it. */
  async connectThrough(): Promise<{ client: Deno.TlsConn; peer: Deno.Conn }> {
    const accepted = this.backend.accept();
    accepted.catch(() => {});
    const client = await this.connect();
    return { client, peer: await accepted };
  }

  /** One echo through stud. */
  echoOnce(text?: string): Promise<void> {
    return echoOnce(this.port, this.pem, text);
  }

  /** Waits until every worker lives on and holds no more sockets than at its start. Linux only. */
  async released(limit = 15_000): Promise<void> {
    for (const [pid, baseline] of this.#baseline) await socketsBackTo(baseline, pid, limit);
  }

  /**
   * For the next of the tests that share it: nothing was printed, nobody came to the backend. It has another frontend,
   * for stud writes one line a minute of each reason why handshakes fail at a frontend.
   */
  forget(): void {
    this.#turn++;
    this.stud.forget();
    this.backend.accepted = 0;
    this.#countSockets();
  }

  /** After one of the tests that share it: its connections end. */
  settle(): Promise<void> {
    return endShared(this.backend, this.stud);
  }

  /** Of workers that have come since the last time; others are gone. */
  #countSockets(): void {
    if (Deno.build.os !== "linux") return;
    const pids = this.stud.workers();
    for (const pid of this.#baseline.keys()) if (!pids.includes(pid)) this.#baseline.delete(pid);
    for (const pid of pids) {
      if (!this.#baseline.has(pid)) this.#baseline.set(pid, openSockets(pid));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stud[Symbol.asyncDispose]();
    await this.backend[Symbol.asyncDispose]();
    this.pem[Symbol.dispose]();
    await this.#ending[Symbol.asyncDispose]();
  }
}
