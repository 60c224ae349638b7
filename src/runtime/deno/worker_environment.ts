/**
 * The part of its environment that a supervisor passes to its workers. Workers are exposed to strangers, and a
 * service's environment often contains secrets that are meant for other programs.
 */

/** Selects the variables that workers need. */
export function neededVariables(all: Readonly<Record<string, string>>): Record<string, string> {
  const entries = Object.entries(all);
  return Object.fromEntries(entries.filter(([name]) => isNeeded(name)));
}

function isNeeded(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** What the service manager tells only the supervisor: sd_notify(3), sd_listen_fds(3). */
export const MANAGER_VARIABLES = [
  ...["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"],
  ...["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"],
];

const NAMES: ReadonlySet<string> = new Set([
  // The caches of `deno run`, which contain a worker's modules.
  ...["DENO_DIR", "HOME", "XDG_CACHE_HOME", "LOCALAPPDATA", "USERPROFILE", "SystemRoot"],
  // How it fetches a module that is not cached. Tokens for that (DENO_AUTH_TOKENS) stay with the supervisor.
  ...["JSR_URL", "NPM_CONFIG_REGISTRY", "DENO_NO_PACKAGE_JSON", "DENO_CERT", "DENO_TLS_CA_STORE"],
  ...["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"],
  // The authorities that rustls trusts for TLS to the backend. For OpenSSL the supervisor reads them
  // (plan/system_authorities.ts).
  ...["SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS"],
  // How programs start, and where their libraries are.
  ...["LD_LIBRARY_PATH", "LD_PRELOAD", "GLIBC_TUNABLES", "NODE_OPTIONS", "PATH"],
  // Time and language, and how a crash is reported.
  ...["TZ", "TZDIR", "LANG", "LANGUAGE", "NO_COLOR", "RUST_BACKTRACE"],
]);

const PREFIXES = [
  "LC_",
  // Our own; tests identify their processes by one.
  "STUD_",
  // mallopt(3).
  "MALLOC_",
  // Where the library finds its configuration, modules and engines, and which processor features it may use.
  "OPENSSL_",
];
