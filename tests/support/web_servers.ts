/** nginx and HAProxy as backends, each with a configuration and a folder of its own. */

import { closeQuietly } from "./backend.ts";
import { eventually } from "./eventually.ts";
import { freePort } from "./ports.ts";
import { ToolProcess } from "./tool_process.ts";

/** A web server that runs until it is disposed of. */
export interface WebServer extends AsyncDisposable {
  /** As `--backend` takes it. */
  readonly address: string;
}

/** nginx that answers with `nginx saw ADDRESS PORT`: of the PROXY line if it is to expect one. */
export function startNginx({ proxyProtocol }: { proxyProtocol: boolean }): Promise<WebServer> {
  return startServer("nginx", (folder, port) => ({
    configuration: `
      daemon off; master_process off; pid ${folder}/pid; error_log stderr warn;
      events { worker_connections 512; }
      http {
        access_log off;
        client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy;
        fastcgi_temp_path ${folder}/fastcgi; uwsgi_temp_path ${folder}/uwsgi;
        scgi_temp_path ${folder}/scgi;
        server {
          listen 127.0.0.1:${port}${proxyProtocol ? " proxy_protocol" : ""};
          set_real_ip_from 127.0.0.1; real_ip_header proxy_protocol;
          location / { return 200 "nginx saw $remote_addr $remote_port\\n"; }
        }
      }`,
    args: ["-p", folder, "-e", "stderr", "-c", `${folder}/configuration`],
  }));
}

/** HAProxy that expects a PROXY header and answers with `haproxy saw ADDRESS PORT`, or another list of facts. */
export function startHaproxy(facts = "%[src] %[src_port]"): Promise<WebServer> {
  return startServer("haproxy", (folder, port) => ({
    configuration: `
defaults
  mode http
  timeout client 10s
frontend test
  bind 127.0.0.1:${port} accept-proxy
  http-request return status 200 content-type text/plain lf-string "haproxy saw ${facts}\\n"
`,
    args: ["-db", "-f", `${folder}/configuration`],
  }));
}

/** HAProxy in front of a port of 127.0.0.1, which passes octets on behind a PROXY header of a version. */
export function startHaproxyBefore(to: number, version: 1 | 2): Promise<WebServer> {
  return startServer("haproxy", (folder, port) => ({
    configuration: `
defaults
  mode tcp
  timeout client 10s
  timeout server 10s
  timeout connect 5s
listen test
  bind 127.0.0.1:${port}
  server stud 127.0.0.1:${to} ${version === 1 ? "send-proxy" : "send-proxy-v2"}
`,
    args: ["-db", "-f", `${folder}/configuration`],
  }));
}

async function startServer(
  name: string,
  configure: (folder: string, port: number) => { configuration: string; args: string[] },
): Promise<WebServer> {
  const folder = await Deno.makeTempDir({ prefix: "stud-test-" });
  // Neither server can bind port 0 and tell which it got.
  const port = freePort();
  const { configuration, args } = configure(folder, port);
  await Deno.writeTextFile(`${folder}/configuration`, configuration);
  const server = new ToolProcess(name, args);
  const end = async () => {
    await server[Symbol.asyncDispose]();
    await Deno.remove(folder, { recursive: true });
  };
  try {
    await eventually(`${name} listens`, () => listens(port), 15_000, () => server.report());
  } catch (error) {
    await end();
    throw error;
  }
  return { address: `127.0.0.1,${port}`, [Symbol.asyncDispose]: end };
}

/** Whether something listens on a port of 127.0.0.1. */
export async function listens(port: number): Promise<boolean> {
  try {
    closeQuietly(await Deno.connect({ hostname: "127.0.0.1", port }));
    return true;
  } catch {
    return false;
  }
}
