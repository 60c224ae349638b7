/**
 * Ten seconds to TLS: starts stud with two workers, a self-signed certificate and a status page in front of a small
 * backend, makes one request through it, says what happened and what to try, and serves until Ctrl-C.
 *
 *     deno task demo            # or, with --once, ends after the first request
 */

import { request } from "node:https";
import { startBackend } from "./demo/backend.ts";
import { helpIfAsked } from "./script_help.ts";

const WANTED_PORT = 8443;
const WANTED_STATUS_PORT = 8404;
const LINUX = Deno.build.os === "linux";

await helpIfAsked(import.meta.url);

const port = freePort(WANTED_PORT);
const statusPort = freePort(WANTED_STATUS_PORT);
const url = `https://127.0.0.1:${port}/`;
const statusPage = `http://127.0.0.1:${statusPort}/`;
const backend = startBackend({ frontend: url, statusPage });
const args = [
  ...["-n", LINUX ? "2" : "1", "-f", `127.0.0.1,${port}`, "-b", `127.0.0.1,${backend.port}`],
  ...["--write-proxy", "--self-signed"],
  ...["--status", `127.0.0.1,${statusPort}`],
];
const stud = new Deno.Command(Deno.execPath(), {
  args: ["run", "-A", "--unstable-net", new URL("../mod.ts", import.meta.url).href, ...args],
  stdin: "null",
  stdout: "piped",
}).spawn();
// Ctrl-C reaches stud directly; this program only waits for stud to end.
Deno.addSignalListener("SIGINT", () => {});
if (Deno.build.os !== "windows") {
  Deno.addSignalListener("SIGTERM", () => stud.kill("SIGTERM"));
}

console.log(`\nstarted: stud ${args.join(" ")}\n`);
const serving = Promise.withResolvers<boolean>();
const shown = show(stud.stdout);
if (await Promise.race([serving.promise, stud.status.then(() => false)])) await firstRequest();
const { code } = await stud.status;
await shown;
backend.close();
Deno.exit(code);

/** Passes on stud's log and detects when it serves. */
async function show(output: ReadableStream<Uint8Array>): Promise<void> {
  const decoder = new TextDecoder();
  for await (const bytes of output) {
    const text = decoder.decode(bytes, { stream: true });
    await Deno.stdout.write(bytes);
    if (/workers? serves? on/.test(text)) serving.resolve(true);
  }
}

async function firstRequest(): Promise<void> {
  const { page, protocol, cipher } = await fetchPage();
  console.log(`
one request through it: ${url} over ${protocol} (${cipher}); the backend answered:

${page.replaceAll(/^/gm, "    ").trimEnd()}

try it yourself:
    a browser at ${url} (it warns, because the certificate is self-signed)
    curl -k ${url}
    openssl s_client -connect 127.0.0.1:${port} -brief
    your own service: deno task stud --self-signed -f 127.0.0.1,9443 -b 127.0.0.1,8000${
    statusPage ? `\n    the status page at ${statusPage}, and metrics at ${statusPage}metrics` : ""
  }

It serves until Ctrl-C.
`);
  if (Deno.args.includes("--once")) stud.kill("SIGINT");
}

/** The response, and how it was encrypted. */
interface Answer {
  readonly page: string;
  readonly protocol: string;
  readonly cipher: string;
}

function fetchPage(): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", port, rejectUnauthorized: false, agent: false as const };
    const asked = request(options, (response) => {
      let page = "";
      const socket = response.socket as unknown as import("node:tls").TLSSocket;
      const protocol = socket.getProtocol?.() ?? "TLS";
      const cipher = socket.getCipher?.()?.name ?? "the library's cipher";
      response.on("data", (part: Uint8Array) => page += new TextDecoder().decode(part));
      response.on("end", () => resolve({ page, protocol, cipher }));
    });
    asked.on("error", reject);
    asked.end();
  });
}

/** The requested port, or another one if that is taken. */
function freePort(wanted: number): number {
  for (const candidate of [wanted, 0]) {
    try {
      const listener = Deno.listen({ hostname: "127.0.0.1", port: candidate });
      const { port } = listener.addr as Deno.NetAddr;
      listener.close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
  throw new Error("no free port");
}
