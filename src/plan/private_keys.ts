/** Finds, among the files of `--private-key`, the keys of certificates that have none in their own files. */

import { StartupError } from "../errors.ts";
import type { Files } from "../runtime/runtime.ts";
import { withKey } from "../x509/certificate_file.ts";
import { atLine } from "../x509/key_mismatch.ts";
import { keyBelongs, type PrivateKey, readPrivateKey } from "../x509/private_key.ts";
import { isKeyUri } from "../wire/key_uri.ts";
import { mapBounded } from "./map_bounded.ts";
import type { PlannedCertificate, PlannedFile } from "./planned_certificate.ts";

/** Reads a key from a file, or takes a `pkcs11:` URI. Rejects with {@linkcode StartupError}. */
export async function loadPrivateKey(
  pathOrUri: string,
  files: Pick<Files, "readText">,
): Promise<PrivateKey> {
  const text = isKeyUri(pathOrUri) ? pathOrUri : await files.readText(pathOrUri);
  return readPrivateKey(text, pathOrUri);
}

/**
 * Gives every certificate without a key the one that belongs to it; a URI goes to the only one that is still without.
 * Rejects with {@linkcode StartupError} for a key that belongs to none of them, unless `spare` collects such keys.
 * Certificates that stay without a key are reported to `onFault`, which may throw the error, and become undefined.
 */
export async function giveKeys(
  certificates: readonly (PlannedCertificate | PlannedFile)[],
  pathsAndUris: readonly string[],
  files: Pick<Files, "readText">,
  onFault: (certificate: PlannedFile, error: unknown) => void = (_, error) => {
    throw error;
  },
  spare?: SpareKeys,
): Promise<(PlannedCertificate | undefined)[]> {
  const keys = await mapBounded(pathsAndUris, READ_AT_ONCE, (path) => loadPrivateKey(path, files));
  const withoutKey = new CertificateWithoutKey(certificates.filter(isWithoutKey));
  const isKnown = ({ algorithm }: PrivateKey) => algorithm !== undefined;
  // A key about which nothing is known goes to what the others have left.
  for (const key of [...keys.filter(isKnown), ...keys.filter((key) => !isKnown(key))]) {
    const fault = isKnown(key) ? withoutKey.match(key) : withoutKey.giveLast(key);
    if (fault === undefined) continue;
    if (spare === undefined) throw fault;
    spare.set(key.source, fault);
  }
  return certificates.map((one) => {
    if (!isWithoutKey(one)) return one;
    try {
      return withKey(one, withoutKey.given.get(one));
    } catch (error) {
      onFault(one, error);
    }
  });
}

/**
 * The same if some are bad: gives each certificate the key that is certainly its own, and undefined for one that stays
 * without. A key that cannot be read is given to no certificate.
 */
export async function giveGoodKeys(
  certificates: readonly (PlannedCertificate | PlannedFile)[],
  pathsAndUris: readonly string[],
  files: Pick<Files, "readText">,
): Promise<(PlannedCertificate | undefined)[]> {
  const readable = (path: string) => loadPrivateKey(path, files).catch(() => undefined);
  const keys = await mapBounded(pathsAndUris, READ_AT_ONCE, readable);
  const byPublicKey = new Map(keys.map((key) => [key?.publicKey?.join(), key]));
  return certificates.map((one) => {
    if (!isWithoutKey(one)) return one;
    const key = byPublicKey.get(one.publicKey.join());
    return key && withKey(one, key);
  });
}

/** By the source of each private key that belongs to none of the certificates: the error if no other ones need it. */
export type SpareKeys = Map<string, StartupError>;

/** Files being read at the same time. */
export const READ_AT_ONCE = 32;

/** Certificates without keys, and those that have been given one. */
class CertificateWithoutKey {
  readonly given = new Map<PlannedFile, PrivateKey>();
  readonly #certificates: readonly PlannedFile[];
  readonly #byPublicKey = new Map<string, PlannedFile[]>();

  constructor(certificates: readonly PlannedFile[]) {
    this.#certificates = certificates;
    for (const certificate of certificates) {
      const publicKey = certificate.publicKey.join();
      const others = this.#byPublicKey.get(publicKey) ?? [];
      this.#byPublicKey.set(publicKey, [...others, certificate]);
    }
  }

  /** Gives a key to all the certificates it belongs to. Returns an error if there are none. */
  match(key: PrivateKey): StartupError | undefined {
    const certificates = this.#byPublicKey.get(key.publicKey?.join() ?? "") ??
      this.#certificates.filter(({ publicKey }) => keyBelongs(key, publicKey));
    if (certificates.length > 0) {
      for (const certificate of certificates) this.given.set(certificate, key);
      return undefined;
    }
    const possible = this.#left().filter(({ publicKey }) =>
      keyBelongs(key, publicKey) === undefined
    );
    const [only, second] = possible;
    if (only === undefined) {
      return new StartupError(
        `${key.source}: the private key${atLine(key)} belongs to no certificate that ` +
          "lacks a key; remove it, or give its certificate",
      );
    }
    if (second !== undefined) {
      throw new StartupError(
        `${key.source}: stud cannot compare keys of this kind, and it may belong to ${only.source} or ` +
          `${second.source}; append it to its certificate, or give both in one pem-file block`,
      );
    }
    this.given.set(only, key);
    return undefined;
  }

  /** Gives a key about which nothing is known to the only certificate that has none yet, or returns an error. */
  giveLast(key: PrivateKey): StartupError | undefined {
    const [only, second] = this.#left();
    if (only === undefined) {
      return new StartupError(
        `${key.source}: every certificate already has a private key; remove it, or give its certificate`,
      );
    }
    if (second !== undefined) {
      throw new StartupError(
        `${key.source}: cannot tell whether it belongs to ${only.source} or ${second.source}; give the ` +
          "certificate and its key in one pem-file block",
      );
    }
    this.given.set(only, key);
    return undefined;
  }

  #left(): PlannedFile[] {
    return this.#certificates.filter((certificate) => !this.given.has(certificate));
  }
}

/** Whether its key has not been found yet. */
export function isWithoutKey(one: PlannedCertificate | PlannedFile): one is PlannedFile {
  return !("privateKey" in one);
}
