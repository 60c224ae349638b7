/**
 * The proxies that can be compared: how each is found, told to use one worker, and started. All listen on
 * 127.0.0.1 with TLS 1.2 and 1.3, their own default ciphers and groups, and relay to a TCP backend, without
 * PROXY lines and with quiet logs. Anything not needed for that is left at the proxy's default.
 */

import { type Child, start } from "./processes.ts";

/** What one start needs. */
export interface Setup {
  readonly port: number;
  readonly backendPort: number;
  /** PEM file with certificate and key. */
  readonly certificate: string;
  /** A directory for configuration files. */
  readonly directory: string;
}

/** A proxy that is installed here. */
export interface Proxy {
  readonly name: string;
  /** As it names itself, for the table's legend. */
  readonly version: string;
  /** Writes the configuration if it needs one, and gives the command that runs in the foreground. */
  command(setup: Setup): readonly string[];
}

/** Those that are installed, in the order of the table: stud first. */
export function installedProxies(stud: readonly string[]): Proxy[] {
  return [studProxy(stud), hitch(), haproxy(), nginx(), stunnel()].filter((proxy) =>
    proxy !== undefined
  );
}

/**
 * Starts `proxy` and waits until it accepts connections.
 *
 * @throws when it ends or is not there in 20 seconds, with what it printed.
 */
export async function startProxy(
  proxy: Proxy,
  setup: Omit<Setup, "port">,
): Promise<{ child: Child; port: number }> {
  const port = freePort();
  const command = proxy.command({ ...setup, port });
  const child = start({ name: proxy.name, command, side: "proxy", cwd: PROJECT });
  for (let attempt = 0; attempt < 400; attempt++) {
    if (!child.running) break;
    if (await accepts(port)) return { child, port };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await child.end();
  throw new Error(`${proxy.name} did not start (${command.join(" ")}): ${child.output}`);
}

function studProxy(stud: readonly string[]): Proxy | undefined {
  const version = firstLine([...stud, "-V"], PROJECT);
  if (version === undefined) return undefined;
  return {
    name: "stud",
    version: `${version} (${stud.join(" ")})`,
    command: ({ port, backendPort, certificate }) => [
      ...stud,
      ...["-q", "-n", "1", "-f", `127.0.0.1,${port}`, "-b", `127.0.0.1,${backendPort}`],
      certificate,
    ],
  };
}

function hitch(): Proxy | undefined {
  const version = firstLine(["hitch", "--version"]);
  if (version === undefined) return undefined;
  return {
    name: "hitch",
    version,
    // It refuses to run its workers as root.
    command: ({ port, backendPort, certificate, directory }) => [
      "hitch",
      "--config=" + write(
        `${directory}/hitch.conf`,
        `
frontend = { host = "127.0.0.1" port = "${port}" }
backend = "[127.0.0.1]:${backendPort}"
workers = 1
tls-protos = TLSv1.2 TLSv1.3
pem-file = "${certificate}"
ocsp-dir = ""
quiet = on
daemon = off
${isRoot() ? 'user = "nobody"\ngroup = "nogroup"' : ""}
`,
      ),
    ],
  };
}

function haproxy(): Proxy | undefined {
  const version = firstLine(["haproxy", "-v"]);
  if (version === undefined) return undefined;
  return {
    name: "HAProxy",
    version,
    // Without maxconn it takes what the limit of file descriptors allows.
    command: ({ port, backendPort, certificate, directory }) => [
      "haproxy",
      "-db",
      "-f",
      write(
        `${directory}/haproxy.cfg`,
        `
global
    nbthread 1
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
    name: "nginx",
    version,
    command: ({ port, backendPort, certificate, directory }) => [
      "nginx",
      "-e",
      "stderr",
      "-c",
      write(
        `${directory}/nginx.conf`,
        `
${module === undefined ? "" : `load_module ${module};`}
daemon off;
${isRoot() ? "user nobody nogroup;" : ""}
pid ${directory}/nginx.pid;
error_log stderr crit;
worker_processes 1;
events { worker_connections 20000; }
stream {
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_tickets on;
    ssl_session_cache shared:tls:10m;
    server {
        listen 127.0.0.1:${port} ssl backlog=4096;
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
    name: "stunnel",
    version,
    command: ({ port, backendPort, certificate, directory }) => [
      "stunnel",
      write(
        `${directory}/stunnel.conf`,
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

/** A port that was free a moment ago: none of the peers can bind 0 and tell which port it got. */
function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  listener.close();
  return listener.addr.port;
}

async function accepts(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch {
    return false;
  }
}

/** What a command prints; undefined when there is no such program, or it fails. */
function output(command: readonly string[], cwd?: string): string | undefined {
  const [program, ...args] = command as [string, ...string[]];
  try {
    const result = new Deno.Command(program, { args, ...(cwd === undefined ? {} : { cwd }) })
      .outputSync();
    const decoder = new TextDecoder();
    if (!result.success) return undefined;
    return decoder.decode(result.stdout) + decoder.decode(result.stderr);
  } catch {
    return undefined;
  }
}

function firstLine(command: readonly string[], cwd?: string): string | undefined {
  return output(command, cwd)?.trim().split("\n")[0];
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

/** The project's root, where `deno run mod.ts` finds its module. */
const PROJECT = new URL("../..", import.meta.url).pathname;
