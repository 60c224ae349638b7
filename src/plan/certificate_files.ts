/** Reads the files of certificates, with the keys in them or named for them, thousands if need be. */

import type { ClientSettings, PemFileSetting } from "../config/settings.ts";
import type { Files } from "../runtime/runtime.ts";
import { readCertificate, withKey } from "../x509/certificate_file.ts";
import { StatedKeys } from "../x509/stated_keys.ts";
import { ClientRulesReader } from "./client_rules.ts";
import type { HeldContent } from "./held_content.ts";
import { recall, remember } from "./known_certificates.ts";
import { mapBounded } from "./map_bounded.ts";
import type { PlannedCertificate, PlannedFile } from "./planned_certificate.ts";
import { loadPrivateKey, READ_AT_ONCE } from "./private_keys.ts";
import type { Quarantine } from "./quarantine.ts";

/** What files are read with. */
export interface CertificateFilesOptions {
  /** The rules for clients that every certificate has unless its own setting says otherwise. */
  readonly clients: ClientSettings;
  readonly files: Files;
  readonly held: HeldContent | undefined;
  /** Where bad files go. */
  readonly quarantine: Quarantine;
  /** What is served at present. */
  readonly former?: readonly PlannedCertificate[] | undefined;
  /** Collects garbage and returns memory to the system. */
  readonly compactMemory?: (() => Promise<void>) | undefined;
}

/**
 * The certificate of each file, undefined for those that went into quarantine; the results have the indexes of the
 * files. Rejects with `StartupError`.
 */
export async function readFiles(
  wanted: readonly PemFileSetting[],
  options: CertificateFilesOptions,
): Promise<(PlannedCertificate | PlannedFile | undefined)[]> {
  const reader = new CertificateFiles(options);
  const results: (PlannedCertificate | PlannedFile | undefined)[] = [];
  let uncollected = wanted.length;
  for (let at = 0; at < wanted.length; at += TOGETHER) {
    if (uncollected >= BEFORE_COLLECTION) {
      await options.compactMemory?.();
      uncollected = 0;
    }
    results.push(...await reader.read(wanted.slice(at, at + TOGETHER)));
    uncollected += TOGETHER;
  }
  return results;
}

class CertificateFiles {
  readonly #options: CertificateFilesOptions;
  readonly #former: ReadonlyMap<string, PlannedCertificate>;
  readonly #rules: ClientRulesReader;
  /** Certificates of chains that have been checked. */
  readonly #known = new Set<string>();

  constructor(options: CertificateFilesOptions) {
    this.#options = options;
    this.#former = new Map((options.former ?? []).map((one) => [one.source, one]));
    this.#rules = new ClientRulesReader(options.files, options.held);
  }

  /** If any of the keys is not what it states, all are read again, so that the platform says which one, and why. */
  async read(
    wanted: readonly PemFileSetting[],
  ): Promise<(PlannedCertificate | PlannedFile | undefined)[]> {
    const stated = wanted.length < MANY ? undefined : new StatedKeys();
    const read = (keys?: StatedKeys) =>
      mapBounded(wanted, READ_AT_ONCE, (setting) => {
        const { quarantine } = this.#options;
        return quarantine.attempt(setting.certificate, () => this.#read(setting, keys));
      });
    if (stated === undefined) return await read();
    let results: (PlannedCertificate | PlannedFile | undefined)[];
    try {
      results = await read(stated);
    } catch (error) {
      // An earlier file may be at fault too, and the first one is to be named.
      if (stated.areRight()) throw error;
      return await read();
    }
    return stated.areRight() ? results : await read();
  }

  async #read(
    setting: PemFileSetting,
    stated: StatedKeys | undefined,
  ): Promise<PlannedCertificate | PlannedFile> {
    const { files, clients } = this.#options;
    const { certificate: path } = setting;
    const text = await files.readText(path);
    const hasMore = Object.keys(setting).some((name) =>
      !["certificate", "ocspResponse", "ocspVerifyStaple"].includes(name)
    );
    const same = hasMore ? undefined : recall(text, this.#former.get(path));
    if (same !== undefined) return same;
    const plain = readCertificate(text, path, { known: this.#known, stated });
    const own = setting.clients && { ...clients, ...setting.clients };
    const file = own === undefined
      ? plain
      : { ...plain, clientRules: await this.#rules.read(own, path) };
    const key = setting.privateKey === undefined
      ? file.ownKey
      : await loadPrivateKey(setting.privateKey, files);
    if (key === undefined) return file;
    const complete = withKey(file, key);
    if (!hasMore) remember(text, complete);
    return complete;
  }
}

/** Files that are read, and whose keys are verified, together: enough to verify cheaply, few enough to hold. */
const TOGETHER = 500;
/**
 * V8 would let the garbage of ten thousand files grow to a hundred MB before it collects any, although what is kept of
 * them is a tenth of that. A collection takes some tens of milliseconds.
 */
export const BEFORE_COLLECTION = 2_000;
/** For fewer files, verifying their keys together is not worth while. */
const MANY = 50;
