/**
 * Loads the certificates that the settings name, with their keys, OCSP responses and rules for clients, and reports
 * what an operator should know about them. Every fault is one line that names the file and the cause.
 */

import { optionNamed } from "../config/options.ts";
import type { CertificateSettings, PemFileSetting, Settings } from "../config/settings.ts";
import { counted } from "../counted.ts";
import { StartupError } from "../errors.ts";
import type { Files, Runtime } from "../runtime/runtime.ts";
import { checkCertificate, dateWarning } from "../x509/certificate_file.ts";
import { ENGINES } from "../tls/engines.ts";
import { CertificateIndex } from "../tls/certificate_index.ts";
import { makeSelfSigned } from "../x509/self_signed.ts";
import { isKeyUri } from "../wire/key_uri.ts";
import { readFiles } from "./certificate_files.ts";
import { directoryOf, modeWarnings } from "./file_mode.ts";
import { globMatcher } from "./glob.ts";
import { HeldContent } from "./held_content.ts";
import { rememberAlike } from "./known_certificates.ts";
import { mapBounded } from "./map_bounded.ts";
import { addNamedResponse, addStoredResponse, StoredResponses } from "./stored_ocsp_responses.ts";
import type { WithResponse } from "./stored_ocsp_responses.ts";
import {
  giveGoodKeys,
  giveKeys,
  isWithoutKey,
  READ_AT_ONCE,
  type SpareKeys,
} from "./private_keys.ts";
import { Quarantine } from "./quarantine.ts";
import type { PlannedCertificate, PlannedFile } from "./planned_certificate.ts";

/** What is served, and what to log about it. */
export interface LoadedCertificates {
  /** In the order listed: files first, then those of the directory by name. */
  readonly certificates: readonly PlannedCertificate[];
  /** The index of the default certificate: the last file, or without files the first of the directory. */
  readonly defaultCertificate: number;
  /** Lines the operator should read; none of them stops the start. */
  readonly warnings: readonly string[];
  /** A line for each certificate that is bad, and not served as its file has it. */
  readonly quarantined: readonly string[];
}

/** What of the platform is needed. */
export interface FilesAndClock extends Pick<Runtime, "files" | "clock"> {
  /** For stored OCSP responses. They are fetched again and again, so their files are not watched. */
  readonly unwatched?: Files;
  /** The former content of other files, for those that are now bad. */
  readonly held?: HeldContent;
  /** Collects private keys that belong to none of the certificates; without it they are an error. */
  readonly spareKeys?: SpareKeys;
  /** Collects garbage and returns memory to the system, for thousands of files. */
  readonly compactMemory?: () => Promise<void>;
}

/**
 * Reads or makes the certificates that the settings ask for. Rejects with {@linkcode StartupError}. If `former`, the
 * certificates served at present, is given, bad ones among many go into quarantine instead. So do those that the TLS
 * library refuses: `refused` has its reasons by fingerprint.
 */
export async function loadCertificates(
  settings: ServedSettings,
  runtime: FilesAndClock,
  former?: readonly PlannedCertificate[],
  refused: ReadonlyMap<string, string> = new Map(),
): Promise<LoadedCertificates> {
  const { certificates: sources, pemFiles } = settings;
  if (sources.selfSigned !== undefined) {
    return await selfSigned(sources.selfSigned, runtime, former);
  }
  const quarantine = new Quarantine(former, refused);
  const wanted = [...pemFiles, ...await filesOfDirectory(sources, runtime.files)];
  const { files, clock, held, compactMemory } = runtime;
  const options = {
    ...{ clients: settings.clients, files, clock, held, quarantine, compactMemory },
  };
  const read = await readFiles(wanted, options);
  const complete = await giveAllKeys(read, sources, runtime, quarantine);
  const found = wanted.flatMap((setting, index): FoundCertificate[] => {
    const own = complete[index];
    const certificate = (own && quarantine.accept(own)) ?? quarantine.former(setting.certificate);
    return certificate === undefined ? [] : [{ certificate, setting, index }];
  });
  if (found.length === 0 && quarantine.fault !== undefined) throw quarantine.fault;
  const isListed = ({ index }: FoundCertificate) => index < pemFiles.length;
  const defaultCertificate = Math.max(0, found.filter(isListed).length - 1);
  const certificates = found.map(({ certificate }) => certificate);
  const stapled = await addResponses(found, settings, runtime);
  const keyFiles = [
    ...wanted.flatMap((one, at) => keyFile(one, read[at])),
    ...sources.privateKeys,
  ];
  return {
    certificates: stapled.certificates,
    defaultCertificate,
    warnings: [
      ...certificates.flatMap(({ remarks = [] }) => remarks),
      ...dateWarnings(certificates, runtime.clock.date()),
      ...unreachableWarnings(certificates, defaultCertificate),
      ...await keyWarnings(keyFiles, runtime.files),
      ...stapled.warnings,
    ],
    quarantined: quarantine.lines,
  };
}

/** The settings that certificates are loaded by. */
export type ServedSettings = Pick<
  Settings,
  "certificates" | "clients" | "ocsp" | "pemFiles" | "tlsLibrary"
>;

/** A certificate, what the operator said about it, and its index in the list. */
interface FoundCertificate {
  readonly certificate: PlannedCertificate;
  readonly setting: PemFileSetting;
  readonly index: number;
}

async function selfSigned(
  name: string,
  runtime: FilesAndClock,
  former: readonly PlannedCertificate[] = [],
): Promise<LoadedCertificates> {
  // A reload alone is no reason to make another certificate.
  const same = former.find(({ source, names, subject }) =>
    source === "--self-signed" && (names.includes(name) || subject.includes(name))
  );
  const pem = same === undefined ? await makeSelfSigned(name, runtime.clock.date()) : undefined;
  return {
    certificates: [same ?? checkCertificate(pem!, "--self-signed")],
    defaultCertificate: 0,
    quarantined: [],
    warnings: [
      `--self-signed: made a certificate for ${name} in memory; no client trusts it, so use it for ` +
      "testing only",
    ],
  };
}

async function filesOfDirectory(
  { pemDir, pemDirGlob }: CertificateSettings,
  files: Files,
): Promise<PemFileSetting[]> {
  if (pemDir === undefined) return [];
  const all = await files.list(pemDir);
  if (all === undefined) throw new StartupError(`${pemDir}: no such directory`);
  const visible = all.filter((name) => !name.startsWith("."));
  const names = pemDirGlob === undefined ? visible : visible.filter(globMatcher(pemDirGlob));
  if (names.length === 0) {
    throw new StartupError(
      visible.length === 0
        ? `${pemDir}: the directory is empty; put PEM files in it`
        : `${pemDir}: ${pemDirGlob} matches none of its ${counted(visible.length, "file")}`,
    );
  }
  const start = pemDir.endsWith("/") ? pemDir : `${pemDir}/`;
  return names.sort().map((name) => ({ certificate: `${start}${name}` }));
}

/** The results have the indexes of the files. */
async function giveAllKeys(
  read: readonly (PlannedCertificate | PlannedFile | undefined)[],
  { privateKeys }: CertificateSettings,
  { files, spareKeys }: FilesAndClock,
  quarantine: Quarantine,
): Promise<(PlannedCertificate | undefined)[]> {
  const present = read.filter((one) => one !== undefined);
  let given: (PlannedCertificate | undefined)[];
  try {
    const onFault = ({ source }: PlannedFile, error: unknown) => quarantine.add(source, error);
    given = await giveKeys(present, privateKeys, files, onFault, spareKeys);
  } catch (error) {
    given = await giveGoodKeys(present, privateKeys, files);
    given.forEach((one, index) => {
      if (one === undefined) quarantine.add(present[index]!.source, error);
    });
    // A key may be unused because its certificate is bad.
    if (quarantine.fault === undefined) throw error;
  }
  let next = 0;
  return read.map((one) => one === undefined ? undefined : given[next++]);
}

async function addResponses(
  wanted: readonly FoundCertificate[],
  settings: ServedSettings,
  runtime: FilesAndClock,
): Promise<Pick<LoadedCertificates, "certificates" | "warnings">> {
  const { files, clock, unwatched = files, held = new HeldContent() } = runtime;
  const found = await storedResponses(settings, unwatched);
  const certificates = wanted.map(({ certificate }) => certificate);
  const warnings: (string | undefined)[] = [found.warning];
  const read = async (index: number): Promise<WithResponse> => {
    const { certificate, setting } = wanted[index]!;
    const { ocspResponse: named, ocspVerifyStaple: verify = settings.ocsp.verifyStaple } = setting;
    const reader = { files, clock, verify };
    if (named !== undefined) return await addNamedResponse(certificate, named, reader, held);
    const path = found.stored.pathFor(certificate.source)!;
    return await addStoredResponse(certificate, path, { ...reader, files: unwatched });
  };
  const indexes = wanted.flatMap(({ certificate: { source }, setting }, index) =>
    setting.ocspResponse ?? found.stored.pathFor(source) ? [index] : []
  );
  const results = await mapBounded(indexes, READ_AT_ONCE, read);
  for (const [at, { certificate, warning }] of results.entries()) {
    const index = indexes[at]!;
    rememberAlike(certificate, certificates[index]!);
    certificates[index] = certificate;
    warnings.push(warning);
  }
  return { certificates, warnings: warnings.filter((warning) => warning !== undefined) };
}

/**
 * The content of the directory of stored responses. Responses may not be wanted, and not every engine can staple them.
 */
async function storedResponses(
  { ocsp: { directory: ocspDir }, tlsLibrary }: ServedSettings,
  files: Files,
): Promise<{ stored: StoredResponses; warning?: string }> {
  const nothing = new StoredResponses(ocspDir, []);
  if (ENGINES[tlsLibrary.name].staples === "none" || ocspDir === "") return { stored: nothing };
  try {
    const names = await files.list(ocspDir);
    if (names !== undefined) return { stored: new StoredResponses(ocspDir, names) };
    // hitch's directory does not exist on every machine.
    if (ocspDir === optionNamed("ocsp-dir").default) return { stored: nothing };
    return {
      stored: nothing,
      warning: `--ocsp-dir ${ocspDir}: no such directory; nothing is stapled from it`,
    };
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    return { stored: nothing, warning: `--ocsp-dir ${error.message}; nothing is stapled from it` };
  }
}

function dateWarnings(certificates: readonly PlannedCertificate[], today: Date): string[] {
  const warnings = certificates.map((certificate) => dateWarning(certificate, today))
    .filter((warning) => warning !== undefined);
  return summary(warnings, "certificates have expired, expire soon or are not valid yet");
}

function unreachableWarnings(
  certificates: readonly PlannedCertificate[],
  defaultCertificate: number,
): string[] {
  const index = new CertificateIndex(certificates, defaultCertificate);
  const reachable = index.reachable();
  const warnings = certificates.filter((_, index) => !reachable.has(index)).map((certificate) => {
    const { keyType, names: [name], source } = certificate;
    const start = `${source}: the certificate is never served`;
    if (name === undefined) return `${start}: it has no DNS name and is not the default`;
    const other = certificates.find((one) => one.keyType === keyType && one.names.includes(name));
    return `${start}: ${other?.source} comes before it and is for ${name} too`;
  });
  return summary(warnings, "certificates are never served");
}

/** A few warnings unchanged, many as one. */
function summary(warnings: string[], whatTheyAre: string): string[] {
  if (warnings.length <= MAX_WARNINGS) return warnings;
  return [`${warnings.length} ${whatTheyAre}; the first: ${warnings[0]}`];
}

/** The file that a certificate's key was read from: the key's own, or the certificate's. */
function keyFile(
  { certificate, privateKey }: PemFileSetting,
  read: PlannedCertificate | PlannedFile | undefined,
): string[] {
  if (privateKey !== undefined) return [privateKey];
  return read === undefined || isWithoutKey(read) ? [] : [certificate];
}

async function keyWarnings(pathsAndUris: readonly string[], files: Files): Promise<string[]> {
  const paths = [...new Set(pathsAndUris)].filter((path) => !isKeyUri(path));
  const why = "anyone who reads the private key in it can impersonate this server";
  const warnings: string[] = [];
  // Thousands of files may be in one directory.
  const directories = new Map<string, number | undefined>();
  const modeOf = (path: string) => files.mode(path).catch(() => undefined);
  for (const path of paths) {
    const mode = await modeOf(path);
    const directory = directoryOf(path);
    if (!directories.has(directory)) directories.set(directory, await modeOf(directory));
    const around = directories.get(directory);
    warnings.push(...modeWarnings(path, { mode, around }, why, { groupMayRead: true }));
  }
  return summary(warnings, "private keys are accessible to users other than their owner");
}

const MAX_WARNINGS = 10;
