/** Reads the files of certificates, with the keys in them or named for them, thousands if need be. */

import type { ClientSettings, PemFileSetting } from "../config/settings.ts";
import type { Clock, Files } from "../runtime/runtime.ts";
import { readCertificate, withKey } from "../x509/certificate_file.ts";
import { StatedKeys } from "../x509/stated_keys.ts";
import { ClientRulesReader } from "./client_rules.ts";
import type { HeldContent } from "./held_content.ts";
import { digestOf, recall, remember } from "./known_certificates.ts";
import { mapBounded } from "./map_bounded.ts";
import type { PlannedCertificate, PlannedFile } from "./planned_certificate.ts";
import { loadPrivateKey, READ_AT_ONCE } from "./private_keys.ts";
import type { Quarantine } from "./quarantine.ts";
import { QuickFiles } from "./quick_files.ts";

/** What files are read with. */
export interface CertificateFilesOptions {
  /** The rules for clients that every certificate has unless its own setting says otherwise. */
  readonly clients: ClientSettings;
  readonly files: Files;
  readonly clock: Pick<Clock, "now" | "turn">;
  readonly held: HeldContent | undefined;
  /** Where bad files go, and what is served at present. */
  readonly quarantine: Quarantine;
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
  const reader = new CertificateFiles(options, wanted.length < MANY);
  const results: (PlannedCertificate | PlannedFile | undefined)[] = [];
  // At the start there is garbage of the start, in a reload that of the last one has been collected.
  let collectAt = !options.quarantine.isReload && wanted.length >= BEFORE_COLLECTION
    ? 0
    : BEFORE_COLLECTION;
  for (let at = 0; at < wanted.length; at += TOGETHER) {
    if (reader.parsed >= collectAt) {
      await options.compactMemory?.();
      collectAt = reader.parsed + BEFORE_COLLECTION;
    }
    results.push(...await reader.read(wanted.slice(at, at + TOGETHER)));
  }
  // They are written to the workers next, which makes some garbage too.
  if (reader.parsed >= BEFORE_COLLECTION) await options.compactMemory?.();
  return results;
}

class CertificateFiles {
  /** How many files were not known before. */
  parsed = 0;
  readonly #options: CertificateFilesOptions;
  readonly #quick: QuickFiles | undefined;
  readonly #rules: ClientRulesReader;
  /** Certificates of chains that have been checked. */
  readonly #known = new Set<string>();

  constructor(options: CertificateFilesOptions, areFew: boolean) {
    this.#options = options;
    this.#quick = areFew ? undefined : new QuickFiles(options);
    this.#rules = new ClientRulesReader(options.files, options.held);
  }

  /** If any of the keys is not what it states, all are read again, so that the platform says which one, and why. */
  async read(
    wanted: readonly PemFileSetting[],
  ): Promise<(PlannedCertificate | PlannedFile | undefined)[]> {
    try {
      const known = await this.#recall(wanted);
      const unknown = wanted.filter((_, at) => known[at] === undefined);
      const read = unknown.length === 0 ? [] : await this.#readTogether(unknown);
      let next = 0;
      return known.map((one) => one ?? read[next++]);
    } finally {
      this.#quick?.wipe();
    }
  }

  /** Those of which the files are as before. Of ten thousand files, nearly all are. */
  async #recall(wanted: readonly PemFileSetting[]): Promise<(PlannedCertificate | undefined)[]> {
    const { quarantine } = this.#options;
    const known: (PlannedCertificate | undefined)[] = wanted.map(() => undefined);
    if (this.#quick === undefined || !quarantine.isReload) return known;
    for (const [at, setting] of wanted.entries()) {
      const former = hasMore(setting) ? undefined : quarantine.last(setting.certificate);
      if (former === undefined) continue;
      const turn = this.#quick.turn(setting.certificate);
      if (turn !== undefined) await turn;
      const bytes = this.#quick.read(setting.certificate);
      if (bytes !== undefined) known[at] = recall(digestOf(bytes), former);
    }
    return known;
  }

  async #readTogether(
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
    const { clients, files, quarantine } = this.#options;
    const { certificate: path } = setting;
    for (let turn; (turn = this.#quick?.turn(path)) !== undefined;) await turn;
    // Until the next `await`, the bytes stay.
    const content = this.#quick?.read(path) ?? await files.readText(path);
    const digest = hasMore(setting) ? undefined : digestOf(content);
    const same = digest === undefined ? undefined : recall(digest, quarantine.last(path));
    if (same !== undefined) return same;
    this.parsed++;
    const text = typeof content === "string" ? content : decoder.decode(content);
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
    if (digest !== undefined) remember(digest, complete);
    return complete;
  }
}

/** Whether other files make a difference to the certificate. */
function hasMore(setting: PemFileSetting): boolean {
  return Object.keys(setting).some((name) =>
    !["certificate", "ocspResponse", "ocspVerifyStaple"].includes(name)
  );
}

const decoder = new TextDecoder();
/** Files that are read, and whose keys are verified, together: enough to verify cheaply, few enough to hold. */
const TOGETHER = 500;
/**
 * V8 would let the garbage of ten thousand files grow to a hundred MB before it collects any, although what is kept of
 * them is a tenth of that. A collection takes a tenth of a second.
 */
export const BEFORE_COLLECTION = 3_000;
/** For fewer files, verifying their keys together is not worth while. */
const MANY = 50;
