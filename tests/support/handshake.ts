/** One handshake of OpenSSL's or curl's with stud, and one request behind it. */

import { Backend, writeAll } from "./backend.ts";
import { runTool, ToolProcess } from "./tool_process.ts";

/** What `openssl s_client` tells of its connection; undefined where it tells nothing. */
export interface Handshake {
  /** Whether the handshake was completed and a request was answered. */
  readonly served: boolean;
  /** The common name in stud's certificate. */
  readonly certificate: string | undefined;
  /** As `TLSv1.3`. */
  readonly protocol: string | undefined;
  readonly cipher: string | undefined;
  /** The key exchange: `X25519`, `DH`. */
  readonly group: string | undefined;
  readonly alpn: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  /** What to show when a test fails. */
  readonly report: string;
}

/** A backend that answers every request with `served` and ends. */
export function answering(): Backend {
  return Backend.serve(async (conn) => {
    const bytes = new Uint8Array(4096);
    let request = "";
    while (!request.includes("\r\n\r\n")) {
      const count = await conn.read(bytes);
      if (count === null) return;
      request += new TextDecoder().decode(bytes.subarray(0, count));
    }
    await writeAll(conn, new TextEncoder().encode(ANSWER));
    await conn.closeWrite();
    while (await conn.read(bytes) !== null);
  });
}

/** Has `openssl s_client` connect, ask for a name (undefined: none) and make one request. */
export async function handshake(
  port: number,
  serverName: string | undefined,
  args: readonly string[] = [],
): Promise<Handshake> {
  const name = serverName === undefined ? ["-noservername"] : ["-servername", serverName];
  const connect = ["s_client", "-connect", `127.0.0.1:${port}`, "-ign_eof", ...NO_AUTHORITIES];
  await using client = new ToolProcess("openssl", [...connect, ...name, ...args]);
  await client.write("GET / HTTP/1.0\r\n\r\n").catch(() => {});
  await client.closeInput();
  const code = await client.ended();
  const { stdout, stderr } = client;
  const find = (pattern: RegExp) => pattern.exec(stdout)?.[1];
  return {
    served: code === 0 && /^served$/m.test(stdout),
    certificate: find(/^subject=.*\bCN ?= ?(\S+)/m),
    protocol: find(/^ *Protocol *: (\S+)/m) ?? find(/^New, (TLSv1\.3),/m),
    cipher: find(/^New, \S+, Cipher is (?!\(NONE\))(\S+)/m),
    group: find(/^(?:Server Temp Key|Peer Temp Key|Negotiated TLS1\.3 group): ([\w-]+)/m),
    alpn: find(/^ALPN protocol: (\S+)/m),
    stdout,
    stderr,
    report: client.report(),
  };
}

/** Has curl make one request, by name, and trust the authority. */
export function curl(
  port: number,
  name: string,
  authority: string,
  args: readonly string[],
): Promise<ToolProcess> {
  return runTool("curl", [
    ...["--silent", "--show-error", "--verbose", "--cacert", authority, "--noproxy", "*"],
    ...["--resolve", `${name}:${port}:127.0.0.1`, ...args, `https://${name}:${port}/`],
  ]);
}

/**
 * Arguments of `s_client`, which otherwise reads the authorities that the machine trusts. That takes as long as all the
 * rest of a handshake, and none of them has signed what tests serve.
 */
export const NO_AUTHORITIES: readonly string[] = ["-no-CAfile", "-no-CApath"];

const ANSWER = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nserved\n";
