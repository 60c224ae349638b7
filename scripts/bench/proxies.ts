/**
 * The proxies that can be compared: how each is found, and how its number of workers is set. All listen on 127.0.0.1
 * with TLS 1.2 and 1.3 and their own default ciphers and groups. They relay to a TCP backend, without PROXY lines and
 * with quiet logs. Everything else stays at the proxy's default.
 */

import { firstLine, output, type Proxy } from "./proxy.ts";

/** The names of stud with each of its engines, and on Node, by their names for `--only`. */
export const OURS = { stud: "stud", openssl: "stud (OpenSSL)", node: "stud (Node)" } as const;

/** The name of the program that stud on Node is compared with; it is not a peer. */
export const BARE = "bare Node";

/** The commands that start each stud, and Node if no command names it: programs and their first arguments. */
export interface Commands {
  readonly stud: readonly string[];
  /** stud on Node; empty when there is none to measure. */
  readonly studNode: readonly string[];
  /** The Node that `studNode` runs on, unless it starts with one. */
  readonly node: string;
}

/** The installed proxies, in the order of the table: stud first. */
export function installedProxies({ stud, studNode, node }: Commands): Proxy[] {
  return [
    ...studProxies(stud),
    studOnNode(studNode),
    bareNode(nodeOf(studNode) ?? node),
    hitch(),
    haproxy(),
    nginx(),
    stunnel(),
  ].filter((proxy) => proxy !== undefined);
}

/** The Node at the start of a command, such as `/usr/bin/node` or `node22`; undefined if there is none. */
export function nodeOf([program = ""]: readonly string[]): string | undefined {
  return /(^|\/)node(js)?-?[\d.]*$/.test(program) ? program : undefined;
}

/** stud with rustls, and with OpenSSL if stud reports that this is usable. */
export function studProxies(stud: readonly string[]): Proxy[] {
  const lines = output([...stud, "-V"])?.trim().split("\n") ?? [];
  const [version] = lines;
  if (!version) return [];
  const library = lines.map((line) => /^TLS engine openssl: (?!not usable)(.*)/.exec(line)?.[1])
    .find((line) => line !== undefined);
  const rustls = [...stud, "--tls-library=rustls"];
  const proxies = [studProxy("stud", rustls, `${version} (${stud.join(" ")}) with rustls`)];
  if (library !== undefined) {
    const command = [...stud, "--tls-library=openssl"];
    proxies.push(studProxy("openssl", command, `the same with ${library}`));
  }
  return proxies;
}

function studProxy(id: keyof typeof OURS, stud: readonly string[], version: string): Proxy {
  return {
    id,
    name: OURS[id],
    version,
    command: ({ port, backendPort, certificate, workers }) => [
      ...stud,
      ...["-q", "-n", `${workers}`, "-f", `127.0.0.1,${port}`, "-b", `127.0.0.1,${backendPort}`],
      certificate,
    ],
  };
}

function studOnNode(command: readonly string[]): Proxy | undefined {
  const version = command.length === 0 ? undefined : firstLine([...command, "-V"]);
  return version ? studProxy("node", command, `${version} (${command.join(" ")})`) : undefined;
}

function bareNode(node: string): Proxy | undefined {
  const version = firstLine([node, "--version"]);
  if (version === undefined) return undefined;
  return {
    id: "bare",
    name: BARE,
    ignoresWorkers: true,
    version: `scripts/bench/bare_node.mjs on Node ${version} (${node})`,
    command: ({ port, backendPort, certificate }) => [
      node,
      new URL("bare_node.mjs", import.meta.url).pathname,
      ...[`${port}`, `${backendPort}`, certificate],
    ],
  };
}

function hitch(): Proxy | undefined {
  const version = firstLine(["hitch", "--version"]);
  if (version === undefined) return undefined;
  return {
    id: "hitch",
    name: "hitch",
    version,
    // It refuses to run its workers as root.
    command: ({ port, backendPort, certificate, directory, workers }) => [
      "hitch",
      "--config=" + write(
        `${directory}/hitch-${port}.conf`,
        `
frontend = { host = "127.0.0.1" port = "${port}" }
backend = "[127.0.0.1]:${backendPort}"
workers = ${workers}
tls-protos = TLSv1.2 TLSv1.3
pem-file = "${certificate}"
ocsp-dir = ""
quiet = on
daemon = off
${isRoot() ? 'user = "nobody"' : ""}
`,
      ),
    ],
  };
}

function haproxy(): Proxy | undefined {
  const version = firstLine(["haproxy", "-v"]);
  if (version === undefined) return undefined;
  return {
    id: "haproxy",
    name: "HAProxy",
    version,
    // Without maxconn it uses the limit of file descriptors.
    command: ({ port, backendPort, certificate, directory, workers }) => [
      "haproxy",
      "-db",
      "-f",
      write(
        `${directory}/haproxy-${port}.cfg`,
        `
global
    nbthread ${workers}
defaults
    mode tcp
    timeout connect 10s
    timeout client 10m
    timeout server 10m
listen tls
    bind 127.0.0.1:${port} ssl crt ${certificate} ssl-min-ver TLSv1.2
    server backend 127.0.0.1:${backendPort}
`,
      ),
    ],
  };
}

function nginx(): Proxy | undefined {
  const build = output(["nginx", "-V"]);
  const version = build?.split("\n")[0];
  if (!build || !version || !/--with-stream\b/.test(build)) return undefined;
  const modules = /--modules-path=(\S+)/.exec(build)?.[1];
  const module = /--with-stream=dynamic/.test(build)
    ? `${modules}/ngx_stream_module.so`
    : undefined;
  if (module !== undefined && !exists(module)) return undefined;
  return {
    id: "nginx",
    name: "nginx",
    version,
    command: ({ port, backendPort, certificate, directory, workers }) => [
      "nginx",
      "-e",
      "stderr",
      "-c",
      write(
        `${directory}/nginx-${port}.conf`,
        `
${module === undefined ? "" : `load_module ${module};`}
daemon off;
${isRoot() ? `user nobody ${firstLine(["id", "-gn", "nobody"])};` : ""}
pid ${directory}/nginx-${port}.pid;
error_log stderr crit;
worker_processes ${workers};
events { worker_connections 20000; }
stream {
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets on;
    ssl_session_cache shared:tls:10m;
    server {
        listen 127.0.0.1:${port} ssl backlog=4096${workers > 1 ? " reuseport" : ""};
        ssl_certificate ${certificate};
        ssl_certificate_key ${certificate};
        proxy_pass 127.0.0.1:${backendPort};
    }
}
`,
      ),
    ],
  };
}

function stunnel(): Proxy | undefined {
  const version = output(["stunnel", "-version"])?.match(/stunnel \S+/)?.[0];
  if (version === undefined) return undefined;
  return {
    id: "stunnel",
    name: "stunnel",
    ignoresWorkers: true,
    version,
    command: ({ port, backendPort, certificate, directory }) => [
      "stunnel",
      write(
        `${directory}/stunnel-${port}.conf`,
        `
foreground = yes
pid =
syslog = no
debug = crit
[tls]
accept = 127.0.0.1:${port}
connect = 127.0.0.1:${backendPort}
cert = ${certificate}
sslVersionMin = TLSv1.2
`,
      ),
    ],
  };
}

function write(path: string, text: string): string {
  Deno.writeTextFileSync(path, text);
  return path;
}

function exists(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function isRoot(): boolean {
  return Deno.uid() === 0;
}
