/** The library: a proxy inside the calling program, without supervisor, workers or signals. */

import type { OptionName } from "./config/options.ts";
import { parseSettings } from "./config/parse_settings.ts";
import type { RawValue } from "./config/raw_values.ts";
import type {
  ClientVerify,
  PrefaceKind,
  Settings,
  TlsLibraryName,
  TlsProtocol,
} from "./config/settings.ts";
import { UsageError } from "./errors.ts";
import type { ConnectionReport } from "./log/access_line.ts";
import { studLogger } from "./log/library_log.ts";
import type { Counters } from "./proxy/counters.ts";
import { Proxy } from "./proxy/proxy.ts";
import type { Runtime } from "./runtime/runtime.ts";
import type { SocketAddress } from "./wire/preface.ts";
import { BackendRefresh } from "./supervisor/backend_refresh.ts";
import { betterLibrary } from "./supervisor/better_library.ts";
import { makePlan, tlsConfigurations } from "./supervisor/plan.ts";
import { claimPorts, workerFrontends } from "./supervisor/ports.ts";
import { makeTlsPlan } from "./supervisor/tls_plan.ts";
import { checkCertificate } from "./tls/certificate.ts";
import type { TlsEngine } from "./tls/engine.ts";
import { makeEngine } from "./tls/make_engine.ts";
import type { TlsConfiguration } from "./tls/tls_configuration.ts";

/**
 * What to listen on, where to relay, and as whom. One of `pem`, `pemFile`, `pemDir` and `selfSigned` is needed,
 * unless TLS goes to the backend (`client`). TLS is done under Deno by its rustls unless an option or a certificate
 * needs OpenSSL, under Node by `node:tls`. The command prefers OpenSSL on Linux, for it does that on an event loop of its own,
 * which a program that is somebody else's cannot have.
 */
export interface TerminateOptions {
  /**
   * `HOST,PORT` or `[HOST]:PORT`, or several; port 0 lets the system choose. Default `*,8443`. With `+` and the
   * path of a PEM file behind it, a frontend has that certificate and no other. A {@linkcode LimitedFrontend} has
   * limits of its own.
   */
  readonly frontend?: string | LimitedFrontend | readonly (string | LimitedFrontend)[];
  /** `HOST,PORT`, `[HOST]:PORT` or the path of a unix socket. Default `127.0.0.1,8000`. */
  readonly backend?: string;
  /**
   * The other way round: plaintext comes in, TLS goes to the backend, whose certificate is verified. `pem` or
   * `pemFile` is then shown to a backend that asks for a certificate. Default false.
   */
  readonly client?: boolean;
  /**
   * With `client`: path of a PEM file with the authorities that the backend's certificate must be from. Under Deno
   * it needs OpenSSL, since rustls trusts those of the whole program besides. Otherwise the machine's; rustls
   * trusts whom the program trusts.
   */
  readonly backendCa?: string;
  /** With `client`: the DNS name or IP address that certificate must be for. Default: the backend's host. */
  readonly backendName?: string;
  /** With `client`: false believes anybody. Default true. */
  readonly backendVerify?: boolean;
  /** PEM text: certificate, chain and private key. */
  readonly pem?: string;
  /** Path of a file with such text, or several: the last one is for clients that ask for no name. */
  readonly pemFile?: string | readonly string[];
  /** Path of a directory of such files. */
  readonly pemDir?: string;
  /** Paths of files with the keys of certificates whose own files have none. */
  readonly privateKeyFile?: string | readonly string[];
  /** The DNS name or IP address for a certificate made in memory, for trials. */
  readonly selfSigned?: string;
  /** `rustls` and `openssl` are Deno's, `node` is Node's. Default `auto`: rustls until an option needs OpenSSL. */
  readonly tlsLibrary?: "auto" | TlsLibraryName;
  /** Default TLS 1.2 and 1.3. */
  readonly tlsProtocols?: readonly TlsProtocol[];
  /** OpenSSL's cipher list for TLS 1.2 and older. */
  readonly ciphers?: string;
  /** OpenSSL's list of TLS 1.3 cipher suites. */
  readonly ciphersuites?: string;
  /** OpenSSL's list of groups. */
  readonly ecdhCurve?: string;
  /** Choose the cipher by the server's order. Default false. */
  readonly preferServerCiphers?: boolean;
  /** By preference (RFC 7301); a client that offers others only is refused. */
  readonly alpnProtocols?: readonly string[];
  /** Refuse clients that ask for a name which no certificate is for. Default false. */
  readonly sniNomatchAbort?: boolean;
  /** Whether clients must show a certificate. Default `none`. */
  readonly clientVerify?: ClientVerify;
  /** Path of a file with the authorities that such certificates must be from. */
  readonly clientVerifyCa?: string;
  /** Path of a file with the revocation lists of these authorities. */
  readonly clientVerifyCrl?: string;
  /**
   * Common names, one or more: only clients whose certificate has one of them, or of `allowSan`, may connect. Needs
   * `clientVerify: "required"`.
   */
  readonly allowCn?: string | readonly string[];
  /** The same with alternative names: `DNS:NAME`, where `*` may stand for the first label, `URI:URI`, `email:ADDRESS`. */
  readonly allowSan?: string | readonly string[];
  /** Path of a file with the secret that ticket keys are derived from. */
  readonly ticketSecretFile?: string;
  /**
   * What the backend reads first. `proxy-proxy`: a PROXY header that every client sends before its TLS handshake.
   * Default `none`.
   */
  readonly preface?: PrefaceKind;
  /** With `proxy-v2`: tell what the TLS handshake agreed on. Default true. */
  readonly proxyTlv?: boolean;
  /** With `proxy-v2`: tell the server name that the client asked for. Default true. */
  readonly proxyAuthority?: boolean;
  /** With `proxy-v2`: pass on the client's certificate. Default false. */
  readonly proxyClientCert?: boolean;
  /** listen(2); Linux only. Default 100. */
  readonly backlog?: number;
  /**
   * Unfinished handshakes at most; more clients wait in the kernel's queue, and the oldest handshake that has taken
   * more than 2 seconds gives way. Not under Node. Default 256.
   */
  readonly maxHandshakes?: number;
  /**
   * Connections open at a time; more clients wait in the kernel's queue, or take the place of a handshake that has
   * taken more than 0.25 seconds. Default 0: no limit.
   */
  readonly maxConnections?: number;
  /**
   * Connections that each client (an IPv4 address, or an IPv6 network of 64 bits; with `proxy-proxy` the one in the
   * PROXY header) may have open at a time; more are reset before TLS begins. Default 0: no limit.
   */
  readonly maxConnectionsPerClient?: number;
  /** Seconds until an idle client is probed (TCP_KEEPIDLE); Linux only. Default 3600. */
  readonly keepalive?: number;
  /** TCP Fast Open for clients (RFC 7413); Linux only, not under Node. Default false. */
  readonly tcpFastOpen?: boolean;
  /** Octets of a client connection's receive buffer (SO_RCVBUF); Linux only, not under Node. */
  readonly receiveBuffer?: number;
  /** Octets of its send buffer (SO_SNDBUF), likewise. */
  readonly sendBuffer?: number;
  /** Seconds between look-ups of the backend's host name. Default 0: at the start only. */
  readonly backendRefresh?: number;
  /** Seconds. Default 30. */
  readonly handshakeTimeout?: number;
  /** Seconds. Default 30. */
  readonly backendConnectTimeout?: number;
  /** Seconds without progress after one side has ended. Default 30. */
  readonly lingerTimeout?: number;
  /** Seconds that a peer may leave waiting data untaken; 0 means for ever. Default 300. */
  readonly stallTimeout?: number;
  /** Told of each connection when it has ended, however that was. What it throws is ignored. */
  readonly onConnection?: (connection: ConnectionReport) => void;
}

/** A frontend with limits of its own, besides what holds for all. */
export interface LimitedFrontend {
  /** As a frontend without limits is written. */
  readonly address: string;
  /** See {@linkcode TerminateOptions}. */
  readonly maxHandshakes?: number;
  readonly maxConnections?: number;
  readonly maxConnectionsPerClient?: number;
}

/** How {@linkcode Terminator.close} treats the clients that are still there. */
export interface CloseOptions {
  /** Seconds they may go on. Default 30; 0 resets them at once. */
  readonly drainTimeout?: number;
}

/** A running proxy. */
export interface Terminator {
  /** Where it listens; a frontend `*` or a name may stand for several. */
  readonly addresses: readonly SocketAddress[];
  /** A copy of the counters as they are now. */
  readonly counters: Readonly<Counters>;
  /** Stops listening, lets clients end, resets those left at the deadline. Resolves when all is closed. */
  close(options?: CloseOptions): Promise<void>;
}

/**
 * `terminate` of `mod.ts` on any runtime.
 *
 * @internal
 */
export async function terminateOn(
  runtime: Runtime,
  options: TerminateOptions,
): Promise<Terminator> {
  const parsed = parseSettings(rawValues(options), builtInFirst(runtime.tlsLibraries));
  checkTrust(parsed);
  const given = options.pem === undefined ? undefined : {
    certificates: [checkCertificate(options.pem, "pem")],
    defaultCertificate: 0,
  };
  const planFor = async (settings: Settings) =>
    await makePlan(
      settings,
      await makeTlsPlan(settings, runtime, given && { loaded: given }),
      runtime,
    );
  const first = await planFor(parsed);
  const better = await betterLibrary(parsed, tlsConfigurations(first), runtime);
  const settings = better === undefined ? parsed : { ...parsed, tlsLibrary: better };
  const plan = better === undefined ? first : await planFor(settings);
  const engines = new Map<TlsConfiguration, TlsEngine>();
  for (const tls of tlsConfigurations(plan)) engines.set(tls, await makeEngine(runtime, tls));
  for (const engine of engines.values()) await engine.check();
  const log = studLogger();
  if (better !== undefined) {
    log.info("TLS by OpenSSL because of {because}", { because: better.because });
  }
  const claimed = await claimPorts(plan, runtime);
  const { tls: general } = plan.configuration;
  const frontends = workerFrontends(claimed).map(({ tls = general, ...frontend }) => ({
    ...frontend,
    engine: engines.get(tls)!,
  }));
  const proxy = await Proxy.listen(
    runtime,
    {
      ...plan.configuration,
      ...{ frontends, reusePort: false, onConnection: options.onConnection },
      // Whatever else the calling program is, nobody shares the clients with it.
      workers: 1,
    },
    log,
  );
  proxy.serve();
  const { backendName, configuration: { backend } } = plan;
  const refresh = backendName && new BackendRefresh(
    ...[runtime.clock, log, backendName, backend] as const,
    (endpoints) => proxy.useBackend(endpoints),
  );
  return {
    addresses: proxy.addresses,
    get counters() {
      return { ...proxy.counters };
    },
    close: ({ drainTimeout }: CloseOptions = {}) => {
      refresh?.stop();
      return proxy.drain((drainTimeout ?? settings.drainTimeout) * 1000);
    },
  };
}

/** In a program that is somebody else's OpenSSL has no event loop of stud's to gain by, and would be foreign code. */
function builtInFirst(libraries: readonly TlsLibraryName[]): TlsLibraryName[] {
  return [...libraries].sort((one, other) => Number(other === "rustls") - Number(one === "rustls"));
}

/** In the workers of stud rustls can be told to trust nobody else, but not in a program that is somebody else's. */
function checkTrust({ backendTls, tlsLibrary }: Settings): void {
  if (backendTls?.ca === undefined || tlsLibrary.name !== "rustls") return;
  throw new UsageError(
    'backendCa: in your program rustls would trust other authorities too; add tlsLibrary: "openssl"',
  );
}

/** The options as the command line would have given them, so that defaults, ranges and errors are the same. */
function rawValues(options: TerminateOptions): Map<OptionName, RawValue[]> {
  const { frontend, backend, pem, pemFile, selfSigned, preface } = options;
  if (pem !== undefined && pemFile !== undefined) {
    throw new UsageError("pem and pemFile exclude each other; give one");
  }
  const values = new Map<OptionName, RawValue[]>();
  const give = (name: OptionName, origin: keyof TerminateOptions, ...texts: unknown[]) => {
    const given = texts.filter((text) => text !== undefined);
    if (given.length > 0) values.set(name, given.map((text) => ({ text: String(text), origin })));
  };
  if (frontend !== undefined) values.set("frontend", frontends(frontend));
  give("backend", "backend", backend);
  give("client", "client", options.client);
  give("backend-ca", "backendCa", options.backendCa);
  give("backend-name", "backendName", options.backendName);
  give("backend-verify", "backendVerify", options.backendVerify);
  give("pem-file", "pem", pem === undefined ? undefined : "pem");
  give("pem-file", "pemFile", ...[pemFile].flat());
  give("pem-dir", "pemDir", options.pemDir);
  give("private-key", "privateKeyFile", ...[options.privateKeyFile].flat());
  give("tls-library", "tlsLibrary", options.tlsLibrary);
  give("tls-protos", "tlsProtocols", options.tlsProtocols?.join(" "));
  give("ciphers", "ciphers", options.ciphers);
  give("ciphersuites", "ciphersuites", options.ciphersuites);
  give("ecdh-curve", "ecdhCurve", options.ecdhCurve);
  give("prefer-server-ciphers", "preferServerCiphers", options.preferServerCiphers);
  give("alpn-protos", "alpnProtocols", options.alpnProtocols?.join(","));
  give("sni-nomatch-abort", "sniNomatchAbort", options.sniNomatchAbort);
  give("client-verify", "clientVerify", options.clientVerify);
  give("client-verify-ca", "clientVerifyCa", options.clientVerifyCa);
  give("client-verify-crl", "clientVerifyCrl", options.clientVerifyCrl);
  give("allow-cn", "allowCn", ...someOrNone("allowCn", options.allowCn));
  give("allow-san", "allowSan", ...someOrNone("allowSan", options.allowSan));
  give("ticket-secret", "ticketSecretFile", options.ticketSecretFile);
  give("self-signed", "selfSigned", selfSigned);
  give("write-ip", "preface", preface === "ip" ? "on" : undefined);
  give("write-proxy", "preface", preface === "proxy-v1" ? "on" : undefined);
  give("write-proxy-v2", "preface", preface === "proxy-v2" ? "on" : undefined);
  give("proxy-proxy", "preface", preface === "proxy-proxy" ? "on" : undefined);
  give("proxy-tlv", "proxyTlv", options.proxyTlv);
  give("proxy-authority", "proxyAuthority", options.proxyAuthority);
  give("proxy-client-cert", "proxyClientCert", options.proxyClientCert);
  give("backlog", "backlog", options.backlog);
  give("max-handshakes", "maxHandshakes", options.maxHandshakes);
  give("max-connections", "maxConnections", options.maxConnections);
  give("max-connections-per-client", "maxConnectionsPerClient", options.maxConnectionsPerClient);
  give("keepalive", "keepalive", options.keepalive);
  give("tcp-fastopen", "tcpFastOpen", options.tcpFastOpen);
  give("recv-bufsize", "receiveBuffer", options.receiveBuffer);
  give("send-bufsize", "sendBuffer", options.sendBuffer);
  give("backend-refresh", "backendRefresh", options.backendRefresh);
  give("ssl-handshake-timeout", "handshakeTimeout", options.handshakeTimeout);
  give("backend-connect-timeout", "backendConnectTimeout", options.backendConnectTimeout);
  give("linger-timeout", "lingerTimeout", options.lingerTimeout);
  give("stall-timeout", "stallTimeout", options.stallTimeout);
  return values;
}

/** A program that has put a list together must not let everybody in because nobody is on it. */
function someOrNone(
  origin: keyof TerminateOptions,
  names: string | readonly string[] | undefined,
): readonly string[] {
  if (names === undefined) return [];
  const list = [names].flat();
  if (list.length > 0) return list;
  throw new UsageError(`${origin}: an empty list would let everybody in; leave it out to do that`);
}

function frontends(given: NonNullable<TerminateOptions["frontend"]>): RawValue[] {
  return [given].flat().map((one: string | LimitedFrontend): RawValue => {
    const origin = "frontend";
    if (typeof one === "string") return { text: one, origin };
    const limits = Object.entries(LIMITS).flatMap(([name, key]): [OptionName, RawValue[]][] =>
      one[key] === undefined ? [] : [[
        name as OptionName,
        [{ text: String(one[key]), origin: `${origin}: ${key}` }],
      ]]
    );
    return { text: one.address, origin, frontend: new Map(limits) };
  });
}

const LIMITS = {
  "max-handshakes": "maxHandshakes",
  "max-connections": "maxConnections",
  "max-connections-per-client": "maxConnectionsPerClient",
} as const satisfies Partial<Record<OptionName, keyof LimitedFrontend>>;
