/**
 * The one table of options. The command line, the configuration file, `--help`, `--default-config`, the
 * man page and docs/options.md are all made from it, so an option is declared only here.
 * It owns names, types, ranges, defaults and sentences, and which setting an option is (settings.ts). It parses nothing.
 */

import type { ClientName } from "../x509/client_name.ts";
import type {
  PrefaceKind,
  SettingGroups,
  TcpAddress,
  TlsProtocol,
  UnixAddress,
} from "./settings.ts";

/** What the text of an option means. Bounds are inclusive. */
export type OptionType =
  | { readonly kind: "flag" }
  /** A whole number, or one of `words`. */
  | {
    readonly kind: "number";
    readonly minimum: number;
    readonly maximum: number;
    readonly words?: readonly string[];
  }
  /** Seconds, or a number with a unit; a fraction of a second is allowed unless `whole`. */
  | {
    readonly kind: "seconds";
    readonly minimum: number;
    readonly maximum: number;
    readonly whole?: boolean;
  }
  | { readonly kind: "choice"; readonly choices: readonly string[] }
  /** One of so many: `1/N`; the value is N. */
  | { readonly kind: "share"; readonly maximum: number }
  /** Any text; for `words` upper and lower case are the same. */
  | { readonly kind: "text"; readonly words?: readonly string[] }
  /** An OpenSSL list of ciphers or cipher suites. */
  | { readonly kind: "ciphers" }
  /** A DNS name or an IP address. */
  | { readonly kind: "certificate-name" }
  /** Names of TLS versions, separated by spaces or commas. */
  | { readonly kind: "tls-protocols" }
  /** Names of application protocols (RFC 7301), separated by spaces or commas. */
  | { readonly kind: "alpn-protocols" }
  /** A name in clients' certificates. */
  | { readonly kind: "client-name"; readonly of: "subject" | "alternatives" }
  | { readonly kind: "frontend" }
  | { readonly kind: "backend" }
  | { readonly kind: "status" };

/** A field of the settings, and the group that has it. */
export type Target = {
  [Group in keyof SettingGroups]: readonly [Group, keyof SettingGroups[Group] & string];
}[keyof SettingGroups];

/** Headings of the help text, in the order they are shown. */
export const GROUPS = [
  "Certificates",
  "Addresses",
  "TLS",
  "Client certificates",
  "TLS to the backend",
  "Sessions",
  "Backend preface",
  "Timeouts",
  "Processes",
  "Logging",
  "Other",
] as const;

/** One of `GROUPS`. */
export type OptionGroup = typeof GROUPS[number];

/** One row of the table. */
export interface Option<Name extends string = string> {
  /** Long name without the dashes. */
  readonly name: Name;
  /** The field of the settings that its value is; undefined: several options settle one together. */
  readonly sets?: Target;
  /** Its name as an option of the library (terminate_options.ts); undefined: only the command has it. */
  readonly library?: string;
  /** A reload does not change it; stud logs that it takes a restart. Only with `sets`. */
  readonly isFixed?: boolean;
  /** stud refuses to start with it on other platforms. Only with `sets`. */
  readonly onlyOn?: "linux";
  /** Other long names and keys with the same meaning. They are not shown. */
  readonly aliases?: readonly string[];
  /** An abbreviation for the command line, kept although other options now begin alike. */
  readonly abbreviation?: string;
  /** One letter, without the dash. */
  readonly short?: string;
  /** Key in the configuration file; undefined: command line only. */
  readonly key: string | undefined;
  /** The name of the value in help; undefined only for flags. */
  readonly valueName?: string;
  readonly type: OptionType;
  /** The value if only the name is given. Such an option takes a value only after `=`. */
  readonly bare?: string;
  /** Plain arguments of the command line are values of this option. */
  readonly operand?: boolean;
  /** All values are used; otherwise the last one wins, and in a configuration file a second one is an error. */
  readonly repeatable?: boolean;
  /** A second one is an error on the command line too, because both might seem to be used. */
  readonly once?: boolean;
  /** Allowed inside a pem-file block of the configuration file too, or only there. */
  readonly pemBlock?: "too" | "only";
  /** Allowed inside a frontend block too, for that frontend alone, or only there. */
  readonly frontendBlock?: "too" | "only";
  /** What differs with `--compat=hitch`. */
  readonly hitch?: HitchMeaning;
  /** An option of earlier stud or hitch that is ignored: the reason, after "NAME: ignored: ". */
  readonly obsolete?: string;
  /** An empty text turns the option off. For other options it is a missing value. */
  readonly emptyIsOff?: boolean;
  /** The flag turns on this preface. Only one such flag can be on. */
  readonly preface?: Exclude<PrefaceKind, "none">;
  /** The only TLS engine that supports it. The default never needs it. */
  readonly needs?: "openssl";
  /** Narrows `needs` to more than one value, to `pkcs11:` URIs, or to TLS from clients. */
  readonly needsFor?: "several" | "pkcs11" | "incoming";
  /** Narrows `needs` to while one of these flags is on. */
  readonly needsWhile?: readonly string[];
  /** Which TLS it applies to, if not to both: from clients, or to the backend (`--client`). */
  readonly onlyFor?: "incoming" | "outgoing";
  /** The text that is used if none is given; undefined: no value. */
  readonly default: string | undefined;
  /** Sentences for the operator, without markup. */
  readonly help: string;
  /** The same in a few words. `-h` shows the options that have it. */
  readonly brief?: string;
  readonly group: OptionGroup;
  /** Why this release accepts only the default, and what to do. Follows "NAME: ". */
  readonly refusal?: string;
  /** Why a platform accepts only the default, and what to do. Also follows "NAME: ". */
  readonly notOn?: { readonly node: string };
  /** The same as `refusal`, for single values of a supported option. */
  readonly refusedValues?: Readonly<Record<string, string>>;
}

/** How hitch treats an option that stud treats differently. */
export interface HitchMeaning {
  readonly default?: string;
  /** The flag that this default depends on. */
  readonly defaultWith?: string;
  /** Values of the command line are added to those of the file; in stud they replace them. */
  readonly adds?: boolean;
  /** The flag sets another option to these texts; if `off` is missing, off sets nothing. */
  readonly means?: { readonly name: string; readonly on: string; readonly off?: string };
  /** Words of a list that are dropped with a warning; stud refuses them. */
  readonly ignores?: readonly string[];
}

const SHARED_SECRET = "stud does not send sessions between machines by UDP; to resume " +
  "sessions on every machine, give all of them the same --ticket-secret FILE";
const DAY = 86_400;
/**
 * A handshake waits one or two round trips for its client, so this limits handshakes per second if clients are far
 * away: 256 allow each worker 1,000 per second at 250 ms. A higher limit makes a flood slower for every client.
 */
const DEFAULT_MAX_HANDSHAKES = 256;

const table = [
  {
    name: "pem-file",
    library: "pemFile",
    key: "pem-file",
    hitch: { adds: true },
    frontendBlock: "too",
    valueName: "PEM",
    type: { kind: "text" },
    operand: true,
    repeatable: true,
    default: undefined,
    needs: "openssl",
    needsFor: "several",
    help: "File with a certificate, its chain and its private key, in PEM. List several files to " +
      "serve several names. A client gets the certificate for the name that it asks for (SNI). " +
      "Clients without SNI, or with an unknown name, get the certificate listed last. Required " +
      "unless --pem-dir, --self-signed or --client is given.",
    brief: "certificate, chain and private key",
    group: "Certificates",
  },
  {
    name: "cert",
    key: "cert",
    valueName: "FILE",
    type: { kind: "text" },
    pemBlock: "only",
    default: undefined,
    help: "File with the certificate and its chain. It may also hold the private key. Required.",
    group: "Certificates",
  },
  {
    name: "private-key",
    sets: ["certificates", "privateKeys"],
    library: "privateKeyFile",
    key: "private-key",
    valueName: "FILE",
    type: { kind: "text" },
    repeatable: true,
    pemBlock: "too",
    needs: "openssl",
    needsFor: "pkcs11",
    default: undefined,
    help:
      "File with the private key of a certificate whose PEM file holds none, or a pkcs11: URI " +
      "of a key in a token. Repeat it for more keys. stud matches each key to its certificate.",
    group: "Certificates",
  },
  {
    name: "ocsp-resp-file",
    key: "ocsp-resp-file",
    valueName: "FILE",
    type: { kind: "text" },
    pemBlock: "only",
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help:
      "File with the OCSP response (DER) to staple to this certificate. stud then fetches none " +
      "for it.",
    group: "Certificates",
  },
  {
    name: "pem-dir",
    sets: ["certificates", "pemDir"],
    library: "pemDir",
    key: "pem-dir",
    valueName: "DIR",
    type: { kind: "text" },
    needs: "openssl",
    onlyFor: "incoming",
    once: true,
    default: undefined,
    help:
      "Directory of more PEM files. They are read in the order of their names, after the files " +
      "that are listed. If no file is listed, the first one in the directory is the default " +
      "certificate.",
    brief: "directory of more PEM files",
    group: "Certificates",
  },
  {
    name: "pem-dir-glob",
    sets: ["certificates", "pemDirGlob"],
    key: "pem-dir-glob",
    valueName: "GLOB",
    type: { kind: "text" },
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help:
      "Read only the files of --pem-dir whose names match this pattern, such as *.pem. Without " +
      "it every file is read.",
    group: "Certificates",
  },
  {
    name: "sni-nomatch-abort",
    sets: ["engine", "sniNomatchAbort"],
    library: "sniNomatchAbort",
    key: "sni-nomatch-abort",
    frontendBlock: "too",
    type: { kind: "flag" },
    needs: "openssl",
    onlyFor: "incoming",
    default: "off",
    help: "Refuse clients that ask for a name (SNI) for which there is no certificate. Clients " +
      "without SNI are still served.",
    group: "Certificates",
  },
  {
    name: "ocsp-dir",
    sets: ["ocsp", "directory"],
    short: "o",
    key: "ocsp-dir",
    valueName: "DIR",
    type: { kind: "text" },
    needs: "openssl",
    emptyIsOff: true,
    onlyFor: "incoming",
    default: "/var/lib/hitch/",
    help: "Directory of OCSP responses. Responses stored there are stapled from the start. stud " +
      "fetches a response for each certificate that names a responder and has its issuer's " +
      "certificate in the same file. It verifies the response, staples it, and stores it in " +
      "DIR, or in memory if DIR is not writable. A revoked certificate is served without a " +
      "staple. An empty DIR turns fetching and stored responses off. rustls cannot staple, so " +
      "with rustls nothing is fetched.",
    group: "Certificates",
  },
  {
    name: "ocsp-verify-staple",
    sets: ["ocsp", "verifyStaple"],
    key: "ocsp-verify-staple",
    type: { kind: "flag" },
    pemBlock: "too",
    onlyFor: "incoming",
    needs: "openssl",
    default: "off",
    help: "Also verify the signatures of OCSP responses that are read from files. This needs the " +
      "issuer's certificate in the PEM file. Responses that stud fetches are always verified.",
    group: "Certificates",
  },
  {
    name: "ocsp-resp-tmo",
    sets: ["ocsp", "responseTimeout"],
    key: "ocsp-resp-tmo",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: 3600 },
    onlyFor: "incoming",
    needs: "openssl",
    default: "10",
    help: "Timeout for an OCSP responder to answer, including the time to connect.",
    group: "Certificates",
  },
  {
    name: "ocsp-connect-tmo",
    sets: ["ocsp", "connectTimeout"],
    key: "ocsp-connect-tmo",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: 3600 },
    onlyFor: "incoming",
    needs: "openssl",
    default: "4",
    help: "Timeout for connecting to each address of an OCSP responder.",
    group: "Certificates",
  },
  {
    name: "ocsp-refresh-interval",
    sets: ["ocsp", "refreshInterval"],
    key: "ocsp-refresh-interval",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 1, maximum: 604_800 },
    onlyFor: "incoming",
    needs: "openssl",
    default: "1800",
    help: "Interval at which OCSP responses are fetched again. A response that is valid for less " +
      "than twice this time is fetched again after half of its validity.",
    group: "Certificates",
  },
  {
    name: "watch",
    sets: ["service", "watch"],
    isFixed: true,
    key: "watch",
    type: { kind: "flag" },
    default: "off",
    help: "Reload certificates and keys automatically, within seconds, when their files change. " +
      "Related files, such as CA files and revocation lists, are included. Without it stud only " +
      "logs the change, and SIGHUP reloads.",
    brief: "reload certificates when files change",
    group: "Certificates",
  },
  {
    name: "self-signed",
    sets: ["certificates", "selfSigned"],
    library: "selfSigned",
    key: "self-signed",
    valueName: "NAME",
    type: { kind: "certificate-name" },
    bare: "localhost",
    onlyFor: "incoming",
    default: undefined,
    help:
      "Make a self-signed certificate for NAME, a DNS name or an IP address, in memory at each " +
      "start, instead of reading a PEM file. Without =NAME it is for localhost. For tests only: " +
      "clients do not trust it.",
    brief: "make a certificate in memory, for tests",
    group: "Certificates",
  },
  {
    name: "frontend",
    library: "frontend",
    short: "f",
    key: "frontend",
    hitch: { adds: true },
    valueName: "HOST,PORT[+PEM]",
    type: { kind: "frontend" },
    repeatable: true,
    default: "*,8443",
    help:
      "Address to listen on. Repeat it for more. An empty HOST or * means every IPv4 and IPv6 " +
      "address. With PORT 0 the system chooses a free port. [HOST]:PORT and HOST:PORT are also " +
      "accepted. With +PEM the frontend serves only the certificate in that file.",
    brief: "address to listen on",
    group: "Addresses",
  },
  {
    name: "host",
    key: "host",
    valueName: "HOST",
    type: { kind: "text" },
    frontendBlock: "only",
    default: "*",
    help: "Host name or IP address to listen on. * means every IPv4 and IPv6 address.",
    group: "Addresses",
  },
  {
    name: "port",
    key: "port",
    valueName: "PORT",
    type: { kind: "text" },
    frontendBlock: "only",
    default: undefined,
    help: "Port to listen on: a number, or a service name from services(5). Required.",
    group: "Addresses",
  },
  {
    name: "match-global-certs",
    key: "match-global-certs",
    type: { kind: "flag" },
    onlyFor: "incoming",
    frontendBlock: "only",
    default: "off",
    help:
      "Also serve the global certificates, after those of the block. Without it a frontend that " +
      "has its own certificates serves only those.",
    group: "Certificates",
  },
  {
    name: "backend",
    sets: ["backend", "address"],
    library: "backend",
    short: "b",
    key: "backend",
    valueName: "HOST,PORT",
    type: { kind: "backend" },
    once: true,
    default: "127.0.0.1,8000",
    help:
      "Address that receives the plaintext, written like a frontend, or the absolute path of a " +
      "unix socket. An empty HOST means 127.0.0.1. With --chroot the path is inside the new " +
      "root. If a host name has several addresses, stud tries them in order, and does not wait " +
      "for a slow one before it tries the next.",
    brief: "address that receives the plaintext",
    group: "Addresses",
  },
  {
    name: "backend-refresh",
    sets: ["backend", "refresh"],
    library: "backendRefresh",
    aliases: ["backendrefresh"],
    short: "R",
    key: "backend-refresh",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: DAY },
    default: "0",
    help: "Interval at which the backend's host name is looked up again. New connections use the " +
      "new addresses. If the lookup fails, stud keeps the old ones. 0 means only once, at the " +
      "start.",
    group: "Addresses",
  },
  {
    name: "backlog",
    sets: ["sockets", "backlog"],
    library: "backlog",
    short: "B",
    key: "backlog",
    valueName: "N",
    type: { kind: "number", minimum: 1, maximum: 2_147_483_647 },
    default: "100",
    help:
      "Max connections that the kernel queues until a worker accepts them. The kernel may lower " +
      "it (net.core.somaxconn).",
    group: "Addresses",
  },
  {
    name: "max-handshakes",
    sets: ["limits", "maxHandshakes"],
    library: "maxHandshakes",
    key: "max-handshakes",
    frontendBlock: "too",
    valueName: "N",
    type: { kind: "number", minimum: 1, maximum: 1_000_000 },
    onlyFor: "incoming",
    default: String(DEFAULT_MAX_HANDSHAKES),
    help: "Max unfinished handshakes in each worker. More clients wait in the kernel's queue " +
      "(--backlog). At the limit, a new client replaces the oldest handshake once that has " +
      "taken more than 2 seconds.",
    group: "Addresses",
    notOn: {
      node:
        "Node accepts clients before stud asks for them, so they cannot wait in the kernel's queue; " +
        "use stud's executable",
    },
  },
  {
    name: "max-connections",
    sets: ["limits", "maxConnections"],
    library: "maxConnections",
    key: "max-connections",
    frontendBlock: "too",
    valueName: "N",
    type: { kind: "number", minimum: 0, maximum: 10_000_000 },
    default: "0",
    help:
      "Max open connections in all workers together. Each worker gets an equal share, rounded " +
      "up. At the limit, new clients wait in the kernel's queue (--backlog) until a connection " +
      "closes, or replace a handshake that has taken more than 0.25 seconds. In a frontend " +
      "block it limits that frontend, in addition to the global limit. 0 means no limit except " +
      "that of open files.",
    group: "Addresses",
  },
  {
    name: "max-connections-per-client",
    sets: ["limits", "maxConnectionsPerClient"],
    library: "maxConnectionsPerClient",
    key: "max-connections-per-client",
    frontendBlock: "too",
    valueName: "N",
    type: { kind: "number", minimum: 0, maximum: 10_000_000 },
    default: "0",
    help:
      "Max open connections for each client. Further connections are reset before TLS begins. A " +
      "client is an IPv4 address or an IPv6 /64 network; with --proxy-proxy it is the address " +
      "in the PROXY header. Each worker gets an equal share of N, rounded up, so with several " +
      "workers a client may be refused before it has N connections. With --steer-by-client the " +
      "limit is exactly N. 0 means no limit.",
    group: "Addresses",
  },
  {
    name: "keepalive",
    sets: ["sockets", "keepalive"],
    library: "keepalive",
    short: "k",
    key: "keepalive",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 1, maximum: 32_767, whole: true },
    default: "3600",
    help: "Idle time after which the kernel checks that the client is still there (TCP keepalive).",
    group: "Addresses",
  },
  {
    name: "tcp-fastopen",
    sets: ["sockets", "tcpFastOpen"],
    library: "tcpFastOpen",
    onlyOn: "linux",
    aliases: ["enable-tcp-fastopen"],
    key: "tcp-fastopen",
    type: { kind: "flag" },
    default: "off",
    help:
      "Let returning clients send data in their first packet (TCP Fast Open, RFC 7413). Linux " +
      "only. The sysctl net.ipv4.tcp_fastopen must allow it for servers.",
    group: "Addresses",
    notOn: { node: "Node cannot set TCP_FASTOPEN; use stud's executable" },
  },
  {
    name: "recv-bufsize",
    sets: ["sockets", "receiveBuffer"],
    library: "receiveBuffer",
    onlyOn: "linux",
    key: "recv-bufsize",
    valueName: "BYTES",
    type: { kind: "number", minimum: 0, maximum: 1_073_741_823 },
    default: "0",
    help:
      "Size of the kernel's receive buffer for each client connection (SO_RCVBUF). 0 leaves it " +
      "to the system, which adapts it to each connection. A fixed size is rarely faster. Linux " +
      "only.",
    group: "Addresses",
    notOn: { node: "Node cannot set SO_RCVBUF; use stud's executable" },
  },
  {
    name: "send-bufsize",
    sets: ["sockets", "sendBuffer"],
    library: "sendBuffer",
    onlyOn: "linux",
    key: "send-bufsize",
    valueName: "BYTES",
    type: { kind: "number", minimum: 0, maximum: 1_073_741_823 },
    default: "0",
    help:
      "Size of the kernel's send buffer for each client connection (SO_SNDBUF). 0 leaves it to " +
      "the system. Linux only.",
    group: "Addresses",
    notOn: { node: "Node cannot set SO_SNDBUF; use stud's executable" },
  },
  {
    name: "tls",
    key: "tls",
    hitch: { means: { name: "tls-protos", on: "TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3" } },
    frontendBlock: "too",
    type: { kind: "flag" },
    default: "on",
    help: "Use TLS 1.2 and 1.3. Always on; kept for compatibility. To choose other versions use " +
      "--tls-protos.",
    group: "TLS",
    refusedValues: {
      off:
        "cannot be turned off: clients always use TLS; remove this option, or choose the versions " +
        "with --tls-protos",
    },
  },
  {
    name: "ssl",
    key: "ssl",
    frontendBlock: "too",
    type: { kind: "flag" },
    needs: "openssl",
    default: "off",
    help: "Allow TLS 1.0 to 1.3. For TLS 1.0 and 1.1 this lowers OpenSSL's security level to 0, " +
      "because they need SHA-1. SSLv3 is never allowed: it is broken.",
    group: "TLS",
  },
  {
    name: "tls-protos",
    sets: ["engine", "protocols"],
    library: "tlsProtocols",
    key: "tls-protos",
    hitch: { ignores: ["SSLv3"] },
    frontendBlock: "too",
    valueName: "LIST",
    type: { kind: "tls-protocols" },
    needs: "openssl",
    default: "TLSv1.2 TLSv1.3",
    help: "TLS versions to allow: TLSv1.0, TLSv1.1, TLSv1.2 and TLSv1.3, separated by spaces or " +
      "commas. TLS 1.0 and 1.1 lower OpenSSL's security level to 0, unless --ciphers sets a " +
      "level (@SECLEVEL).",
    group: "TLS",
    refusedValues: {
      SSLv3:
        "SSLv3 is broken (POODLE, RFC 7568), and packages of OpenSSL 3 are built without it; " +
        "use versions of TLS only",
      SSLv2: "SSLv2 is broken (RFC 6176), and OpenSSL no longer has it; use versions of TLS only",
    },
  },
  {
    name: "tls-library",
    library: "tlsLibrary",
    key: "tls-library",
    valueName: "auto|rustls|openssl|node",
    type: { kind: "choice", choices: ["auto", "rustls", "openssl", "node"] },
    default: "auto",
    help:
      "TLS engine: rustls, which is built in, or the OpenSSL 3 of this machine. With auto stud " +
      "uses OpenSSL on Linux if it is installed, and otherwise rustls unless an option needs " +
      "OpenSSL. The npm package under Node always uses node, Node's own TLS, which does what " +
      "OpenSSL does.",
    group: "TLS",
  },
  {
    name: "ciphers",
    sets: ["engine", "ciphers"],
    library: "ciphers",
    short: "c",
    key: "ciphers",
    frontendBlock: "too",
    valueName: "SUITE",
    type: { kind: "ciphers" },
    needs: "openssl",
    default: undefined,
    help: "Ciphers to allow up to TLS 1.2, as an OpenSSL cipher list. By default: ciphers with " +
      "forward secrecy and authenticated encryption, and AES-CBC for TLS 1.0 and 1.1.",
    group: "TLS",
  },
  {
    name: "ciphersuites",
    sets: ["engine", "ciphersuites"],
    library: "ciphersuites",
    key: "ciphersuites",
    frontendBlock: "too",
    valueName: "LIST",
    type: { kind: "ciphers" },
    needs: "openssl",
    default: undefined,
    help: "Cipher suites to allow in TLS 1.3, as OpenSSL names separated by colons. By default: " +
      "AES-128-GCM, AES-256-GCM and ChaCha20.",
    group: "TLS",
  },
  {
    name: "ecdh-curve",
    sets: ["engine", "groups"],
    library: "ecdhCurve",
    key: "ecdh-curve",
    valueName: "LIST",
    type: { kind: "text", words: ["auto"] },
    needs: "openssl",
    default: "auto",
    help:
      "Groups for the key exchange, as OpenSSL names separated by colons, such as X25519:P-256. " +
      "auto means X25519, P-256 and P-384, and with OpenSSL 3.5 or later also X25519MLKEM768.",
    group: "TLS",
  },
  {
    name: "prefer-server-ciphers",
    sets: ["engine", "preferServerCiphers"],
    library: "preferServerCiphers",
    short: "O",
    key: "prefer-server-ciphers",
    frontendBlock: "too",
    type: { kind: "flag" },
    needs: "openssl",
    onlyFor: "incoming",
    default: "off",
    help:
      "Choose the cipher by stud's order, not by the client's. Without --ciphers this is always " +
      "so with OpenSSL.",
    group: "TLS",
  },
  {
    name: "ssl-engine",
    sets: ["engine", "sslEngine"],
    aliases: ["engine"],
    short: "e",
    key: "ssl-engine",
    valueName: "NAME",
    type: { kind: "text" },
    needs: "openssl",
    default: undefined,
    help: "Id of the OpenSSL engine that does the cryptography, such as pkcs11.",
    group: "TLS",
  },
  {
    name: "alpn-protos",
    sets: ["engine", "alpnProtocols"],
    library: "alpnProtocols",
    key: "alpn-protos",
    valueName: "LIST",
    type: { kind: "alpn-protocols" },
    needs: "openssl",
    needsFor: "incoming",
    default: undefined,
    help: "Application protocols that the backend supports, in order of preference, separated by " +
      "commas or spaces, such as h2,http/1.1. A client that offers only other protocols is " +
      "refused. With --client stud offers them to the backend.",
    group: "TLS",
  },
  {
    name: "client",
    library: "client",
    key: "client",
    type: { kind: "flag" },
    default: "off",
    help: "Reverse the direction: accept plaintext on the frontend and use TLS to the backend, " +
      "whose certificate is verified. A PEM file is optional. It is the client certificate that " +
      "stud sends if the backend asks for one, and it needs OpenSSL.",
    brief: "reverse: plaintext in, TLS to the backend",
    group: "TLS to the backend",
  },
  {
    name: "backend-ca",
    library: "backendCa",
    key: "backend-ca",
    valueName: "FILE",
    type: { kind: "text" },
    onlyFor: "outgoing",
    once: true,
    default: undefined,
    help: "With --client: PEM file with the only certificate authorities that may sign the " +
      "backend's certificate. By default stud trusts the authorities that this machine trusts, " +
      "or those that the environment variables SSL_CERT_FILE and SSL_CERT_DIR name.",
    group: "TLS to the backend",
  },
  {
    name: "backend-name",
    library: "backendName",
    key: "backend-name",
    valueName: "NAME",
    type: { kind: "certificate-name" },
    onlyFor: "outgoing",
    default: undefined,
    help:
      "With --client: the DNS name or IP address that the backend's certificate must be for. A " +
      "DNS name is also sent as SNI. By default it is the host in --backend. Required for a " +
      "unix socket.",
    group: "TLS to the backend",
  },
  {
    name: "backend-verify",
    library: "backendVerify",
    key: "backend-verify",
    type: { kind: "flag" },
    onlyFor: "outgoing",
    hitch: { default: "off", defaultWith: "client" },
    needs: "openssl",
    default: "on",
    help:
      "With --client: verify the backend's certificate. Off disables certificate verification: anyone " +
      "between stud and the backend can then read and change all traffic.",
    group: "TLS to the backend",
  },
  {
    name: "client-verify",
    sets: ["clients", "verify"],
    library: "clientVerify",
    key: "client-verify",
    frontendBlock: "too",
    valueName: "none|optional|required",
    type: { kind: "choice", choices: ["none", "optional", "required"] },
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    default: "none",
    help:
      "Whether clients need a certificate. none: do not ask for one. optional: verify it if the " +
      "client sends one. required: refuse clients without a valid one. optional and required " +
      "need --client-verify-ca.",
    group: "Client certificates",
  },
  {
    name: "client-verify-ca",
    sets: ["clients", "authorities"],
    library: "clientVerifyCa",
    key: "client-verify-ca",
    frontendBlock: "too",
    valueName: "FILE",
    type: { kind: "text" },
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    once: true,
    default: undefined,
    help:
      "PEM file with the certificate authorities that sign clients' certificates. It may also " +
      "hold their revocation lists. Needs --client-verify.",
    group: "Client certificates",
  },
  {
    name: "client-verify-crl",
    sets: ["clients", "revocationLists"],
    library: "clientVerifyCrl",
    key: "client-verify-crl",
    frontendBlock: "too",
    valueName: "FILE",
    type: { kind: "text" },
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    once: true,
    default: undefined,
    help:
      "File with the revocation lists (CRLs) of these authorities, in PEM or DER. Clients with " +
      "a revoked certificate are refused. If an authority's list is missing or expired, all of " +
      "its clients are refused. SIGHUP reloads the file.",
    group: "Client certificates",
  },
  {
    name: "allow-cn",
    library: "allowCn",
    key: "allow-cn",
    frontendBlock: "too",
    valueName: "NAME",
    type: { kind: "client-name", of: "subject" },
    repeatable: true,
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help: "Allow only clients whose certificate has exactly this common name. Repeat it for more " +
      "names. Needs --client-verify=required. See docs/client_certificates.md.",
    group: "Client certificates",
  },
  {
    name: "allow-san",
    library: "allowSan",
    key: "allow-san",
    frontendBlock: "too",
    valueName: "TYPE:NAME",
    type: { kind: "client-name", of: "alternatives" },
    repeatable: true,
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help: "Allow only clients whose certificate has this alternative name: DNS:NAME, URI:URI or " +
      "email:ADDRESS. In DNS:NAME, * may replace the first label. Repeat it for more names. If " +
      "--allow-cn is given too, one matching name is enough.",
    group: "Client certificates",
  },
  {
    name: "shared-cache",
    sets: ["sessions", "sharedCache"],
    aliases: ["session-cache"],
    short: "C",
    key: "shared-cache",
    valueName: "N",
    type: { kind: "number", minimum: 0, maximum: 2_147_483_647 },
    needs: "openssl",
    onlyFor: "incoming",
    default: "0",
    help:
      "Let clients resume their sessions on every worker. Clients keep the sessions themselves, " +
      "as tickets, so N uses no memory and is not a limit. With OpenSSL sessions resume on " +
      "every worker even if N is 0.",
    group: "Sessions",
  },
  {
    name: "ticket-secret",
    sets: ["sessions", "ticketSecret"],
    library: "ticketSecretFile",
    key: "ticket-secret",
    valueName: "FILE",
    type: { kind: "text" },
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help: "File with a secret of at least 32 bytes, from which the keys of session tickets are " +
      "derived. Sessions resume after a restart and on every machine that has the same file. " +
      "Without it stud makes a new secret at each start.",
    group: "Sessions",
  },
  {
    name: "steer-by-client",
    sets: ["workers", "steerByClient"],
    key: "steer-by-client",
    type: { kind: "flag" },
    default: "off",
    help:
      "Send each client to the same worker every time, by its address. Linux only. With rustls " +
      "and several workers it lets clients resume their sessions. OpenSSL does not need it for " +
      "that. With any engine it makes --max-connections-per-client exact. Do not use it behind " +
      "a load balancer, where all clients share one address.",
    group: "Sessions",
    notOn: {
      node: "Node cannot let the kernel choose the worker, and its workers share all sessions " +
        "anyway; remove this option, or use stud's executable",
    },
  },
  {
    name: "shared-cache-listen",
    short: "U",
    key: "shared-cache-listen",
    valueName: "HOST,PORT",
    type: { kind: "text" },
    default: undefined,
    help: "UDP address that receives sessions from other machines.",
    group: "Sessions",
    refusal: SHARED_SECRET,
  },
  {
    name: "shared-cache-peer",
    short: "P",
    key: "shared-cache-peer",
    valueName: "HOST,PORT",
    type: { kind: "text" },
    repeatable: true,
    default: undefined,
    help: "Machine to send sessions to by UDP.",
    group: "Sessions",
    refusal: SHARED_SECRET,
  },
  {
    name: "shared-cache-if",
    short: "M",
    key: "shared-cache-if",
    valueName: "IFACE[,TTL]",
    type: { kind: "text" },
    default: undefined,
    help: "Network interface for sessions sent by multicast.",
    group: "Sessions",
    refusal: SHARED_SECRET,
  },
  {
    name: "write-ip",
    key: "write-ip",
    type: { kind: "flag" },
    preface: "ip",
    default: "off",
    help:
      "Before the plaintext, send the backend the client's address in binary: one byte for the " +
      "address family, then 4 or 16 bytes in network order. The family is 2 for IPv4 and, on " +
      "Linux, 10 for IPv6.",
    group: "Backend preface",
  },
  {
    name: "write-proxy",
    key: "write-proxy",
    hitch: { means: { name: "write-proxy-v2", on: "on", off: "off" } },
    type: { kind: "flag" },
    preface: "proxy-v1",
    default: "off",
    help: "Before the plaintext, send the backend a PROXY protocol version 1 line with the " +
      "addresses of client and server.",
    brief: "send the client's address to the backend",
    group: "Backend preface",
  },
  {
    name: "write-proxy-v1",
    key: "write-proxy-v1",
    type: { kind: "flag" },
    preface: "proxy-v1",
    default: "off",
    help: "Same as --write-proxy. Only one of the --write options and --proxy-proxy may be on.",
    group: "Backend preface",
  },
  {
    name: "write-proxy-v2",
    key: "write-proxy-v2",
    type: { kind: "flag" },
    preface: "proxy-v2",
    default: "off",
    needs: "openssl",
    needsWhile: ["proxy-tlv", "proxy-authority"],
    help:
      "Before the plaintext, send the backend a PROXY protocol version 2 header. It holds the " +
      "addresses of client and server and the application protocol (ALPN), and what the next " +
      "three options add.",
    group: "Backend preface",
  },
  {
    name: "proxy-tlv",
    sets: ["preface", "tlv"],
    library: "proxyTlv",
    key: "proxy-tlv",
    type: { kind: "flag" },
    onlyFor: "incoming",
    default: "on",
    help: "With --write-proxy-v2: add the TLS version, the cipher, and the signature and key " +
      "algorithms of stud's certificate. Also add whether the client sent a certificate, and " +
      "its common name.",
    group: "Backend preface",
  },
  {
    name: "proxy-authority",
    sets: ["preface", "authority"],
    library: "proxyAuthority",
    key: "proxy-authority",
    type: { kind: "flag" },
    onlyFor: "incoming",
    default: "on",
    help: "With --write-proxy-v2: add the server name that the client asked for (SNI).",
    group: "Backend preface",
  },
  {
    name: "proxy-client-cert",
    sets: ["preface", "clientCertificate"],
    library: "proxyClientCert",
    key: "proxy-client-cert",
    type: { kind: "flag" },
    onlyFor: "incoming",
    default: "off",
    help:
      "With --write-proxy-v2: add the client's certificate in PEM, as TLV 0xe0. The header then " +
      "has several KiB, so nginx (client_header_buffer_size) and Varnish (workspace_session) " +
      "need larger buffers.",
    group: "Backend preface",
  },
  {
    name: "proxy-proxy",
    key: "proxy-proxy",
    type: { kind: "flag" },
    preface: "proxy-proxy",
    onlyFor: "incoming",
    default: "off",
    needs: "openssl",
    help: "Expect a PROXY protocol header, version 1 or 2, from every client before its TLS " +
      "handshake, and pass it unchanged to the backend. Use it only if all clients come through " +
      "a trusted proxy: others could claim any address.",
    group: "Backend preface",
  },
  {
    name: "ssl-handshake-timeout",
    sets: ["timeouts", "handshake"],
    library: "handshakeTimeout",
    key: "ssl-handshake-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: DAY },
    onlyFor: "incoming",
    default: "30",
    help: "Timeout for a client's TLS handshake. With --proxy-proxy it includes the PROXY header.",
    group: "Timeouts",
  },
  {
    name: "backend-connect-timeout",
    sets: ["timeouts", "backendConnect"],
    library: "backendConnectTimeout",
    key: "backend-connect-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: DAY },
    default: "30",
    help: "Timeout for connecting to the backend. With --client it includes the TLS handshake.",
    group: "Timeouts",
  },
  {
    name: "linger-timeout",
    sets: ["timeouts", "linger"],
    library: "lingerTimeout",
    key: "linger-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: DAY },
    default: "30",
    help: "After one side has ended, how long the other side may make no progress before stud " +
      "closes the connection.",
    group: "Timeouts",
  },
  {
    name: "stall-timeout",
    sets: ["timeouts", "stall"],
    library: "stallTimeout",
    key: "stall-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: DAY },
    default: "300",
    help:
      "How long a client or the backend may accept none of the data that waits for it. 0 means " +
      "no limit. Idle connections are never closed.",
    group: "Timeouts",
  },
  {
    name: "drain-timeout",
    sets: ["timeouts", "drain"],
    key: "drain-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: 7 * DAY },
    default: "30",
    help: "How long open connections may continue after SIGTERM. 0 closes them immediately.",
    group: "Timeouts",
  },
  {
    name: "drain-delay",
    sets: ["service", "drainDelay"],
    key: "drain-delay",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: DAY },
    default: "0",
    help:
      "How long stud still accepts connections after SIGTERM, while /readyz of --status already " +
      "answers 503, so that a load balancer notices first. --drain-timeout begins after it.",
    group: "Timeouts",
  },
  {
    name: "worker-timeout",
    sets: ["timeouts", "worker"],
    key: "worker-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: DAY },
    default: "5",
    help: "How long a worker may hang before stud kills and replaces it. A worker that starts or " +
      "loads a new configuration may take a minute. 0 means no limit, for use with a debugger.",
    group: "Timeouts",
  },
  {
    name: "workers",
    sets: ["workers", "count"],
    abbreviation: "worker",
    short: "n",
    key: "workers",
    valueName: "N|auto",
    type: { kind: "number", minimum: 1, maximum: 1024, words: ["auto"] },
    default: "1",
    help: "Number of worker processes. auto starts one per CPU.",
    brief: "number of worker processes, or auto",
    group: "Processes",
  },
  {
    name: "takeover",
    sets: ["service", "takeover"],
    key: undefined,
    valueName: "PID|FILE",
    type: { kind: "text" },
    default: undefined,
    help: "Replace a running stud, named by its process id or its pidfile, without losing a " +
      "connection. The new stud must run as the same user. It listens on the same addresses, " +
      "and the old one drains once the new one serves. stud does not start if that process is " +
      "not a stud on one of these addresses and does not hold the pidfile.",
    brief: "replace a running stud",
    group: "Processes",
    notOn: {
      node:
        "Node cannot keep new connections off sockets that close, so some would be lost; stop the " +
        "other stud first, or use stud's executable",
    },
  },
  {
    name: "chroot",
    sets: ["workers", "chroot"],
    short: "r",
    key: "chroot",
    valueName: "DIR",
    type: { kind: "text" },
    default: undefined,
    help: "Directory that becomes the workers' root after they listen. Needs root.",
    brief: "root directory of the workers",
    group: "Processes",
    notOn: { node: "Node cannot change its root directory; use stud's executable" },
  },
  {
    name: "user",
    sets: ["workers", "user"],
    short: "u",
    key: "user",
    valueName: "USER",
    type: { kind: "text" },
    default: undefined,
    help: "User that workers run as after they listen, with that user's group unless --group is " +
      "given. Needs root.",
    brief: "user that workers run as",
    group: "Processes",
  },
  {
    name: "group",
    sets: ["workers", "group"],
    short: "g",
    key: "group",
    valueName: "GROUP",
    type: { kind: "text" },
    default: undefined,
    help: "Group that workers run as after they listen. Needs root.",
    group: "Processes",
  },
  {
    name: "sandbox",
    sets: ["workers", "sandbox"],
    key: "sandbox",
    type: { kind: "flag" },
    default: "on",
    help:
      "Confine workers once they serve: no files, no new programs, no privileges that serving " +
      "does not need, and only part of the environment. Linux only. Turn it off to debug " +
      "workers. See docs/security.md.",
    group: "Processes",
  },
  {
    name: "daemon",
    sets: ["service", "daemon"],
    isFixed: true,
    key: "daemon",
    type: { kind: "flag" },
    default: "off",
    help:
      "Run in the background, in a new session. The command returns once the workers serve; if " +
      "they cannot, it prints the reason. The log goes to --log-filename, or to syslog without " +
      "it.",
    brief: "run in the background",
    group: "Processes",
  },
  {
    name: "pidfile",
    sets: ["service", "pidFile"],
    short: "p",
    key: undefined,
    valueName: "FILE",
    type: { kind: "text" },
    default: undefined,
    help:
      "Write the process id to FILE, keep the file locked, and remove it at exit. A second stud " +
      "with the same FILE does not start.",
    brief: "write the process id to FILE",
    group: "Processes",
  },
  {
    name: "quiet",
    short: "q",
    key: "quiet",
    type: { kind: "flag" },
    hitch: { means: { name: "log-level", on: "0" } },
    default: "off",
    help: "Log errors only. Same as --log-level 0.",
    brief: "log errors only",
    group: "Logging",
  },
  {
    name: "log-level",
    short: "L",
    key: "log-level",
    valueName: "LEVEL",
    type: { kind: "number", minimum: 0, maximum: 2 },
    default: "1",
    help: "What to log. 0: errors only. 1: also warnings and what stud does. 2: also a line for " +
      "each closed connection.",
    group: "Logging",
  },
  {
    name: "log-filename",
    sets: ["log", "file"],
    isFixed: true,
    short: "l",
    key: "log-filename",
    valueName: "FILE",
    type: { kind: "text" },
    default: undefined,
    help: "Append the log to FILE instead of standard output and standard error. stud opens FILE " +
      "again on SIGHUP, and after it is renamed or removed.",
    brief: "write the log to FILE",
    group: "Logging",
  },
  {
    name: "log-format",
    sets: ["log", "format"],
    isFixed: true,
    key: "log-format",
    valueName: "FORMAT",
    type: { kind: "choice", choices: ["text", "json", "logfmt"] },
    default: "text",
    help:
      "Format of the log everywhere that it goes: text for people, or json (an object per line) " +
      "or logfmt (NAME=VALUE) for programs, with the name of the event and every value as a " +
      "field. See docs/log.md.",
    group: "Logging",
  },
  {
    name: "syslog",
    sets: ["log", "syslog"],
    isFixed: true,
    short: "s",
    key: "syslog",
    type: { kind: "flag" },
    default: "off",
    help: "Also send the log to syslog, in addition to standard output and standard error or " +
      "--log-filename.",
    brief: "also send the log to syslog",
    group: "Logging",
    notOn: {
      node: "Node has no unix datagram sockets; send standard output to logger(1) or the service " +
        "manager, or use stud's executable",
    },
  },
  {
    name: "syslog-facility",
    sets: ["log", "syslogFacility"],
    isFixed: true,
    key: "syslog-facility",
    valueName: "FACILITY",
    type: {
      kind: "choice",
      choices: [
        ...["auth", "authpriv", "cron", "daemon", "ftp", "lpr", "mail", "news", "user", "uucp"],
        ...["local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"],
      ],
    },
    default: "daemon",
    help:
      "Facility of the syslog lines: auth, authpriv, cron, daemon, ftp, lpr, mail, news, user, " +
      "uucp, or local0 to local7.",
    group: "Logging",
  },
  {
    name: "access-log",
    sets: ["log", "access"],
    isFixed: true,
    key: "access-log",
    valueName: "FILE",
    type: { kind: "text" },
    default: undefined,
    help:
      "Write a line for each connection when it closes, to FILE, to standard output if FILE is -, " +
      "or to the log daemon if it is syslog: (with --syslog-facility). stud opens FILE again " +
      "after rotation. See docs/access-log.md.",
    group: "Logging",
  },
  {
    name: "access-log-format",
    sets: ["log", "accessFormat"],
    isFixed: true,
    key: "access-log-format",
    valueName: "FORMAT",
    type: { kind: "choice", choices: ["text", "json"] },
    default: "text",
    help: "Format of the access log: text (fields as key=value) or json (one object per line).",
    group: "Logging",
  },
  {
    name: "access-log-sample",
    sets: ["log", "accessSample"],
    isFixed: true,
    key: "access-log-sample",
    valueName: "1/N",
    type: { kind: "share", maximum: 1_000_000 },
    default: "1/1",
    help: "Write only one of N lines of the access log, chosen at random, but always those of " +
      "connections that did not end as orderly or closed. The field sample says how many " +
      "connections a line represents.",
    group: "Logging",
  },
  {
    name: "trace-client",
    sets: ["log", "traceClient"],
    isFixed: true,
    key: undefined,
    valueName: "CIDR",
    type: { kind: "text" },
    default: undefined,
    help:
      "Log everything about the handshakes of clients in this network, such as 192.0.2.0/24 or one " +
      "address: what they offer, the certificate they get, how it ends and why. See --for.",
    group: "Logging",
  },
  {
    name: "for",
    sets: ["log", "traceFor"],
    isFixed: true,
    key: undefined,
    valueName: "DURATION",
    type: { kind: "seconds", minimum: 1, maximum: 86_400 },
    default: "600",
    help: "How long --trace-client traces, from the start on.",
    group: "Logging",
  },
  {
    name: "status",
    sets: ["service", "status"],
    key: "status",
    valueName: "HOST,PORT|PATH",
    type: { kind: "status" },
    default: undefined,
    help:
      "Serve a status page, metrics for Prometheus and health checks by HTTP on this address, or " +
      "on a unix socket at this absolute path, which also accepts commands from its owner. Without " +
      "--status-public HOST must be a loopback address. See docs/monitoring.md.",
    brief: "serve status page, metrics and health checks",
    group: "Logging",
  },
  {
    name: "status-public",
    sets: ["service", "statusPublic"],
    key: "status-public",
    type: { kind: "flag" },
    default: "off",
    help:
      "Allow --status on addresses that other machines reach. Everybody who can connect may read " +
      "it.",
    group: "Logging",
  },
  {
    name: "config",
    key: undefined,
    valueName: "FILE",
    type: { kind: "text" },
    once: true,
    default: undefined,
    help:
      "Read options from FILE, or from standard input if FILE is -. Options on the command line " +
      "override it.",
    brief: "read options from FILE",
    group: "Other",
  },
  {
    name: "compat",
    key: undefined,
    valueName: "none|hitch",
    type: { kind: "choice", choices: ["none", "hitch"] },
    default: "none",
    help:
      "With hitch, behave like hitch wherever the two differ, so that hitch's command line and " +
      "configuration file work unchanged. This is the default if the program is called hitch.",
    group: "Other",
  },
  {
    name: "default-config",
    key: undefined,
    type: { kind: "flag" },
    default: "off",
    help: "Print a configuration file with all defaults, and exit.",
    group: "Other",
  },
  {
    name: "completion",
    key: undefined,
    valueName: "SHELL",
    type: { kind: "choice", choices: ["bash", "zsh", "fish"] },
    default: undefined,
    help: "Print the completion script for bash, zsh or fish, and exit.",
    group: "Other",
  },
  {
    name: "test",
    short: "t",
    key: undefined,
    type: { kind: "flag" },
    default: "off",
    help:
      "Check the configuration, and that stud can start with it: files, users, addresses, and " +
      "the process to take over from. Then exit. Nothing is created, opened or " +
      "signalled. A port or pidfile that a running stud uses is only a warning.",
    brief: "check the configuration and exit",
    group: "Other",
  },
  {
    name: "dbg-listen",
    sets: ["service", "listenReport"],
    key: undefined,
    valueName: "FILE",
    type: { kind: "text" },
    default: undefined,
    help: "Once stud serves, write its IPv4 listening addresses to FILE, one IP:PORT per line.",
    group: "Other",
  },
  {
    name: "version",
    short: "V",
    key: undefined,
    type: { kind: "flag" },
    default: "off",
    help: "Print the version and exit.",
    brief: "print the version and exit",
    group: "Other",
  },
  {
    name: "help",
    short: "h",
    key: undefined,
    valueName: "TOPIC",
    type: { kind: "text" },
    bare: "on",
    default: undefined,
    help:
      "Print the most important options and exit. With an option's name, explain that option. " +
      "With all, print every option.",
    brief: 'explain an option; "all" lists all of them',
    group: "Other",
  },
  {
    name: "ring-slots",
    key: "ring-slots",
    valueName: "N",
    type: { kind: "text" },
    default: undefined,
    obsolete: "stud has no ring buffers; its buffers grow and shrink with the traffic",
    help: "Number of buffers in a ring.",
    group: "Other",
  },
  {
    name: "ring-data-len",
    key: "ring-data-len",
    valueName: "BYTES",
    type: { kind: "text" },
    default: undefined,
    obsolete: "stud has no ring buffers; its buffers grow and shrink with the traffic",
    help: "Size of a buffer in a ring.",
    group: "Other",
  },
] as const satisfies readonly Option[];

type Row = typeof table[number];

/** A row whose value is a field of the settings. */
export type SettingRow = Extract<Row, { readonly sets: Target }>;

/** The names that rows have in the library. */
export type LibraryName = Extract<Row, { readonly library: string }>["library"];

/** The value of a text, by its row's type. */
type TextValue<Type> = Type extends { readonly kind: "flag" } ? boolean
  : Type extends { readonly kind: "number"; readonly words: readonly (infer Word)[] }
    ? number | Word
  : Type extends { readonly kind: "number" | "seconds" | "share" } ? number
  : Type extends { readonly choices: readonly (infer Choice)[] } ? Choice
  : Type extends { readonly kind: "tls-protocols" } ? readonly TlsProtocol[]
  : Type extends { readonly kind: "alpn-protocols" } ? readonly string[]
  : Type extends { readonly kind: "client-name" } ? ClientName
  : Type extends { readonly kind: "backend" | "status" } ? TcpAddress | UnixAddress
  : Type extends { readonly kind: "frontend" } ? TcpAddress
  : string;

/** The value of an option, given or not. */
type RowValue<Some extends Row> = Some extends { readonly repeatable: true }
  ? readonly TextValue<Some["type"]>[]
  : Some extends { readonly type: { readonly kind: "alpn-protocols" } } ? TextValue<Some["type"]>
  : Some extends { readonly default: undefined } ? TextValue<Some["type"]> | undefined
  : TextValue<Some["type"]>;

type FieldOf<Some> = Some extends readonly [infer Group extends keyof SettingGroups, infer Field]
  ? SettingGroups[Group][Field & keyof SettingGroups[Group]]
  : never;

/** The names of rows with a value that does not fit its field. */
type Misplaced<Some extends Row = Row> = Some extends SettingRow
  ? RowValue<Some> extends FieldOf<Some["sets"]> ? never : Some["name"]
  : never;

/** The compiler refuses this line, and names the rows, if the value of one does not fit its field. */
const misplaced: [Misplaced] extends [never] ? undefined : Misplaced = undefined;
void misplaced;

/** The long name of an option in the table. */
export type OptionName = Row["name"];

const rows: readonly Option<OptionName>[] = table;

const everywhere = rows.filter((option) => !isBlockOnly(option));

/** Every option, in the order of help, without those for blocks only and those that are ignored. */
export const OPTIONS = everywhere.filter((option) => option.obsolete === undefined);

/** Options that are accepted with a warning and ignored. */
export const OBSOLETE_OPTIONS = everywhere.filter((option) => option.obsolete !== undefined);

/** Options that are allowed inside a pem-file block. */
export const PEM_BLOCK_OPTIONS = rows.filter((option) => option.pemBlock !== undefined);

/** Options that are allowed inside a frontend block. */
export const FRONTEND_BLOCK_OPTIONS = rows.filter((option) => option.frontendBlock !== undefined);

/** The flags that turn on a preface. Where two turn on the same one, the first is the usual one. */
export const PREFACE_FLAGS = OPTIONS.flatMap(({ name, preface }) =>
  preface === undefined ? [] : [{ name, preface }]
);

/** A block of the configuration file: keys in braces, used instead of a value. */
export interface Block {
  readonly key: "pem-file" | "frontend";
  readonly options: readonly Option<OptionName>[];
  /** What its keys apply to. */
  readonly scope: string;
  /** The key that is required. */
  readonly required: OptionName;
}

/** Every kind of block. */
export const BLOCKS: readonly Block[] = [
  { key: "pem-file", options: PEM_BLOCK_OPTIONS, scope: "this certificate", required: "cert" },
  { key: "frontend", options: FRONTEND_BLOCK_OPTIONS, scope: "this frontend", required: "port" },
];

/** Whether an option is allowed only inside blocks. */
export function isBlockOnly(option: Option): boolean {
  return option.pemBlock === "only" || option.frontendBlock === "only";
}

const byName = new Map(rows.map((option) => [option.name, option]));

/** The row of `name`. */
export function optionNamed(name: OptionName): Option<OptionName> {
  return byName.get(name)!;
}

/** The name of a command-line option in messages: `-n/--workers`, `--tls`. */
export function optionLabel(option: Option): string {
  return option.short === undefined ? `--${option.name}` : `-${option.short}/--${option.name}`;
}

/** The sentences for the operator, with the engine that it needs and the platform that lacks it. */
export function optionHelp(option: Option): string {
  return [option.help, ...needSentence(option), ...placeSentence(option)].join(" ");
}

function placeSentence({ notOn }: Option): string[] {
  return notOn === undefined ? [] : ["Not available under Node."];
}

function needSentence(
  { type, needs, needsFor, needsWhile, default: fallback }: Option,
): string[] {
  if (needs === undefined) return [];
  if (needsFor === "several") return ["More than one needs OpenSSL."];
  if (needsFor === "pkcs11") return ["A pkcs11: URI needs OpenSSL."];
  if (needsWhile !== undefined) {
    const flags = needsWhile.map((name) => `--${name}`).join(" and ");
    return [`Needs OpenSSL unless ${flags} are off.`];
  }
  if (needsFor === "incoming") return ["Needs OpenSSL, except with --client."];
  if (type.kind === "flag" && fallback === "on") return ["Off needs OpenSSL."];
  const alwaysGiven = type.kind !== "flag" && fallback !== undefined;
  return [alwaysGiven ? "Values other than the default need OpenSSL." : "Needs OpenSSL."];
}
