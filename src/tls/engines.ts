/**
 * The TLS engines: what each can do, and how it is made. What is particular to one is in its folder and in its row
 * here, and the rest of stud asks for what an engine can, never which one it is. Only the one that is made is loaded:
 * a worker pays for what it uses, at its start and in memory.
 */

import type { Runtime, TlsLibraryName } from "../runtime/runtime.ts";
import type { TlsDialer } from "./dialer.ts";
import type { TlsEngine } from "./engine.ts";
import type { OutgoingConfiguration, TlsConfiguration } from "./tls_configuration.ts";

/** What an engine can do. Which options it knows is in the option table. */
export interface EngineCapabilities {
  /** Serves several certificates, and chooses by name and by what a client can verify. */
  readonly manyCertificates: boolean;
  /** Takes keys of every kind, cipher lists and DH parameters; else refuses what is old or rare. */
  readonly everyKey: boolean;
  /** Sees ClientHellos and what comes before them: it tells names, and reads PROXY headers. */
  readonly seesHello: boolean;
  /** Asks clients for certificates, and tells whose they are. */
  readonly clientCertificates: boolean;
  /** Staples OCSP responses: to certificates that are served alone, or with others for the same name too. */
  readonly staples: "none" | "alone" | "always";
  /** Every worker resumes the sessions of every other; else a client resumes only where it began. */
  readonly sharesSessions: boolean;
  /** What it trusts by itself of backends: the machine's authorities, some that are built in, or nobody's. */
  readonly ownAuthorities: "machine" | "built-in" | "none";
  /** Authorities that are named are trusted besides its own, unless the process is stud's. */
  readonly addsAuthorities: boolean;
  /** Verifies backends by revocation lists. */
  readonly revokesBackends: boolean;
  /** Its connections to the backend are the platform's, so what is beside them must be too. */
  readonly platformSockets: boolean;
  /** Code of the host's runs in this process, which a supervisor and programs of others are spared. */
  readonly foreignCode: boolean;
  /** The supervisor has it look at the certificates before there are workers. */
  readonly checksEarly: boolean;
}

/** One engine. */
export interface EngineRow extends EngineCapabilities {
  /** Opens its library, and tells which one it is. Throws {@linkcode StartupError} if it cannot be opened. */
  version(runtime: Runtime): string;
  /** Makes what serves clients. Rejects with {@linkcode StartupError}. */
  engine(runtime: Runtime, configuration: TlsConfiguration): Promise<TlsEngine>;
  /** Makes what begins TLS with the backend. `ownProcess` as `makeEngine` has it. Rejects with {@linkcode StartupError}. */
  dialer(
    runtime: Runtime,
    configuration: OutgoingConfiguration,
    ownProcess: boolean,
  ): Promise<TlsDialer>;
}

/** What is true of OpenSSL, whoever brings it. */
const OPENSSL = {
  manyCertificates: true,
  everyKey: true,
  seesHello: true,
  clientCertificates: true,
  sharesSessions: true,
  addsAuthorities: false,
  revokesBackends: true,
  platformSockets: false,
  checksEarly: false,
} as const;

/** All of them. */
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
    platformSockets: true,
    foreignCode: false,
    checksEarly: true,
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
    version: (runtime) => runtime.openStreamTls().version,
    engine: async (runtime, configuration) =>
      await onOpenSsl(runtime, configuration, runtime.openStreamTls()),
    dialer: async (runtime, configuration) =>
      await toBackend(runtime, configuration, runtime.openStreamTls()),
  },
};

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
