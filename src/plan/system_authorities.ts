/**
 * Finds the authorities that the machine trusts, for engines that do not find them themselves. SSL_CERT_FILE and
 * SSL_CERT_DIR replace them, as they do for OpenSSL (SSL_CTX_load_verify_locations(3)) and for rustls. If either is
 * set, only what they name is trusted. OpenSSL ignores what it cannot read; this refuses to start instead.
 */

import type { TlsLibrary } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Files, Runtime } from "../runtime/runtime.ts";
import { ENGINES } from "../tls/engines.ts";

/** Where authorities are read from. */
export interface AuthoritySources extends Pick<Runtime, "platform" | "variable"> {
  readonly files: Pick<Files, "readText" | "list">;
}

/**
 * PEM text with the authorities; undefined if the engine has its own. rustls finds the machine's by itself. The other
 * engines get them here, because workers may no longer be able to read any file. Node has its own for machines whose
 * file is not found. Rejects with {@linkcode StartupError} if there are none.
 */
export async function systemAuthorities(
  library: TlsLibrary["name"],
  sources: AuthoritySources,
): Promise<string | undefined> {
  const { ownAuthorities } = ENGINES[library];
  if (ownAuthorities === "machine") return undefined;
  const chosen = await chosenAuthorities(sources);
  if (chosen !== undefined) return chosen;
  for (const path of SYSTEM_FILES) {
    const text = await sources.files.readText(path).catch(() => "");
    if (hasCertificate(text)) return text;
  }
  if (ownAuthorities === "built-in") return undefined;
  throw new StartupError(
    "--client: this machine has no file of trusted authorities (looked for " +
      `${SYSTEM_FILES.join(", ")}); install ca-certificates, or name a file with --backend-ca`,
  );
}

/** What the environment names; undefined if it names nothing. An empty variable counts as not set. */
async function chosenAuthorities(sources: AuthoritySources): Promise<string | undefined> {
  const { files } = sources;
  const file = sources.variable("SSL_CERT_FILE");
  const directories = sources.variable("SSL_CERT_DIR");
  const texts: string[] = [];
  if (file) texts.push(await namingVariable("SSL_CERT_FILE", () => files.readText(file)));
  const separator = sources.platform === "windows" ? ";" : ":";
  for (const directory of (directories ?? "").split(separator).filter((path) => path !== "")) {
    for (const name of (await filesIn(directory, files)).filter((name) => HASHED.test(name))) {
      const path = `${directory}/${name}`;
      texts.push(await namingVariable("SSL_CERT_DIR", () => files.readText(path)));
    }
  }
  if (!file && !directories) return undefined;
  if (texts.some(hasCertificate)) return texts.join("\n");
  const looked = [file && `SSL_CERT_FILE ${file}`, directories && `SSL_CERT_DIR ${directories}`];
  throw new StartupError(
    `--client: no trusted authority in ${looked.filter(Boolean).join(" or ")}; correct or unset ` +
      "them (a directory needs `openssl rehash`), or name a file with --backend-ca",
  );
}

async function filesIn(directory: string, files: Pick<Files, "list">): Promise<string[]> {
  const names = await namingVariable("SSL_CERT_DIR", () => files.list(directory));
  return names?.sort() ?? [];
}

async function namingVariable<T>(variable: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    throw new StartupError(
      `${variable}: ${error.message}; correct or unset it, or name a file with --backend-ca`,
      { cause: error },
    );
  }
}

function hasCertificate(text: string): boolean {
  return text.includes("-----BEGIN CERTIFICATE-----");
}

/** The names by which OpenSSL looks up authorities in a directory: openssl-rehash(1). */
const HASHED = /^[0-9a-f]{8}\.\d+$/;

/** Debian, Fedora, SUSE, Alpine and macOS. */
const SYSTEM_FILES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/cert.pem",
];
