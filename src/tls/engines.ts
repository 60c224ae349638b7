/**
 * The TLS engines: what each can do, and how to create it. What is special about one is in its folder and in its
 * row here. The rest of stud asks what an engine can do, never which one it is. Only the engine that is used is
 * loaded, so a worker's startup time and memory do not pay for the others.
 */

import type { Runtime, TlsLibraryName } from "../runtime/runtime.ts";
import type { TlsDialer } from "./dialer.ts";
import type { TlsEngine } from "./engine.ts";
import type { OutgoingConfiguration, TlsConfiguration } from "./tls_configuration.ts";

/** What an engine can do. The option table lists the options it supports. */
export interface EngineCapabilities {
  /** Serves several certificates, and chooses by name and by what a client can verify. */
  readonly manyCertificates: boolean;
  /** Accepts keys of every kind, cipher lists and DH parameters; otherwise it refuses what is old or rare. */
  readonly everyKey: boolean;
  /** Sees ClientHellos and the bytes before them: it reports names and reads PROXY headers. */
  readonly seesHello: boolean;
  /** Requests client certificates, and reports their names. */
  readonly clientCertificates: boolean;
  /** Staples OCSP responses: only to certificates that are served alone, or also to several for the same name. */
  readonly staples: "none" | "alone" | "always";
  /** Every worker can resume the sessions of every other; otherwise a client can resume only with the same worker. */
  readonly sharesSessions: boolean;
  /** The authorities it trusts for backends by default: the machine's, built-in ones, or none. */
  readonly ownAuthorities: "machine" | "built-in" | "none";
  /** Named authorities are trusted in addition to its own, unless the process belongs to stud alone. */
  readonly addsAuthorities: boolean;
  /** Checks backends against revocation lists. */
  readonly revokesBackends: boolean;
  /** Keeps the keys that it has had; otherwise it needs them again with every configuration. */
  readonly keepsKeys: boolean;
  /** Its backend connections are the platform's, so unencrypted listeners must be the platform's too. */
  readonly platformSockets: boolean;
  /** Runs the host's native code in this process. A supervisor and other programs avoid that. */
  readonly foreignCode: boolean;
  /** The supervisor checks the certificates with it before it starts workers. */
  readonly checksEarly: boolean;
  /** Fields of the access log that it does not report. */
  readonly unreported: readonly string[];
  /** What would report them. */
  readonly reportedBy?: string;
}

/** One engine. */
export interface EngineRow extends EngineCapabilities {
  /** Opens its library and returns the version. Throws {@linkcode StartupError} if the library cannot be opened. */
  version(runtime: Runtime): string;
  /** Creates the engine that serves clients. Rejects with {@linkcode StartupError}. */
  engine(runtime: Runtime, configuration: TlsConfiguration): Promise<TlsEngine>;
  /**
   * Creates the dialer for TLS to the backend. For `ownProcess` see `makeEngine`. Rejects with
   * {@linkcode StartupError}.
   */
  dialer(
    runtime: Runtime,
    configuration: OutgoingConfiguration,
    ownProcess: boolean,
  ): Promise<TlsDialer>;
}

/** Common to OpenSSL, whether it is the host's or Node's. */
const OPENSSL = {
  manyCertificates: true,
  everyKey: true,
  seesHello: true,
  clientCertificates: true,
  sharesSessions: true,
  addsAuthorities: false,
  revokesBackends: true,
  keepsKeys: true,
  platformSockets: false,
  checksEarly: false,
} as const satisfies Partial<EngineCapabilities>;

/** All engines. */
export const ENGINES: Readonly<Record<TlsLibraryName, EngineRow>> = {
  rustls: {
    manyCertificates: false,
    everyKey: false,
    seesHello: false,
    clientCertificates: false,
    staples: "none",
    sharesSessions: false,
    ownAuthorities: "machine",
    addsAuthorities: true,
    revokesBackends: false,
    keepsKeys: false,
    platformSockets: true,
    foreignCode: false,
    checksEarly: true,
    unreported: ["sni", "tls", "cipher", "group", "resumed", "alpn", "ja4", "client_subject"],
    reportedBy: "--tls-library=openssl",
    version: (runtime) => `bundled with ${runtime.version}`,
    async engine(runtime, configuration) {
      const { createRustlsEngine } = await import("./rustls/engine.ts");
      return createRustlsEngine(runtime, configuration);
    },
    async dialer(runtime, configuration, ownProcess) {
      const { createRustlsDialer } = await import("./rustls/dialer.ts");
      return createRustlsDialer(runtime, configuration, ownProcess);
    },
  },
  openssl: {
    ...OPENSSL,
    staples: "always",
    ownAuthorities: "none",
    foreignCode: true,
    unreported: [],
    version: (runtime) => runtime.openOpenSsl().version,
    async engine(runtime, configuration) {
      const { openHostLibrary } = await import("./openssl/host_library.ts");
      return await onOpenSsl(runtime, configuration, openHostLibrary(runtime, configuration));
    },
    async dialer(runtime, configuration) {
      const { openHostLibrary } = await import("./openssl/host_library.ts");
      return await toBackend(runtime, configuration, openHostLibrary(runtime, configuration));
    },
  },
  node: {
    ...OPENSSL,
    staples: "alone",
    ownAuthorities: "built-in",
    foreignCode: false,
    unreported: ["group"],
    reportedBy: "stud's executable",
    version: (runtime) => runtime.openStreamTls().version,
    engine: async (runtime, configuration) =>
      await onOpenSsl(runtime, configuration, runtime.openStreamTls()),
    dialer: async (runtime, configuration) =>
      await toBackend(runtime, configuration, runtime.openStreamTls()),
  },
};

/** The engine of a configuration. `missing`: why its library cannot be opened; undefined if it can. */
export function servingEngine(
  { library, orElse }: Pick<TlsConfiguration, "library" | "orElse">,
  missing: string | undefined,
): EngineRow {
  return ENGINES[missing === undefined ? library : orElse ?? library];
}

async function onOpenSsl(
  ...made: Parameters<typeof import("./openssl/engine.ts").createOpenSslEngine>
): Promise<TlsEngine> {
  const { createOpenSslEngine } = await import("./openssl/engine.ts");
  return createOpenSslEngine(...made);
}

async function toBackend(
  ...made: Parameters<typeof import("./openssl/dialer.ts").createOpenSslDialer>
): Promise<TlsDialer> {
  const { createOpenSslDialer } = await import("./openssl/dialer.ts");
  return createOpenSslDialer(...made);
}
