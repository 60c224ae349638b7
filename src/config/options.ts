/**
 * The one table of options. The command line, the configuration file, `--help`, `--default-config`, the
 * man page and docs/options.md are all made from it, so that an option is declared here and nowhere else.
 * It owns names, types, ranges, defaults and sentences; it parses nothing and knows no other file.
 */

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
  /** Any text; of `words` upper and lower case are the same. */
  | { readonly kind: "text"; readonly words?: readonly string[] }
  /** An OpenSSL list of ciphers or cipher suites. */
  | { readonly kind: "ciphers" }
  /** A DNS name or an IP address. */
  | { readonly kind: "certificate-name" }
  /** Names of TLS versions, separated by spaces or commas. */
  | { readonly kind: "tls-protocols" }
  /** Names of application protocols (RFC 7301), separated by spaces or commas. */
  | { readonly kind: "alpn-protocols" }
  /** A name of clients' certificates. */
  | { readonly kind: "client-name"; readonly of: "subject" | "alternatives" }
  | { readonly kind: "frontend" }
  | { readonly kind: "backend" };

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
  /** Other long names and keys that mean the same. They are not shown. */
  readonly aliases?: readonly string[];
  /** An abbreviation on the command line that has meant it since before other options began alike. */
  readonly abbreviation?: string;
  /** One letter, without the dash. */
  readonly short?: string;
  /** Key in the configuration file; undefined: command line only. */
  readonly key: string | undefined;
  /** How help calls the value; undefined exactly for flags. */
  readonly valueName?: string;
  readonly type: OptionType;
  /** What the name without a value stands for. Such an option takes a value only after `=`. */
  readonly bare?: string;
  /** Plain arguments of the command line are values of this option. */
  readonly operand?: boolean;
  /** Several values add up; otherwise the last one wins, and in a configuration file a second is an error. */
  readonly repeatable?: boolean;
  /** Several would look as if they added up: a second one is an error on the command line too. */
  readonly once?: boolean;
  /** May stand inside a pem-file block of the configuration file too, or there only. */
  readonly pemBlock?: "too" | "only";
  /** May stand inside a frontend block too, for that frontend alone, or there only. */
  readonly frontendBlock?: "too" | "only";
  /** What is otherwise where stud takes hitch's place (`--compat=hitch`). */
  readonly hitch?: HitchMeaning;
  /** Known from earlier releases of stud or hitch, and of no use: a sentence that says why, after "NAME: ". */
  readonly obsolete?: string;
  /** An empty text turns it off; elsewhere it is no value. */
  readonly emptyIsOff?: boolean;
  /** The TLS engine that alone can do it. The default never needs it. */
  readonly needs?: "openssl";
  /** Narrows `needs` to more than one value, to `pkcs11:` URIs, or to TLS from clients. */
  readonly needsFor?: "several" | "pkcs11" | "incoming";
  /** Narrows `needs` to while one of these flags is on. */
  readonly needsWhile?: readonly string[];
  /** The TLS that it is about: from clients alone, or to the backend alone (`--client`). */
  readonly onlyFor?: "incoming" | "outgoing";
  /** The text that stands when nothing is given; undefined: nothing stands. */
  readonly default: string | undefined;
  /** Sentences for the operator, without markup. */
  readonly help: string;
  /** The same in a few words; those that have it are what `-h` shows. */
  readonly brief?: string;
  readonly group: OptionGroup;
  /** Why this release starts with no value but the default, and what to do. Follows "NAME: ". */
  readonly refusal?: string;
  /** Why a platform starts with no value but the default, and what to do. Follows "NAME: " too. */
  readonly notOn?: { readonly node: string };
  /** The same for single values of a supported option. */
  readonly refusedValues?: Readonly<Record<string, string>>;
}

/** How hitch takes an option that stud takes otherwise. */
export interface HitchMeaning {
  readonly default?: string;
  /** The flag without which that default does not stand. */
  readonly defaultWith?: string;
  /** Values of the command line come after those of the file; with stud they replace them. */
  readonly adds?: boolean;
  /** A flag stands for another option, with these texts; without one for off it then says nothing. */
  readonly means?: { readonly name: string; readonly on: string; readonly off?: string };
  /** Words of a list that are left out with a warning; stud refuses them. */
  readonly ignores?: readonly string[];
}

const SHARED_SECRET = "stud does not send sessions between machines by UDP; to resume them " +
  "everywhere, give every machine the same --ticket-secret FILE instead";
const DAY = 86_400;
/**
 * A handshake waits a round trip or two for its client, so this limits the handshakes a second where clients are far
 * away: 256 allow each worker 1,000 a second at 250 ms. More make a flood slower for everybody.
 */
const DEFAULT_MAX_HANDSHAKES = 256;

const table = [
  {
    name: "pem-file",
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
    help: "File with a certificate, its chain and its private key, in PEM; list more for more " +
      "names. A client gets the certificate for the name it asks for, or else the last one " +
      "listed. Required unless --pem-dir, --self-signed or --client is given.",
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
    help: "File with the certificate and its chain, and with its private key unless that is " +
      "elsewhere. Required.",
    group: "Certificates",
  },
  {
    name: "private-key",
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
      "of a key in a token; repeat it for more. stud finds out which certificate a key belongs to.",
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
    help: "File with an OCSP response (DER) to staple to the certificate; none is fetched for it.",
    group: "Certificates",
  },
  {
    name: "pem-dir",
    key: "pem-dir",
    valueName: "DIR",
    type: { kind: "text" },
    needs: "openssl",
    onlyFor: "incoming",
    once: true,
    default: undefined,
    help: "Directory whose files are PEM files too, by name, after those that are listed. If " +
      "none is listed, the first of them is for clients that no certificate matches.",
    brief: "a directory of such files",
    group: "Certificates",
  },
  {
    name: "pem-dir-glob",
    key: "pem-dir-glob",
    valueName: "GLOB",
    type: { kind: "text" },
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help: "Take only those files of --pem-dir whose names match, such as *.pem. Otherwise every " +
      "file is taken.",
    group: "Certificates",
  },
  {
    name: "sni-nomatch-abort",
    key: "sni-nomatch-abort",
    frontendBlock: "too",
    type: { kind: "flag" },
    needs: "openssl",
    onlyFor: "incoming",
    default: "off",
    help: "Refuse a client that asks for a name which no certificate is for. A client that asks " +
      "for no name is served all the same.",
    group: "Certificates",
  },
  {
    name: "ocsp-dir",
    short: "o",
    key: "ocsp-dir",
    valueName: "DIR",
    type: { kind: "text" },
    needs: "openssl",
    emptyIsOff: true,
    onlyFor: "incoming",
    default: "/var/lib/hitch/",
    help: "Directory of OCSP responses. Those found there are stapled at once. For a certificate " +
      "that names a responder, with its issuer's certificate behind it in the file, stud fetches " +
      "the response, verifies it, staples it from then on and stores it there, or keeps it in " +
      "memory where that is not possible. A certificate that its responder calls revoked is served " +
      "without a staple. An empty DIR turns fetching and stored responses off. rustls staples " +
      "nothing, so nothing is fetched for it.",
    group: "Certificates",
  },
  {
    name: "ocsp-verify-staple",
    key: "ocsp-verify-staple",
    type: { kind: "flag" },
    pemBlock: "too",
    onlyFor: "incoming",
    needs: "openssl",
    default: "off",
    help: "Verify the signatures of OCSP responses from files too, which needs the issuer's " +
      "certificate in the PEM file. Those that stud fetches are always verified.",
    group: "Certificates",
  },
  {
    name: "ocsp-resp-tmo",
    key: "ocsp-resp-tmo",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: 3600 },
    onlyFor: "incoming",
    needs: "openssl",
    default: "10",
    help: "Seconds for an OCSP responder to answer, the connection included.",
    group: "Certificates",
  },
  {
    name: "ocsp-connect-tmo",
    key: "ocsp-connect-tmo",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: 3600 },
    onlyFor: "incoming",
    needs: "openssl",
    default: "4",
    help: "Seconds for a connection to an address of an OCSP responder.",
    group: "Certificates",
  },
  {
    name: "ocsp-refresh-interval",
    key: "ocsp-refresh-interval",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 1, maximum: 604_800 },
    onlyFor: "incoming",
    needs: "openssl",
    default: "1800",
    help: "Seconds after which an OCSP response is fetched again. One that holds for less than " +
      "twice as long is fetched when half of its time is over.",
    group: "Certificates",
  },
  {
    name: "watch",
    key: "watch",
    type: { kind: "flag" },
    default: "off",
    help: "Read certificates, keys and what else belongs to them again by itself, within some " +
      "seconds, when their files change. Otherwise a change is only logged, and SIGHUP has stud " +
      "read them.",
    brief: "read changed certificates by itself",
    group: "Certificates",
  },
  {
    name: "self-signed",
    key: "self-signed",
    valueName: "NAME",
    type: { kind: "certificate-name" },
    bare: "localhost",
    onlyFor: "incoming",
    default: undefined,
    help: "Make a certificate for NAME, a DNS name or an IP address, in memory at each start, " +
      "instead of reading a PEM file. Without =NAME it is for localhost. For trials: no client " +
      "trusts it.",
    brief: "a certificate in memory, for trials",
    group: "Certificates",
  },
  {
    name: "frontend",
    short: "f",
    key: "frontend",
    hitch: { adds: true },
    valueName: "HOST,PORT[+PEM]",
    type: { kind: "frontend" },
    repeatable: true,
    default: "*,8443",
    help: "Address to listen on; repeat it for more. HOST * or nothing means every IPv4 and IPv6 " +
      "address; PORT 0 lets the system choose. [HOST]:PORT and HOST:PORT mean the same. With +PEM " +
      "the frontend serves the certificate of that file and no other.",
    brief: "where to listen",
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
    help: "Port to listen on, by number or by its name in services(5). Required.",
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
      "Serve the general certificates too, after those of the block. Otherwise a frontend with " +
      "certificates of its own serves no others.",
    group: "Certificates",
  },
  {
    name: "backend",
    short: "b",
    key: "backend",
    valueName: "HOST,PORT",
    type: { kind: "backend" },
    once: true,
    default: "127.0.0.1,8000",
    help:
      "Where the plaintext goes; written like a frontend, except that no HOST means 127.0.0.1, or " +
      "as the absolute path of a unix socket, which under --chroot is looked up inside it. The addresses of a host name are " +
      "tried in their order; one that is slow to answer does not keep the others waiting.",
    brief: "where plaintext goes",
    group: "Addresses",
  },
  {
    name: "backend-refresh",
    aliases: ["backendrefresh"],
    short: "R",
    key: "backend-refresh",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: DAY },
    default: "0",
    help: "How long until the backend's host name is looked up again. New connections go to the " +
      "addresses it then has; while it cannot be looked up, to those it had. 0 means at the " +
      "start only.",
    group: "Addresses",
  },
  {
    name: "backlog",
    short: "B",
    key: "backlog",
    valueName: "N",
    type: { kind: "number", minimum: 1, maximum: 2_147_483_647 },
    default: "100",
    help: "Connections the kernel may hold ready until a worker accepts them. The kernel may " +
      "limit it further (net.core.somaxconn).",
    group: "Addresses",
  },
  {
    name: "max-handshakes",
    key: "max-handshakes",
    frontendBlock: "too",
    valueName: "N",
    type: { kind: "number", minimum: 1, maximum: 1_000_000 },
    onlyFor: "incoming",
    default: String(DEFAULT_MAX_HANDSHAKES),
    help:
      "Unfinished handshakes that each worker has under way at most. More clients wait in the " +
      "kernel's queue (--backlog). If none of the handshakes ends, the oldest one that has taken " +
      "more than 2 seconds gives way to a new client.",
    group: "Addresses",
    notOn: {
      node:
        "Node accepts clients before stud asks for them, so they cannot wait in the kernel's queue; stud's " +
        "executable can do it",
    },
  },
  {
    name: "max-connections",
    key: "max-connections",
    frontendBlock: "too",
    valueName: "N",
    type: { kind: "number", minimum: 0, maximum: 10_000_000 },
    default: "0",
    help: "Connections open at a time in all workers together; each worker takes an equal share, " +
      "rounded up. More clients wait in the kernel's queue (--backlog) until a connection ends, or " +
      "take the place of a handshake that has taken more than 0.25 seconds. In a frontend block: " +
      "of this frontend, besides what holds for all. 0 means no limit but that of open files.",
    group: "Addresses",
  },
  {
    name: "max-connections-per-client",
    key: "max-connections-per-client",
    frontendBlock: "too",
    valueName: "N",
    type: { kind: "number", minimum: 0, maximum: 10_000_000 },
    default: "0",
    help:
      "Connections that each client may have open at a time; more are reset before TLS begins. A " +
      "client is an IPv4 address or an IPv6 network of 64 bits, with --proxy-proxy the one in the " +
      "PROXY header. Each worker takes an equal share of N, rounded up, so with several workers a " +
      "client may be refused before it has N; with --steer-by-client it is N. 0 means no limit.",
    group: "Addresses",
  },
  {
    name: "keepalive",
    short: "k",
    key: "keepalive",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 1, maximum: 32_767, whole: true },
    default: "3600",
    help: "How long a client connection is idle before the kernel probes whether the client is " +
      "still there.",
    group: "Addresses",
  },
  {
    name: "tcp-fastopen",
    aliases: ["enable-tcp-fastopen"],
    key: "tcp-fastopen",
    type: { kind: "flag" },
    default: "off",
    help: "Let clients that were here before send data with their first packet (RFC 7413). Linux " +
      "only; the sysctl net.ipv4.tcp_fastopen has to allow it to servers.",
    group: "Addresses",
    notOn: { node: "Node cannot set TCP_FASTOPEN; stud's executable can" },
  },
  {
    name: "recv-bufsize",
    key: "recv-bufsize",
    valueName: "OCTETS",
    type: { kind: "number", minimum: 0, maximum: 1_073_741_823 },
    default: "0",
    help: "The kernel's receive buffer of each client connection. 0 leaves it to the system, " +
      "which adapts it to the connection; a fixed one is rarely faster. Linux only.",
    group: "Addresses",
    notOn: { node: "Node cannot set SO_RCVBUF; stud's executable can" },
  },
  {
    name: "send-bufsize",
    key: "send-bufsize",
    valueName: "OCTETS",
    type: { kind: "number", minimum: 0, maximum: 1_073_741_823 },
    default: "0",
    help: "The kernel's send buffer of each client connection, likewise. Linux only.",
    group: "Addresses",
    notOn: { node: "Node cannot set SO_SNDBUF; stud's executable can" },
  },
  {
    name: "tls",
    key: "tls",
    hitch: { means: { name: "tls-protos", on: "TLSv1.0 TLSv1.1 TLSv1.2 TLSv1.3" } },
    frontendBlock: "too",
    type: { kind: "flag" },
    default: "on",
    help:
      "Speak TLS 1.2 and 1.3. On is the default and all it can be; --tls-protos chooses other " +
      "versions.",
    group: "TLS",
    refusedValues: {
      off: "cannot be switched off: clients speak TLS to stud, nothing else; remove it, and " +
        "choose the versions with --tls-protos",
    },
  },
  {
    name: "ssl",
    key: "ssl",
    frontendBlock: "too",
    type: { kind: "flag" },
    needs: "openssl",
    default: "off",
    help: "Speak every version that the library can: TLS 1.0 to 1.3. For 1.0 and 1.1 OpenSSL's " +
      "security level is lowered to 0, as they cannot do without SHA-1. SSLv3 is not among them: " +
      "it is broken.",
    group: "TLS",
  },
  {
    name: "tls-protos",
    key: "tls-protos",
    hitch: { ignores: ["SSLv3"] },
    frontendBlock: "too",
    valueName: "LIST",
    type: { kind: "tls-protocols" },
    needs: "openssl",
    default: "TLSv1.2 TLSv1.3",
    help: "Versions to speak, of TLSv1.0, TLSv1.1, TLSv1.2 and TLSv1.3, separated by spaces or " +
      "commas. For 1.0 and 1.1 OpenSSL's security level is lowered to 0, unless --ciphers sets " +
      "one (@SECLEVEL).",
    group: "TLS",
    refusedValues: {
      SSLv3: "SSLv3 is broken beyond repair (POODLE, RFC 7568), and packages of OpenSSL 3 are " +
        "built without it; name versions of TLS only",
      SSLv2: "SSLv2 is broken beyond repair (RFC 6176), and OpenSSL has none of it any more; " +
        "name versions of TLS only",
    },
  },
  {
    name: "tls-library",
    key: "tls-library",
    valueName: "auto|rustls|openssl|node",
    type: { kind: "choice", choices: ["auto", "rustls", "openssl", "node"] },
    default: "auto",
    help: "Which TLS engine terminates: rustls, which is built in, or the OpenSSL 3 of this " +
      "machine. With auto it is OpenSSL on Linux where there is one, and rustls elsewhere unless " +
      "an option needs OpenSSL. The npm package under Node has neither; there it is node, which " +
      "does what OpenSSL does.",
    group: "TLS",
  },
  {
    name: "ciphers",
    short: "c",
    key: "ciphers",
    frontendBlock: "too",
    valueName: "SUITE",
    type: { kind: "ciphers" },
    needs: "openssl",
    default: undefined,
    help: "Ciphers allowed up to TLS 1.2, as an OpenSSL cipher list. Without it those with " +
      "forward secrecy and authenticated encryption, and for TLS 1.0 and 1.1 also AES-CBC.",
    group: "TLS",
  },
  {
    name: "ciphersuites",
    key: "ciphersuites",
    frontendBlock: "too",
    valueName: "LIST",
    type: { kind: "ciphers" },
    needs: "openssl",
    default: undefined,
    help: "Cipher suites allowed in TLS 1.3, by OpenSSL's names, separated by colons. Without it " +
      "AES-128-GCM, AES-256-GCM and ChaCha20.",
    group: "TLS",
  },
  {
    name: "ecdh-curve",
    key: "ecdh-curve",
    valueName: "LIST",
    type: { kind: "text", words: ["auto"] },
    needs: "openssl",
    default: "auto",
    help: "Groups for the key exchange, by OpenSSL's names, separated by colons, such as " +
      "X25519:P-256. With auto X25519, P-256 and P-384, and from OpenSSL 3.5 on X25519MLKEM768.",
    group: "TLS",
  },
  {
    name: "prefer-server-ciphers",
    short: "O",
    key: "prefer-server-ciphers",
    frontendBlock: "too",
    type: { kind: "flag" },
    needs: "openssl",
    onlyFor: "incoming",
    default: "off",
    help: "Choose the cipher by stud's order instead of the client's. Without --ciphers, OpenSSL " +
      "does so anyway.",
    group: "TLS",
  },
  {
    name: "ssl-engine",
    aliases: ["engine"],
    short: "e",
    key: "ssl-engine",
    valueName: "NAME",
    type: { kind: "text" },
    needs: "openssl",
    default: undefined,
    help: "OpenSSL engine that does the cryptography, by its id, such as pkcs11.",
    group: "TLS",
  },
  {
    name: "alpn-protos",
    key: "alpn-protos",
    valueName: "LIST",
    type: { kind: "alpn-protocols" },
    needs: "openssl",
    needsFor: "incoming",
    default: undefined,
    help: "Application protocols that the backend speaks, the preferred one first, separated by " +
      "commas or spaces, such as h2,http/1.1. A client that offers only others is refused. With " +
      "--client they are offered to the backend.",
    group: "TLS",
  },
  {
    name: "client",
    key: "client",
    type: { kind: "flag" },
    default: "off",
    help:
      "The other way round: plaintext from the frontend, TLS to the backend, whose certificate " +
      "is verified. A PEM file is then the certificate that stud shows to a backend that asks for " +
      "one, and needs OpenSSL; none is required.",
    brief: "the other way round: TLS to the backend",
    group: "TLS to the backend",
  },
  {
    name: "backend-ca",
    key: "backend-ca",
    valueName: "FILE",
    type: { kind: "text" },
    onlyFor: "outgoing",
    once: true,
    default: undefined,
    help:
      "With --client: PEM file with the certificate authorities that the backend's certificate " +
      "is from, and no others. Otherwise those that this machine trusts.",
    group: "TLS to the backend",
  },
  {
    name: "backend-name",
    key: "backend-name",
    valueName: "NAME",
    type: { kind: "certificate-name" },
    onlyFor: "outgoing",
    default: undefined,
    help:
      "With --client: the DNS name or IP address that the backend's certificate is for; a DNS " +
      "name is also asked for by SNI. Otherwise the host of --backend as it is written. Required " +
      "for a unix socket.",
    group: "TLS to the backend",
  },
  {
    name: "backend-verify",
    key: "backend-verify",
    type: { kind: "flag" },
    onlyFor: "outgoing",
    hitch: { default: "off", defaultWith: "client" },
    needs: "openssl",
    default: "on",
    help: "With --client: whether the backend's certificate is verified. If not, anybody between " +
      "stud and the backend can read and change everything.",
    group: "TLS to the backend",
  },
  {
    name: "client-verify",
    key: "client-verify",
    frontendBlock: "too",
    valueName: "none|optional|required",
    type: { kind: "choice", choices: ["none", "optional", "required"] },
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    default: "none",
    help:
      "Whether clients show a certificate: they are not asked for one, it is verified if they " +
      "show one, or they must show one. Anything but none takes --client-verify-ca.",
    group: "Client certificates",
  },
  {
    name: "client-verify-ca",
    key: "client-verify-ca",
    frontendBlock: "too",
    valueName: "FILE",
    type: { kind: "text" },
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    once: true,
    default: undefined,
    help: "PEM file with the certificate authorities that the certificates of clients are from, " +
      "and perhaps with their revocation lists. Takes --client-verify.",
    group: "Client certificates",
  },
  {
    name: "client-verify-crl",
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
      "File with the revocation lists (CRLs) of these authorities, in PEM or DER. Clients whose " +
      "certificate is revoked are refused, and so are all of an authority whose list is missing or " +
      "has expired. Read again on SIGHUP.",
    group: "Client certificates",
  },
  {
    name: "allow-cn",
    key: "allow-cn",
    frontendBlock: "too",
    valueName: "NAME",
    type: { kind: "client-name", of: "subject" },
    repeatable: true,
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help:
      "Only clients may connect whose certificate has this common name, letter by letter; repeat " +
      "it for more. Takes --client-verify=required. See docs/client_certificates.md.",
    group: "Client certificates",
  },
  {
    name: "allow-san",
    key: "allow-san",
    frontendBlock: "too",
    valueName: "TYPE:NAME",
    type: { kind: "client-name", of: "alternatives" },
    repeatable: true,
    pemBlock: "too",
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help:
      "Only clients may connect whose certificate has this alternative name: DNS:NAME, where * " +
      "may stand for the first label, URI:URI or email:ADDRESS; repeat it for more. With --allow-cn " +
      "too, one of all these names is enough.",
    group: "Client certificates",
  },
  {
    name: "shared-cache",
    aliases: ["session-cache"],
    short: "C",
    key: "shared-cache",
    valueName: "N",
    type: { kind: "number", minimum: 0, maximum: 2_147_483_647 },
    needs: "openssl",
    onlyFor: "incoming",
    default: "0",
    help: "Let clients resume their sessions on every worker. The clients keep the sessions " +
      "themselves, as tickets, so that N needs no memory and limits nothing; with 0 the OpenSSL " +
      "engine does it all the same.",
    group: "Sessions",
  },
  {
    name: "ticket-secret",
    key: "ticket-secret",
    valueName: "FILE",
    type: { kind: "text" },
    needs: "openssl",
    onlyFor: "incoming",
    default: undefined,
    help: "File with a secret of at least 32 octets, which the keys of session tickets are " +
      "derived from. Sessions resume on every machine that has the same file, and after a " +
      "restart. Otherwise a secret is made at each start.",
    group: "Sessions",
  },
  {
    name: "steer-by-client",
    key: "steer-by-client",
    type: { kind: "flag" },
    default: "off",
    help: "With rustls and several workers, on Linux, send a client by its address to the worker " +
      "that it was at before, which knows its sessions. Useless behind a balancer, where all " +
      "clients share an address, and not needed with OpenSSL, whose workers know all sessions, " +
      "except for --max-connections-per-client: then each worker knows all connections of its clients.",
    group: "Sessions",
    notOn: {
      node: "Node cannot have the kernel choose the worker, and its workers know all sessions " +
        "anyway; leave it out, or use stud's executable",
    },
  },
  {
    name: "shared-cache-listen",
    short: "U",
    key: "shared-cache-listen",
    valueName: "HOST,PORT",
    type: { kind: "text" },
    default: undefined,
    help: "UDP address that takes sessions from other machines.",
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
    default: "off",
    help:
      "Before the plaintext, send the backend one octet with the address family (Linux: 2 for " +
      "IPv4, 10 for IPv6) and the client's address in 4 or 16 octets, network order.",
    group: "Backend preface",
  },
  {
    name: "write-proxy",
    key: "write-proxy",
    hitch: { means: { name: "write-proxy-v2", on: "on", off: "off" } },
    type: { kind: "flag" },
    default: "off",
    help: "Before the plaintext, send the backend a PROXY protocol version 1 line with the " +
      "client's and the server's address.",
    brief: "tell the backend who the client is",
    group: "Backend preface",
  },
  {
    name: "write-proxy-v1",
    key: "write-proxy-v1",
    type: { kind: "flag" },
    default: "off",
    help: "The same as --write-proxy. Only one of the --write options and --proxy-proxy may be on.",
    group: "Backend preface",
  },
  {
    name: "write-proxy-v2",
    key: "write-proxy-v2",
    type: { kind: "flag" },
    default: "off",
    needs: "openssl",
    needsWhile: ["proxy-tlv", "proxy-authority"],
    help: "Before the plaintext, send the backend a PROXY protocol version 2 header with the " +
      "client's and the server's address, the application protocol (ALPN), and what the next " +
      "three options say.",
    group: "Backend preface",
  },
  {
    name: "proxy-tlv",
    key: "proxy-tlv",
    type: { kind: "flag" },
    onlyFor: "incoming",
    default: "on",
    help: "With --write-proxy-v2, tell the TLS version, the cipher, whether the client has shown " +
      "a certificate and the common name in it, and how stud's own certificate was made.",
    group: "Backend preface",
  },
  {
    name: "proxy-authority",
    key: "proxy-authority",
    type: { kind: "flag" },
    onlyFor: "incoming",
    default: "on",
    help: "With --write-proxy-v2, tell the server name that the client asked for (SNI).",
    group: "Backend preface",
  },
  {
    name: "proxy-client-cert",
    key: "proxy-client-cert",
    type: { kind: "flag" },
    onlyFor: "incoming",
    default: "off",
    help: "With --write-proxy-v2, pass on the client's certificate in PEM, as TLV 0xe0. The " +
      "header then has some KiB, for which nginx (client_header_buffer_size) and Varnish " +
      "(workspace_session) need larger buffers.",
    group: "Backend preface",
  },
  {
    name: "proxy-proxy",
    key: "proxy-proxy",
    type: { kind: "flag" },
    onlyFor: "incoming",
    default: "off",
    needs: "openssl",
    help: "Every client sends a PROXY protocol header, version 1 or 2, in clear before its TLS " +
      "handshake, which is passed to the backend as it is. For clients that all come through a " +
      "proxy: anybody else could claim any address.",
    group: "Backend preface",
  },
  {
    name: "ssl-handshake-timeout",
    key: "ssl-handshake-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: DAY },
    onlyFor: "incoming",
    default: "30",
    help: "How long a client may take for its TLS handshake, and for the PROXY header that comes " +
      "before it with --proxy-proxy.",
    group: "Timeouts",
  },
  {
    name: "backend-connect-timeout",
    key: "backend-connect-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: DAY },
    default: "30",
    help: "How long connecting to the backend may take, with --client its TLS handshake included.",
    group: "Timeouts",
  },
  {
    name: "linger-timeout",
    key: "linger-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0.1, maximum: DAY },
    default: "30",
    help:
      "How long one side may hold a connection without progress after the other side has ended.",
    group: "Timeouts",
  },
  {
    name: "stall-timeout",
    key: "stall-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: DAY },
    default: "300",
    help: "How long a client or the backend may take none of the data that waits for it. 0 means " +
      "for ever. A connection that is merely idle is never ended.",
    group: "Timeouts",
  },
  {
    name: "drain-timeout",
    key: "drain-timeout",
    hitch: { default: "0" },
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: 7 * DAY },
    default: "30",
    help: "How long open connections may go on after TERM. 0 ends them at once.",
    group: "Timeouts",
  },
  {
    name: "worker-timeout",
    key: "worker-timeout",
    valueName: "SECONDS",
    type: { kind: "seconds", minimum: 0, maximum: DAY },
    default: "5",
    help:
      "How long a worker may hang before it is killed and replaced. One that starts, or takes a new " +
      "configuration, has a minute while it works. 0 means for ever, as a debugger needs it.",
    group: "Timeouts",
  },
  {
    name: "workers",
    abbreviation: "worker",
    short: "n",
    key: "workers",
    valueName: "N|auto",
    type: { kind: "number", minimum: 1, maximum: 1024, words: ["auto"] },
    default: "1",
    help: "Worker processes; auto is one per CPU.",
    brief: "worker processes; auto is one per CPU",
    group: "Processes",
  },
  {
    name: "takeover",
    key: undefined,
    valueName: "PID|FILE",
    type: { kind: "text" },
    default: undefined,
    help:
      "Take the place of the stud with this process id, or with the one in this pidfile: listen " +
      "on its addresses beside it, as the same user, and have it drain once this one serves. No " +
      "connection is lost. A process that neither is a stud on one of these addresses nor holds " +
      "the pidfile is left alone, and this stud does not start.",
    brief: "take the place of a running stud",
    group: "Processes",
    notOn: {
      node:
        "Node cannot steer new connections away from sockets that close, so some would be lost; stop the " +
        "other stud first, or use stud's executable",
    },
  },
  {
    name: "chroot",
    short: "r",
    key: "chroot",
    valueName: "DIR",
    type: { kind: "text" },
    default: undefined,
    help: "Directory that workers change their root to after they listen. Needs root.",
    brief: "the root directory that they get",
    group: "Processes",
    notOn: { node: "Node cannot change its root; stud's executable can" },
  },
  {
    name: "user",
    short: "u",
    key: "user",
    valueName: "USER",
    type: { kind: "text" },
    default: undefined,
    help:
      "User that workers become after they listen, with this user's group unless --group says " +
      "otherwise. Needs root.",
    brief: "the user that workers become",
    group: "Processes",
  },
  {
    name: "group",
    short: "g",
    key: "group",
    valueName: "GROUP",
    type: { kind: "text" },
    default: undefined,
    help: "Group that workers take after they listen. Needs root.",
    group: "Processes",
  },
  {
    name: "sandbox",
    key: "sandbox",
    type: { kind: "flag" },
    default: "on",
    help:
      "Confine workers once they serve, on Linux: no files, no programs, no rights that serving " +
      "does not need, and only part of the environment. Turn it off to debug them. See " +
      "docs/security.md.",
    group: "Processes",
  },
  {
    name: "daemon",
    key: "daemon",
    type: { kind: "flag" },
    default: "off",
    help:
      "Go to the background, into a session of its own, and return once the workers serve, or " +
      "with the reason if they cannot. The log then goes to --log-filename or, without it, to " +
      "syslog.",
    brief: "run in the background",
    group: "Processes",
  },
  {
    name: "pidfile",
    short: "p",
    key: undefined,
    valueName: "FILE",
    type: { kind: "text" },
    default: undefined,
    help:
      "Write the process id to FILE, keep the file locked, and remove it at the end. A second " +
      "stud with the same FILE does not start.",
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
    help: "Log errors only, like --log-level 0.",
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
    help: "What to log: 0 is errors only, 1 also warnings and what stud does, 2 also a line for " +
      "each connection that has ended.",
    group: "Logging",
  },
  {
    name: "log-filename",
    short: "l",
    key: "log-filename",
    valueName: "FILE",
    type: { kind: "text" },
    default: undefined,
    help: "Append the log to FILE instead of writing it to standard output and standard error. " +
      "FILE is reopened on HUP, and when it has been renamed or removed.",
    brief: "write the log to FILE",
    group: "Logging",
  },
  {
    name: "syslog",
    short: "s",
    key: "syslog",
    type: { kind: "flag" },
    default: "off",
    help: "Log to syslog as well as to standard output and standard error, or --log-filename.",
    brief: "send the log to syslog too",
    group: "Logging",
    notOn: {
      node:
        "Node has no unix datagram sockets; let the service manager or logger(1) take standard " +
        "output, or use stud's executable",
    },
  },
  {
    name: "syslog-facility",
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
    key: "access-log",
    valueName: "FILE",
    type: { kind: "text" },
    default: undefined,
    help: "Write a line for every connection when it ends: to FILE, or to standard output if it " +
      "is -. The file is opened again after its rotation. See docs/access-log.md.",
    group: "Logging",
  },
  {
    name: "access-log-format",
    key: "access-log-format",
    valueName: "FORMAT",
    type: { kind: "choice", choices: ["text", "json"] },
    default: "text",
    help: "Format of these lines: text (fields as key=value) or json (an object per line).",
    group: "Logging",
  },
  {
    name: "config",
    key: undefined,
    valueName: "FILE",
    type: { kind: "text" },
    once: true,
    default: undefined,
    help: "Read options from FILE, or from standard input if it is -. The command line wins.",
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
      "With hitch, do as hitch does wherever the two differ, so that its command line and its " +
      "configuration file can be used as they are. It is the default of a program called hitch.",
    group: "Other",
  },
  {
    name: "default-config",
    key: undefined,
    type: { kind: "flag" },
    default: "off",
    help: "Print a configuration file that holds every default, and exit.",
    group: "Other",
  },
  {
    name: "completion",
    key: undefined,
    valueName: "SHELL",
    type: { kind: "choice", choices: ["bash", "zsh", "fish"] },
    default: undefined,
    help: "Print what lets a shell complete this command line, bash, zsh or fish, and exit.",
    group: "Other",
  },
  {
    name: "test",
    short: "t",
    key: undefined,
    type: { kind: "flag" },
    default: "off",
    help: "Check the configuration, and that stud can start by it: files, users, addresses, the " +
      "process to take over from. Then exit, with nothing made, opened or signalled. A port or a " +
      "pidfile that a running stud has is a warning.",
    brief: "check the configuration and exit",
    group: "Other",
  },
  {
    name: "dbg-listen",
    key: undefined,
    valueName: "FILE",
    type: { kind: "text" },
    default: undefined,
    help:
      "Once stud serves, write the IPv4 addresses it listens on to FILE, as IP:PORT, a line each.",
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
      "Print the options that are needed first, and exit. With an option's name, what it means; " +
      "with all, every option.",
    brief: "explain an option, or list all of them",
    group: "Other",
  },
  {
    name: "ring-slots",
    key: "ring-slots",
    valueName: "N",
    type: { kind: "text" },
    default: undefined,
    obsolete: "stud has no rings of buffers; their memory grows and shrinks with the traffic",
    help: "Number of buffers in a ring.",
    group: "Other",
  },
  {
    name: "ring-data-len",
    key: "ring-data-len",
    valueName: "OCTETS",
    type: { kind: "text" },
    default: undefined,
    obsolete: "stud has no rings of buffers; their memory grows and shrinks with the traffic",
    help: "Size of a buffer in a ring.",
    group: "Other",
  },
] as const satisfies readonly Option[];

type Row = typeof table[number];

/** The long name of an option in the table. */
export type OptionName = Row["name"];

/** Names of the options whose type is one of `Kind`. */
export type NameOfKind<Kind extends OptionType["kind"]> = Extract<
  Row,
  { readonly type: { readonly kind: Kind } }
>["name"];

const rows: readonly Option<OptionName>[] = table;

const everywhere = rows.filter((option) => !isBlockOnly(option));

/** Every option, in the order help shows them; without what stands only inside a block, and what is of no use. */
export const OPTIONS = everywhere.filter((option) => option.obsolete === undefined);

/** What is accepted with a warning. */
export const OBSOLETE_OPTIONS = everywhere.filter((option) => option.obsolete !== undefined);

/** What may stand inside a pem-file block. */
export const PEM_BLOCK_OPTIONS = rows.filter((option) => option.pemBlock !== undefined);

/** What may stand inside a frontend block. */
export const FRONTEND_BLOCK_OPTIONS = rows.filter((option) => option.frontendBlock !== undefined);

/** A block of the configuration file: the keys in braces that may stand in the place of a value. */
export interface Block {
  readonly key: "pem-file" | "frontend";
  readonly options: readonly Option<OptionName>[];
  /** What its keys are for. */
  readonly scope: string;
  /** The key that must be there. */
  readonly required: OptionName;
}

/** Every kind of block. */
export const BLOCKS: readonly Block[] = [
  { key: "pem-file", options: PEM_BLOCK_OPTIONS, scope: "this certificate", required: "cert" },
  { key: "frontend", options: FRONTEND_BLOCK_OPTIONS, scope: "this frontend", required: "port" },
];

/** Whether an option stands inside of blocks alone. */
export function isBlockOnly(option: Option): boolean {
  return option.pemBlock === "only" || option.frontendBlock === "only";
}

const byName = new Map(rows.map((option) => [option.name, option]));

/** The row of `name`. */
export function optionNamed(name: OptionName): Option<OptionName> {
  return byName.get(name)!;
}

/** How messages call an option of the command line: `-n/--workers`, `--tls`. */
export function optionLabel(option: Option): string {
  return option.short === undefined ? `--${option.name}` : `-${option.short}/--${option.name}`;
}

/** The sentences for the operator, with those that name the engine or the platform that alone can do it. */
export function optionHelp(option: Option): string {
  return [option.help, ...needSentence(option), ...placeSentence(option)].join(" ");
}

function placeSentence({ notOn }: Option): string[] {
  return notOn === undefined ? [] : ["Not under Node."];
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
  if (needsFor === "incoming") return ["Needs OpenSSL, but not with --client."];
  if (type.kind === "flag" && fallback === "on") return ["Off needs OpenSSL."];
  const alwaysGiven = type.kind !== "flag" && fallback !== undefined;
  return [alwaysGiven ? "Anything but the default needs OpenSSL." : "Needs OpenSSL."];
}
