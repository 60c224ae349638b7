/** Turns the operator's TLS settings into the configuration of engines: files into text, secrets into bytes. */

import type {
  EngineSettings,
  FrontendSettings,
  FrontendTls,
  Settings,
  TlsSettings,
} from "../config/settings.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { PlannedCertificate } from "./planned_certificate.ts";
import { CertificateIndex } from "../tls/certificate_index.ts";
import { ENGINES } from "../tls/engines.ts";
import { lowersSecurityLevel, oldProtocols } from "../tls/openssl/context_options.ts";
import type { ServedCertificate, TlsConfiguration } from "../tls/tls_configuration.ts";
import type { RevocationList } from "../x509/revocation_lists.ts";
import { readBackendTls } from "./backend_tls.ts";
import { type FilesAndClock, loadCertificates, type LoadedCertificates } from "./certificates.ts";
import { ClientRulesReader, revocationListsOf } from "./client_rules.ts";
import { HeldContent } from "./held_content.ts";
import { dhWarnings, rareKeyWarnings } from "./key_warnings.ts";
import { RecordedFiles, type Stamps } from "./recorded_files.ts";
import type { SpareKeys } from "./private_keys.ts";
import { type StaplingPlan, staplingPlan } from "../ocsp/stapling_plan.ts";
import { readTicketSecret } from "./ticket_secret.ts";

/** The configuration of engines, and what the operator should know about it. */
export interface TlsPlan {
  /** For every frontend that has none of its own. */
  readonly configuration: TlsConfiguration;
  /** For those that have their own, by their index in the settings. */
  readonly ofFrontends: readonly (TlsConfiguration | undefined)[];
  /** Every certificate that is served somewhere. */
  readonly certificates: readonly PlannedCertificate[];
  /** Every revocation list that clients are checked against. */
  readonly revocationLists: readonly RevocationList[];
  /** The files that it was made from, and their metadata. Stored OCSP responses are not among them. */
  readonly files: Stamps;
  /** Undefined if nothing can be stapled. */
  readonly stapling: StaplingPlan | undefined;
  /** Lines for the log; none of them stops the start. */
  readonly warnings: readonly string[];
  /** A line for each certificate that is bad, and not served as its file has it. */
  readonly quarantined: readonly string[];
  /** The content of the files beside the certificates, and a line for each that is now bad. */
  readonly held: HeldContent;
}

/** What the caller has already. */
export interface KnownTls {
  /** Certificates to serve instead of those that the settings name. */
  readonly loaded?: Pick<LoadedCertificates, "certificates" | "defaultCertificate">;
  /** What is served at present. Its bad successors go into quarantine, and generated secrets are kept. */
  readonly former?: TlsPlan;
  /** Why the TLS library does not serve a certificate, by fingerprint; only with `former`. */
  readonly refused?: ReadonlyMap<string, string>;
}

/**
 * Reads everything that TLS needs; certificates only if the caller has none. Rejects with
 * {@linkcode StartupError} that names file and cause.
 */
export async function makeTlsPlan(
  settings: Settings,
  platform:
    & Pick<Runtime, "files" | "clock" | "platform" | "variable">
    & Partial<Pick<Runtime, "kernel">>,
  { loaded, former, refused }: KnownTls = {},
): Promise<TlsPlan> {
  const files = new RecordedFiles(platform.files);
  const held = new HeldContent(former?.held);
  const runtime = {
    ...{ files, clock: platform.clock, unwatched: platform.files, held },
    // Asked for only then: it opens the C library.
    compactMemory: async () => await platform.kernel?.compactMemory?.(),
  };
  const variable = (name: string) => platform.variable(name);
  const sources = { files, variable, platform: platform.platform };
  const backend = await readBackendTls(settings, sources, held);
  const { ticketSecret: secretFile } = settings.sessions;
  const { general, own } = await readCertificates(settings, runtime, { loaded, former, refused });
  const ticketSecret = await held.read(
    `ticket secret ${secretFile}`,
    () => readTicketSecret(secretFile, runtime, former?.configuration.ticketSecret),
  );
  const rules = new ClientRulesReader(runtime.files, held);
  const configuration = async (tls: TlsSettings, certificates: LoadedCertificates) => ({
    ...common(settings, ticketSecret.secret),
    ...backend.configuration && { backend: backend.configuration },
    ...served(certificates),
    engine: tls.engine,
    clientRules: await rules.read(tls.clients),
  });
  const all: ServedTogether[] = [{ tls: settings, certificates: general }];
  const ofFrontends: (TlsConfiguration | undefined)[] = [];
  for (const [index, { tls }] of settings.frontends.entries()) {
    const certificates = own[index] ?? general;
    if (tls !== undefined) all.push({ tls, certificates });
    ofFrontends.push(tls && await configuration(tls, certificates));
  }
  const configured = await configuration(settings, general);
  const revocation = revocationListsOf(
    [configured, ...ofFrontends].filter((one) => one !== undefined),
    runtime.clock.date(),
  );
  const warnings = [
    ...revocation.warnings,
    ...rules.warnings,
    ...all.flatMap(({ certificates }) => certificates.warnings),
    ...backend.warnings,
    ...ticketSecret.warnings,
    ...all.flatMap(({ tls }) => loweredLevel(tls.engine)),
    ...engineWarnings(settings, all),
  ];
  const everyCertificate = [
    ...new Set(all.flatMap(({ certificates }) => certificates.certificates)),
  ];
  return {
    configuration: configured,
    ofFrontends,
    certificates: everyCertificate,
    revocationLists: revocation.lists,
    stapling: staplingPlan(everyCertificate, settings),
    files: files.stamps,
    warnings: [...new Set(warnings)],
    quarantined: [...new Set(all.flatMap(({ certificates }) => certificates.quarantined))],
    held,
  };
}

/** Settings, and the certificates that are served by them. */
interface ServedTogether {
  readonly tls: TlsSettings;
  readonly certificates: LoadedCertificates;
}

/** Warnings about what the chosen engine cannot do, or accepts without a word. */
function engineWarnings(settings: Settings, all: readonly ServedTogether[]): string[] {
  const { everyKey, staples } = ENGINES[settings.tlsLibrary.name];
  return [
    ...!everyKey ? [] : all.flatMap(({ tls, certificates: { certificates } }) => [
      ...dhWarnings(tls.engine, certificates),
      ...rareKeyWarnings(tls.engine, certificates),
    ]),
    ...sharedCache(settings),
    ...staples === "alone" ? all.flatMap(({ certificates }) => unstapled(certificates)) : [],
  ];
}

/** The general certificates, and those of the frontends that have their own, by their index in the settings. */
async function readCertificates(
  settings: Settings,
  runtime: FilesAndClock,
  known: KnownTls,
): Promise<{ general: LoadedCertificates; own: readonly (LoadedCertificates | undefined)[] }> {
  const { loaded, former, refused } = known;
  const spareKeys: SpareKeys[] = [];
  const collecting = (): FilesAndClock => {
    const ofThese: SpareKeys = new Map();
    spareKeys.push(ofThese);
    return { ...runtime, spareKeys: ofThese };
  };
  const hasOwn = ({ tls }: FrontendSettings) => tls && tls.pemFiles !== settings.pemFiles;
  const ofAll = () => settings.frontends.some(hasOwn) ? collecting() : runtime;
  const general = loaded !== undefined
    ? { warnings: [], quarantined: [], ...loaded }
    : settings.backend.tls !== undefined && settings.pemFiles.length === 0
    ? NO_CERTIFICATES
    : await loadCertificates(settings, ofAll(), former?.certificates, refused);
  const own: (LoadedCertificates | undefined)[] = [];
  for (const frontend of settings.frontends) {
    own.push(
      hasOwn(frontend)
        ? await ofFrontend(frontend.tls!, general, settings, collecting(), known)
        : undefined,
    );
  }
  const isGood = [general, ...own].every((one) => (one?.quarantined.length ?? 0) === 0);
  // A key that belongs to none of them may belong to one that is bad.
  if (isGood) refuseSpare(spareKeys);
  return { general, own };
}

/** Throws if a private key belongs to no certificate at all. */
function refuseSpare([first, ...others]: readonly SpareKeys[]): void {
  for (const [source, fault] of first ?? []) {
    if (others.every((one) => one.has(source))) throw fault;
  }
}

/** A frontend's own certificates, before the general ones if it wants them. */
async function ofFrontend(
  tls: FrontendTls,
  general: LoadedCertificates,
  settings: Settings,
  runtime: FilesAndClock,
  { former, refused }: KnownTls,
): Promise<LoadedCertificates> {
  const { privateKeys } = settings.certificates;
  const ownOnly = {
    ...{ pemDir: undefined, pemDirGlob: undefined, selfSigned: undefined },
    privateKeys,
  };
  const own = await loadCertificates(
    { ...settings, ...tls, certificates: ownOnly },
    runtime,
    former?.certificates,
    refused,
  );
  if (!tls.matchGlobalCerts) return own;
  return { ...own, certificates: [...own.certificates, ...general.certificates] };
}

/** What no frontend can have for itself. */
function common({ tlsLibrary }: Settings, ticketSecret: string) {
  return {
    library: tlsLibrary.name,
    ...tlsLibrary.orElse === undefined ? {} : { orElse: tlsLibrary.orElse },
    ...tlsLibrary.because === undefined ? {} : { because: tlsLibrary.because },
    ticketSecret,
  };
}

/** Without what only the supervisor needs. */
function served({ certificates, defaultCertificate }: LoadedCertificates) {
  return { certificates: certificates.map(servedCertificate), defaultCertificate };
}

/** One object for each certificate, however many frontends serve it. */
function servedCertificate(certificate: PlannedCertificate): ServedCertificate {
  const known = servedCertificates.get(certificate);
  if (known !== undefined) return known;
  const {
    subject: _,
    notBefore: _from,
    notAfter: _until,
    ocspOrigin: _origin,
    namesNoResponder: _none,
    remarks: _remarks,
    ...rest
  } = certificate;
  servedCertificates.set(certificate, rest);
  return rest;
}

const servedCertificates = new WeakMap<PlannedCertificate, ServedCertificate>();

/** `node:tls` is asked for a response before it is known which of several certificates a client gets. */
function unstapled({ certificates, defaultCertificate }: LoadedCertificates): string[] {
  if (certificates.length === 0) return [];
  const sets = new CertificateIndex(certificates, defaultCertificate).sets().filter((set) =>
    set.length > 1
  );
  const indexes = [...new Set(sets.flat())].filter((index) =>
    certificates[index]!.ocspResponse !== undefined
  );
  return indexes.map((index) =>
    `${
      certificates[index]!.source
    }: its OCSP response is not stapled: under Node stud staples only for names with ` +
    "one certificate; stud's executable staples for all"
  );
}

function loweredLevel(engine: EngineSettings): string[] {
  if (!lowersSecurityLevel(engine)) return [];
  const old = oldProtocols(engine.protocols);
  return [
    `${old.join(" and ")} ${
      old.length === 1 ? "needs" : "need"
    } SHA-1 signatures, so OpenSSL's security ` +
    "level is lowered to 0 for all clients; @SECLEVEL=N in -c/--ciphers sets another one",
  ];
}

/** What an operator who comes from stud or hitch may not expect. */
function sharedCache({ sessions: { sharedCache } }: Settings): string[] {
  if (sharedCache === 0) return [];
  return [
    `-C/--shared-cache ${sharedCache} has no effect: clients keep their sessions, as tickets that every ` +
    "worker can open",
  ];
}

/** A backend needs none. */
const NO_CERTIFICATES: LoadedCertificates = {
  certificates: [],
  defaultCertificate: 0,
  warnings: [],
  quarantined: [],
};
