/**
 * Loads the certificates that the settings name, with their keys, OCSP responses and rules for clients, and
 * says what an operator should know of them. Every fault is one line that names the file and the cause.
 */

import { optionNamed } from "../config/options.ts";
import type { PemFileSetting, Settings } from "../config/settings.ts";
import { StartupError } from "../errors.ts";
import type { Files, Runtime } from "../runtime/runtime.ts";
import {
  type CertificateFile,
  checkCertificate,
  type CheckedCertificate,
  dateWarning,
  readCertificate,
  withKey,
} from "../tls/certificate.ts";
import { CertificateIndex } from "../tls/certificate_index.ts";
import { makeSelfSigned } from "../tls/self_signed.ts";
import { ClientRulesReader } from "./client_rules.ts";
import { globMatcher } from "./glob.ts";
import { mapBounded } from "./map_bounded.ts";
import { addNamedResponse, addStoredResponse, StoredResponses } from "./ocsp_responses.ts";
import type { WithResponse } from "./ocsp_responses.ts";
import { giveKeys, loadPrivateKey, READ_AT_ONCE } from "./private_keys.ts";

/** What is served, and what is to be said about it. */
export interface LoadedCertificates {
  /** In the order listed: files first, then those of the directory by name. */
  readonly certificates: readonly CheckedCertificate[];
  /** The place of the default certificate: the last file, or without files the first of the directory. */
  readonly defaultCertificate: number;
  /** Lines the operator should read; none of them stops the start. */
  readonly warnings: readonly string[];
}

/** What of the platform is needed. */
type FilesAndClock = Pick<Runtime, "files" | "clock">;

/** Reads or makes the certificates that the settings ask for. Rejects with {@linkcode StartupError}. */
export async function loadCertificates(
  settings: Settings,
  runtime: FilesAndClock,
): Promise<LoadedCertificates> {
  if (settings.selfSigned !== undefined) return await selfSigned(settings.selfSigned, runtime);
  const wanted = [...settings.pemFiles, ...await filesOfDirectory(settings, runtime.files)];
  const read = await readFiles(wanted, settings, runtime.files);
  const complete = await giveKeys(read, settings.privateKeys, runtime.files);
  const defaultCertificate = Math.max(0, settings.pemFiles.length - 1);
  const stapled = await addResponses(complete, wanted, settings, runtime);
  return {
    certificates: stapled.certificates,
    defaultCertificate,
    warnings: [
      ...dateWarnings(complete, runtime.clock.date()),
      ...unreachableWarnings(complete, defaultCertificate),
      ...stapled.warnings,
    ],
  };
}

async function selfSigned(name: string, runtime: FilesAndClock): Promise<LoadedCertificates> {
  const pem = await makeSelfSigned(name, runtime.clock.date());
  return {
    certificates: [checkCertificate(pem, "--self-signed")],
    defaultCertificate: 0,
    warnings: [
      `--self-signed: a certificate for ${name} was made in memory; no client trusts it, so it is for ` +
      "trying out only",
    ],
  };
}

async function filesOfDirectory(
  { pemDir, pemDirGlob }: Settings,
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
        ? `${pemDir}: no files in the directory of PEM files`
        : `${pemDir}: none of the ${visible.length} files matches ${pemDirGlob}`,
    );
  }
  const start = pemDir.endsWith("/") ? pemDir : `${pemDir}/`;
  return names.sort().map((name) => ({ certificate: `${start}${name}` }));
}

function readFiles(
  wanted: readonly PemFileSetting[],
  settings: Settings,
  files: Files,
): Promise<(CheckedCertificate | CertificateFile)[]> {
  const known = new Set<string>();
  const rules = new ClientRulesReader(files);
  return mapBounded(wanted, READ_AT_ONCE, async (setting) => {
    const { certificate: path, clientVerify, clientVerifyCa } = setting;
    const plain = readCertificate(await files.readText(path), path, known);
    const file = clientVerify === undefined && clientVerifyCa === undefined ? plain : {
      ...plain,
      clientRules: await rules.read(
        clientVerify ?? settings.clientVerify,
        clientVerifyCa ?? settings.clientVerifyCa,
        path,
      ),
    };
    const key = setting.privateKey === undefined
      ? file.ownKey
      : await loadPrivateKey(setting.privateKey, files);
    return key === undefined ? file : withKey(file, key);
  });
}

async function addResponses(
  certificates: readonly CheckedCertificate[],
  wanted: readonly PemFileSetting[],
  settings: Settings,
  runtime: FilesAndClock,
): Promise<Pick<LoadedCertificates, "certificates" | "warnings">> {
  const found = await storedResponses(settings, runtime.files);
  const reader = { files: runtime.files, clock: runtime.clock, verify: settings.ocspVerifyStaple };
  const results = await mapBounded(
    certificates,
    READ_AT_ONCE,
    (certificate, index): Promise<WithResponse> => {
      const named = wanted[index]!.ocspResponse;
      if (named !== undefined) return addNamedResponse(certificate, named, reader);
      const path = found.stored.pathFor(certificate.source);
      if (path !== undefined) return addStoredResponse(certificate, path, reader);
      return Promise.resolve({ certificate, warning: undefined });
    },
  );
  const warnings = [found.warning, ...results.map(({ warning }) => warning)];
  return {
    certificates: results.map(({ certificate }) => certificate),
    warnings: warnings.filter((warning) => warning !== undefined),
  };
}

/** What the directory of stored responses holds; none may be wanted, and rustls can staple none of it. */
async function storedResponses(
  { ocspDir, tlsLibrary }: Settings,
  files: Files,
): Promise<{ stored: StoredResponses; warning?: string }> {
  const nothing = new StoredResponses(ocspDir, []);
  if (tlsLibrary.name === "rustls" || ocspDir === "") return { stored: nothing };
  try {
    const names = await files.list(ocspDir);
    if (names !== undefined) return { stored: new StoredResponses(ocspDir, names) };
    // Not every machine has hitch's directory.
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

function dateWarnings(certificates: readonly CheckedCertificate[], today: Date): string[] {
  const warnings = certificates.map((certificate) => dateWarning(certificate, today))
    .filter((warning) => warning !== undefined);
  return summary(warnings, "certificates have expired, expire soon or are not valid yet");
}

function unreachableWarnings(
  certificates: readonly CheckedCertificate[],
  defaultCertificate: number,
): string[] {
  const index = new CertificateIndex(certificates, defaultCertificate);
  const reachable = index.reachable();
  const warnings = certificates.filter((_, place) => !reachable.has(place)).map((certificate) => {
    const { keyType, names: [name], source } = certificate;
    const start = `${source}: the certificate is never served`;
    if (name === undefined) return `${start}: it has no DNS name and is not the default`;
    const other = certificates.find((one) => one.keyType === keyType && one.names.includes(name));
    return `${start}: ${other?.source} comes before it and is for ${name} too`;
  });
  return summary(warnings, "certificates are never served");
}

/** Some warnings as they are, many as one. */
function summary(warnings: string[], whatTheyAre: string): string[] {
  if (warnings.length <= MOST_WARNINGS) return warnings;
  return [`${warnings.length} ${whatTheyAre}; the first: ${warnings[0]}`];
}

const MOST_WARNINGS = 10;
