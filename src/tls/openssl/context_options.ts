/**
 * The OpenSSL settings for a set of certificates: the operator's if given, otherwise stud's own defaults, which
 * are stricter than the library's.
 */

import type { EngineSettings, TlsProtocol } from "../../config/settings.ts";
import type { SslContextOptions } from "../../runtime/openssl.ts";
import { fromBase64, toBase64 } from "../../wire/base64.ts";
import { sha256 } from "../../wire/sha256.ts";
import { hasMlKem } from "../post_quantum.ts";
import { TICKET_PERIOD } from "../ticket_keys.ts";
import type {
  ClientRules,
  OutgoingConfiguration,
  ServedCertificate,
  TlsConfiguration,
} from "../tls_configuration.ts";
import type { RevocationList } from "../../x509/revocation_lists.ts";

/** The settings for certificates that are served together. `version` is the library's. */
export function contextOptions(
  version: string,
  configuration: TlsConfiguration,
  certificates: readonly ServedCertificate[],
): SslContextOptions {
  const { engine } = configuration;
  const { protocols, ciphers } = engine;
  const rules = rulesFor(configuration, certificates);
  const allowed = ciphers ?? (oldProtocols(protocols).length > 0 ? OLD_CIPHERS : SAFE_CIPHERS);
  const suites = engine.ciphersuites ?? SUITES;
  return {
    ...engine,
    certificates: certificates.map((each) => ({
      certificateChain: each.certificateChain,
      privateKey: each.privateKey,
      dhParameters: each.dhParameters,
      ocspResponse: each.ocspResponse === undefined ? undefined : fromBase64(each.ocspResponse),
    })),
    ciphers: allowed,
    ciphersuites: suites,
    groups: engine.groups ?? defaultGroups(version),
    // Our own list is in order of preference; an operator's list is if the operator says so.
    preferServerCiphers: engine.preferServerCiphers || ciphers === undefined,
    securityLevel: lowersSecurityLevel(engine) ? 0 : undefined,
    verify: rules.verify,
    authorities: rules.authorities,
    revocationLists: rules.revocationLists?.map(({ pem }) => pem) ?? [],
    sessionIdContext: sessionIdContext(rules, [allowed, suites], certificates),
    sessionTimeout: TICKET_PERIOD / 1000,
  };
}

/** The settings for sessions with the backend, including stud's own certificate if there is one. */
export function backendContextOptions(
  version: string,
  configuration: OutgoingConfiguration,
): SslContextOptions {
  const { backend, certificates } = configuration;
  return {
    ...contextOptions(version, configuration, certificates),
    verify: backend.verify ? "required" : "none",
    authorities: backend.authorities ?? "",
    revocationLists: backend.revocationLists?.map(({ pem }) => pem) ?? [],
    server: { name: backend.name },
  };
}

/** The versions older than TLS 1.2. */
export function oldProtocols(protocols: readonly TlsProtocol[]): TlsProtocol[] {
  return protocols.filter((protocol) => protocol === "TLSv1.0" || protocol === "TLSv1.1");
}

/**
 * Whether OpenSSL's security level must be 0: TLS 1.0 and 1.1 sign with MD5 and SHA-1, which OpenSSL 3 allows only
 * at level 0. A cipher list that sets a level itself takes precedence.
 */
export function lowersSecurityLevel(
  { protocols, ciphers }: Pick<EngineSettings, "protocols" | "ciphers">,
): boolean {
  return oldProtocols(protocols).length > 0 && !/@SECLEVEL/.test(ciphers ?? "");
}

/** The client rules of certificates that are served together. */
export function rulesFor(
  { clientRules }: Pick<TlsConfiguration, "clientRules">,
  certificates: readonly ServedCertificate[],
): ClientRules {
  return strictest(certificates.map((each) => each.clientRules ?? clientRules));
}

/** Certificates served together have one rule: a client must not get a weaker one by its choice of ciphers. */
function strictest(rules: readonly ClientRules[]): ClientRules {
  return rules.find(({ allowed }) => allowed !== undefined) ??
    rules.find(({ verify, revocationLists }) => verify === "required" && revocationLists) ??
    rules.find(({ verify }) => verify === "required") ??
    rules.find(({ verify }) => verify === "optional") ?? rules[0] ?? NO_RULES;
}

/**
 * A session is resumed only for the same names and under the same rules. One from before the rules changed, or for
 * another name, must not bypass them.
 */
function sessionIdContext(
  { verify, authorities, revocationLists = [], allowed = [] }: ClientRules,
  ciphers: readonly string[],
  certificates: readonly ServedCertificate[],
): Uint8Array {
  const names = certificates[0]?.names.toSorted() ?? [];
  const lists = revocationLists.map(digestOf);
  return sha256(JSON.stringify([verify, authorities, ...ciphers, names, allowed, lists]));
}

/** A list may have megabytes, and every context has the same lists. */
function digestOf(list: RevocationList): string {
  const known = digests.get(list);
  if (known !== undefined) return known;
  const digest = toBase64(sha256(list.pem));
  digests.set(list, digest);
  return digest;
}

const digests = new WeakMap<RevocationList, string>();

/**
 * The library's own list lets a client choose ffdhe8192, which costs a worker more than 100 ms per handshake. The
 * hybrid with ML-KEM needs OpenSSL 3.5.
 */
export function defaultGroups(version: string): string {
  return `${hasMlKem(version) ? "X25519MLKEM768:" : ""}X25519:P-256:P-384`;
}

/** With the backend there are no client certificates to request. */
const NO_RULES: ClientRules = { verify: "none", authorities: "" };
/** stud's default ciphers up to TLS 1.2: forward secrecy and authenticated encryption. */
const SAFE_CIPHERS = [
  "ECDHE+AESGCM+AES128:ECDHE+AESGCM+AES256:ECDHE+CHACHA20",
  "DHE+AESGCM+AES128:DHE+AESGCM+AES256:DHE+CHACHA20",
].join(":");
/** The same for TLS 1.3. */
const SUITES = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";
/** TLS 1.0 and 1.1 have no such ciphers. */
const OLD_CIPHERS = `${SAFE_CIPHERS}:ECDHE+AES:DHE+AES:RSA+AES`;
