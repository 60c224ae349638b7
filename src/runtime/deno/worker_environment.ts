/**
 * What of its environment a supervisor hands on to its workers. They face strangers, and what is in the environment
 * of a service is often a secret that was meant for somebody else.
 */

/** The variables that workers need, of those that there are. */
export function neededVariables(all: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(all);
  return Object.fromEntries(entries.filter(([name]) => isNeeded(name)));
}

function isNeeded(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** What the service manager tells the supervisor alone: sd_notify(3), sd_listen_fds(3). */
export const MANAGER_VARIABLES = [
  ...["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"],
  ...["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"],
];

const NAMES: ReadonlySet<string> = new Set([
  // Where `deno run` has its caches: the modules of a worker are in them.
  ...["DENO_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE", "SystemRoot"],
  // How it fetches a module that is not. Tokens for it (DENO_AUTH_TOKENS) stay with the supervisor.
  ...["JSR_URL", "NPM_CONFIG_REGISTRY", "DENO_NO_PACKAGE_JSON", "DENO_CERT", "DENO_TLS_CA_STORE"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  // Whom TLS to the backend trusts, for both libraries.
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"],
  // How programs start and where their libraries are.
  ...["LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES", "NODE_OPTIONS", "PATH"],
  // Time and language, and how a crash is reported.
  ...["TZ", "TZDIR", "LANG", "LANGUAGE", "NO_COLOR", "RUST_BACKTRACE"],
]);

const PREFIXES = [
  "LC_",
  // Our own; tests know their processes by one.
  "STUD_",
  // mallopt(3).
  "MALLOC_",
  // Where the library has its configuration, modules and engines, and what it may use of the processor.
  "OPENSSL_",
];
