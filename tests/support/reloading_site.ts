/** A stud that is configured by a file, which a test rewrites, and told by HUP to read it again. */

import { makeSelfSigned } from "../../src/x509/self_signed.ts";
import { Backend, echo } from "./backend.ts";
import { eventually } from "./eventually.ts";
import { endShared, Stud, type StudEnvironment, TLS_LIBRARY } from "./stud.ts";
import { echoOnce, type Trusted } from "./tls_client.ts";

/** A certificate for localhost, 127.0.0.1 and ::1 that no other one can be taken for. */
export interface Named extends Trusted {
  /** Certificate and key, as a PEM file has them. */
  readonly text: string;
}

/** Makes one. */
export async function newCertificate(): Promise<Named> {
  const text = await makeSelfSigned("localhost", new Date());
  return { text, certificate: text.slice(0, text.indexOf("-----BEGIN PRIVATE KEY-----")) };
}

/** Where it differs from the usual. */
export interface ReloadingOptions {
  /** Lines of the configuration beside frontend, backend and certificate. */
  readonly lines?: readonly string[];
  /** Default: a port of the system's choice on 127.0.0.1. */
  readonly frontends?: readonly string[];
  readonly args?: readonly string[];
  /** Default: the library that is tested. */
  readonly library?: string;
  readonly how?: StudEnvironment;
}

/** Its configuration, certificates and processes end with it. Use it with `await using`. */
export class ReloadingSite implements AsyncDisposable {
  readonly stud: Stud;
  readonly backend: Backend;
  readonly folder: string;
  /** What is served at the start, from `site.pem`. */
  readonly first: Named;
  #frontends: readonly string[];
  #lines: readonly string[];

  private constructor(
    stud: Stud,
    backend: Backend,
    folder: string,
    first: Named,
    { frontends, lines }: { frontends: readonly string[]; lines: readonly string[] },
  ) {
    this.stud = stud;
    this.backend = backend;
    this.folder = folder;
    this.first = first;
    this.#frontends = frontends;
    this.#lines = lines;
  }

  /** Starts one in front of a backend that sends everything back. */
  static async start(options: ReloadingOptions = {}): Promise<ReloadingSite> {
    const { lines = [], frontends = ["127.0.0.1,0"], args = [], library = TLS_LIBRARY, how } =
      options;
    const folder = Deno.makeTempDirSync({ prefix: "stud-test-" });
    const backend = Backend.serve(echo);
    const first = await newCertificate();
    const text = configurationText(folder, backend.address, frontends, lines);
    put(`${folder}/site.pem`, first.text);
    put(`${folder}/stud.conf`, text);
    try {
      const config = `${folder}/stud.conf`;
      const stud = await Stud.start(
        [`--tls-library=${library}`, "--config", config, ...args],
        {},
        how,
      );
      return new ReloadingSite(stud, backend, folder, first, { frontends, lines });
    } catch (error) {
      await backend[Symbol.asyncDispose]();
      Deno.removeSync(folder, { recursive: true });
      throw error;
    }
  }

  /** Of the first frontend, as stud said at its start. */
  get port(): number {
    return this.stud.port;
  }

  /** Puts a file into the folder, whole at any moment. */
  put(name: string, text: string): void {
    put(`${this.folder}/${name}`, text);
  }

  /** Rewrites the configuration. */
  configure(
    lines: readonly string[],
    { frontends = this.#frontends, backend = this.backend.address }: {
      readonly frontends?: readonly string[];
      readonly backend?: string;
    } = {},
  ): void {
    this.put("stud.conf", configurationText(this.folder, backend, frontends, lines));
  }

  /** Puts another certificate into `site.pem`. */
  async renew(): Promise<Named> {
    const next = await newCertificate();
    this.put("site.pem", next.text);
    return next;
  }

  /** How many reloads there were, whatever came of them. */
  get reloads(): number {
    const { stdout, stderr } = this.stud;
    return [...`${stdout}\n${stderr}`.matchAll(/reloaded: |reload failed, /g)].length;
  }

  /** Sends HUP and waits until stud says what came of it. */
  async reload(): Promise<void> {
    const before = this.reloads;
    this.stud.signal("SIGHUP");
    const done = () => this.reloads > before;
    await eventually("a reload", done, 20_000, () => this.stud.report());
  }

  /** What it was at the start, for a test that shares it: the configuration, `site.pem`, and so many workers. */
  async restore(workers: number): Promise<void> {
    this.put("site.pem", this.first.text);
    this.configure(this.#lines);
    await this.reload();
    const former = () => this.stud.workers().length === workers;
    await eventually("the workers of the start", former, 20_000, () => this.stud.report());
    this.forget();
  }

  /** One echo from a server that shows this certificate; rejects if it shows another. */
  echoOnce(trusted: Trusted = this.first, port = this.port): Promise<void> {
    return echoOnce(port, trusted);
  }

  /** For the next of the tests that share it: nothing was printed, nobody came to the backend. */
  forget(): void {
    this.stud.forget();
    this.backend.accepted = 0;
  }

  /** After one of the tests that share it, which leaves the configuration as it was: its connections end. */
  settle(): Promise<void> {
    return endShared(this.backend, this.stud);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stud[Symbol.asyncDispose]();
    await this.backend[Symbol.asyncDispose]();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

function configurationText(
  folder: string,
  backend: string,
  frontends: readonly string[],
  lines: readonly string[],
): string {
  return [
    ...frontends.map((frontend) => `frontend = "${frontend}"`),
    ...[`backend = "${backend}"`, `pem-file = "${folder}/site.pem"`, ...lines, ""],
  ].join("\n");
}

function put(path: string, text: string): void {
  Deno.writeTextFileSync(`${path}.new`, text);
  // For workers and users of whatever name.
  Deno.chmodSync(`${path}.new`, 0o644);
  Deno.renameSync(`${path}.new`, path);
}
