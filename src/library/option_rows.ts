/**
 * The library's options, each with the option of the command line that it stands for and the shape of its values.
 * What values mean, their ranges and defaults are in the table of the command line's options.
 */

import type { OptionName } from "../config/options.ts";
import type { PrefaceKind } from "../config/settings.ts";
import type { LimitedFrontend, TerminateOptions } from "./terminate_options.ts";

/** How values of an option look. */
export type Shape =
  | "address"
  | "callback"
  | "certificate-name"
  | "flag"
  | "frontends"
  | "names"
  | "number"
  | "path"
  | "paths"
  | "pem"
  | "preface"
  | "text"
  | "words";

/** One option. */
export interface OptionRow {
  readonly shape: Shape;
  /** What it is on the command line; undefined: nothing there stands for it alone. */
  readonly option?: OptionName;
  /** Puts several values into one text of the command line. */
  readonly separator?: string;
}

/** By the library's names, in the order that values are looked at in. */
export const OPTION_ROWS: Readonly<Record<keyof TerminateOptions, OptionRow>> = {
  frontend: { shape: "frontends", option: "frontend" },
  backend: { shape: "address", option: "backend" },
  client: { shape: "flag", option: "client" },
  backendCa: { shape: "path", option: "backend-ca" },
  backendName: { shape: "text", option: "backend-name" },
  backendVerify: { shape: "flag", option: "backend-verify" },
  pem: { shape: "pem" },
  pemFile: { shape: "paths", option: "pem-file" },
  pemDir: { shape: "path", option: "pem-dir" },
  privateKeyFile: { shape: "paths", option: "private-key" },
  selfSigned: { shape: "certificate-name", option: "self-signed" },
  tlsLibrary: { shape: "text", option: "tls-library" },
  tlsProtocols: { shape: "words", option: "tls-protos", separator: " " },
  ciphers: { shape: "text", option: "ciphers" },
  ciphersuites: { shape: "text", option: "ciphersuites" },
  ecdhCurve: { shape: "text", option: "ecdh-curve" },
  preferServerCiphers: { shape: "flag", option: "prefer-server-ciphers" },
  alpnProtocols: { shape: "words", option: "alpn-protos", separator: "," },
  sniNomatchAbort: { shape: "flag", option: "sni-nomatch-abort" },
  clientVerify: { shape: "text", option: "client-verify" },
  clientVerifyCa: { shape: "path", option: "client-verify-ca" },
  clientVerifyCrl: { shape: "path", option: "client-verify-crl" },
  allowCn: { shape: "names", option: "allow-cn" },
  allowSan: { shape: "names", option: "allow-san" },
  ticketSecretFile: { shape: "path", option: "ticket-secret" },
  preface: { shape: "preface" },
  proxyTlv: { shape: "flag", option: "proxy-tlv" },
  proxyAuthority: { shape: "flag", option: "proxy-authority" },
  proxyClientCert: { shape: "flag", option: "proxy-client-cert" },
  backlog: { shape: "number", option: "backlog" },
  maxHandshakes: { shape: "number", option: "max-handshakes" },
  maxConnections: { shape: "number", option: "max-connections" },
  maxConnectionsPerClient: { shape: "number", option: "max-connections-per-client" },
  keepalive: { shape: "number", option: "keepalive" },
  tcpFastOpen: { shape: "flag", option: "tcp-fastopen" },
  receiveBuffer: { shape: "number", option: "recv-bufsize" },
  sendBuffer: { shape: "number", option: "send-bufsize" },
  backendRefresh: { shape: "number", option: "backend-refresh" },
  handshakeTimeout: { shape: "number", option: "ssl-handshake-timeout" },
  backendConnectTimeout: { shape: "number", option: "backend-connect-timeout" },
  lingerTimeout: { shape: "number", option: "linger-timeout" },
  stallTimeout: { shape: "number", option: "stall-timeout" },
  onConnection: { shape: "callback" },
};

/** The limits that a frontend may have of its own, by the command line's names. */
export const LIMITS = {
  "max-handshakes": "maxHandshakes",
  "max-connections": "maxConnections",
  "max-connections-per-client": "maxConnectionsPerClient",
} as const satisfies Partial<Record<OptionName, keyof LimitedFrontend>>;

/** The prefaces, and the flag of the command line for each. */
export const PREFACES: Readonly<Record<PrefaceKind, OptionName | undefined>> = {
  none: undefined,
  ip: "write-ip",
  "proxy-v1": "write-proxy",
  "proxy-v2": "write-proxy-v2",
  "proxy-proxy": "proxy-proxy",
};
