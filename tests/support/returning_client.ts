/** OpenSSL's client as one that comes again: it keeps its session in a file and offers it at its next visit. */

import { eventually } from "./eventually.ts";
import { ToolProcess } from "./tool_process.ts";

/** The versions in which sessions are resumed by tickets, as options of s_client. */
export const TICKET_VERSIONS = ["-tls1_2", "-tls1_3"] as const;

/** What s_client does at every visit. */
export interface ClientOptions {
  readonly version: typeof TICKET_VERSIONS[number];
  /** The file with the certificate it trusts. */
  readonly trusted: { readonly path: string };
  /** The server name it asks for; `localhost` unless given. */
  readonly serverName?: string;
  readonly args?: readonly string[];
}

/** How a visit went. */
export interface Visit {
  /** Whether the backend sent back what the client said. */
  readonly answered: boolean;
  /** Whether the session that was offered went on. */
  readonly resumed: boolean;
  /** The name of the keys that sealed the client's newest ticket: its first 16 octets, in hexadecimal. */
  readonly ticketKeys: string | undefined;
  /** Everything to know when a test fails. */
  readonly report: string;
}

/** A client with a session of its own. Use it with `using`. */
export class ReturningClient implements Disposable {
  readonly #options: ClientOptions;
  readonly #file = Deno.makeTempFileSync({ prefix: "stud-test-" });

  constructor(options: ClientOptions) {
    this.#options = options;
  }

  /** The file with the session. */
  get session(): string {
    return this.#file;
  }

  /** Begins a session and keeps it. */
  begin(port: number, args: readonly string[] = []): Promise<Visit> {
    return this.#visit(port, ["-sess_out", this.#file, ...args]);
  }

  /** Offers the session and keeps no other: many may do so at the same time. */
  offer(port: number, args: readonly string[] = []): Promise<Visit> {
    return this.#visit(port, ["-sess_in", this.#file, ...args]);
  }

  /** Offers the session and keeps the one that it gets in its place. s_client does so in TLS 1.3 only. */
  renew(port: number): Promise<Visit> {
    return this.#visit(port, ["-sess_in", this.#file, "-sess_out", this.#file]);
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.#file);
  }

  async #visit(port: number, args: readonly string[]): Promise<Visit> {
    const { version, trusted, serverName = "localhost" } = this.#options;
    await using client = new ToolProcess("openssl", [
      ...["s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", trusted.path, version],
      ...["-servername", serverName, "-verify_return_error", ...this.#options.args ?? [], ...args],
    ]);
    // Tickets come before the echo, which is why the client waits for it.
    await client.write(WORDS).catch(() => {});
    const answered = () => client.stdout.includes(WORDS);
    const over = () => answered() || client.status !== undefined;
    await eventually("an answer", over, 15_000, () => client.report());
    await client.closeInput();
    await client.ended();
    // The echo may stand in the midst of what s_client shows.
    const shown = client.stdout.replace(WORDS, "");
    return {
      answered: answered(),
      resumed: /^Reused, TLSv/m.test(shown),
      ticketKeys: [...shown.matchAll(TICKET)].at(-1)?.[1]?.replaceAll(/[ -]/g, ""),
      report: client.report(),
    };
  }
}

/** s_client itself shows no such line. */
const WORDS = "hello from the client\n";
/** How s_client shows a ticket: a hex dump, 16 octets to the line. */
const TICKET = /TLS session ticket:\s+0000 - ((?:[0-9a-f]{2}[ -]){16})/g;
