/**
 * The first words of an IMAP server (RFC 3501) behind a PROXY header of version 2: a stand-in for Dovecot with
 * `haproxy = yes`, which lets nobody log in who does not come by TLS.
 */

import { Backend, writeAll } from "./backend.ts";
import { within } from "./eventually.ts";
import { decodeProxyV2 } from "./proxy_v2_decoder.ts";

/** A server with one user, `ann`, whose password is `secret`. */
export class ImapServer implements AsyncDisposable {
  readonly #backend: Backend;
  /** The addresses of clients that have logged in by TLS, as the PROXY header has them, without ports. */
  readonly logins: string[] = [];

  constructor(port: number) {
    this.#backend = Backend.serve((conn) => this.#serve(conn), { hostname: "127.0.0.1", port });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#backend[Symbol.asyncDispose]();
  }

  async #serve(conn: Deno.Conn): Promise<void> {
    const bytes = new Uint8Array(4096);
    const read = async () => {
      const count = await within(10_000, "the client's next words", conn.read(bytes));
      return bytes.subarray(0, count ?? 0);
    };
    const write = (text: string) => writeAll(conn, new TextEncoder().encode(text));
    const { source, ssl } = decodeProxyV2(await read());
    if (ssl === undefined) return await write("* BYE not secured\r\n");
    await write("* OK ready\r\n");
    for (;;) {
      const line = new TextDecoder().decode(await read());
      const [tag, command = "", ...rest] = line.trim().split(" ");
      if (line === "") return;
      if (command === "CAPABILITY") await write("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN\r\n");
      if (command === "AUTHENTICATE") {
        if (rest.join(" ") !== `PLAIN ${btoa("\0ann\0secret")}`) {
          return await write(`${tag} NO\r\n`);
        }
        this.logins.push(source!.split(" ")[0]!);
      }
      if (command === "LIST") await write('* LIST (\\HasNoChildren) "." INBOX\r\n');
      await write(`${tag} OK done\r\n`);
    }
  }
}
